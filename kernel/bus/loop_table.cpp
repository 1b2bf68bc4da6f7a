// sara.loop/1: the loops as a plugin sees them. Every [loop] function needs the loop that it is
// called on, so each of them checks, in every build.
#include "bus/host_tables.h"
#include "bus/instance.h"

namespace sara::bus {
namespace {

uint64_t nowMs(const sara_host* h) noexcept {
    Instance& instance = Instance::of(h);
    const loop::EventLoop* loop = instance.currentLoop();
    return loop != nullptr ? loop->nowMs() : instance.core().options.clock.monotonicMs();
}

uint64_t wallMs(const sara_host* h) noexcept {
    Instance& instance = Instance::of(h);
    const loop::EventLoop* loop = instance.currentLoop();
    return loop != nullptr ? loop->wallMs() : instance.core().options.clock.wallMs();
}

sara_id timer(const sara_host* h, uint64_t delay_ms, uint64_t period_ms, sara_fn fn,
              void* user) noexcept {
    Instance& instance = Instance::of(h);
    loop::EventLoop* loop = instance.currentLoop();
    if (loop == nullptr || fn == nullptr) return 0;
    return instance.loops().timer(*loop, delay_ms, period_ms, fn, user);
}

void timerCancel(const sara_host* h, sara_id id) noexcept {
    Instance& instance = Instance::of(h);
    if (loop::EventLoop* loop = instance.currentLoop()) instance.loops().cancelTimer(*loop, id);
}

sara_id watch(const sara_host* h, int32_t fd, uint32_t events, sara_io_fn fn, void* user) noexcept {
    Instance& instance = Instance::of(h);
    loop::EventLoop* loop = instance.currentLoop();
    if (loop == nullptr || fn == nullptr || fd < 0) return 0;
    return instance.loops().watch(*loop, fd, events & (SARA_IO_READ | SARA_IO_WRITE), fn, user);
}

sara_status rewatch(const sara_host* h, sara_id id, uint32_t events) noexcept {
    Instance& instance = Instance::of(h);
    loop::EventLoop* loop = instance.currentLoop();
    if (loop == nullptr) return SARA_E_THREAD;
    return instance.loops().rewatch(*loop, id, events & (SARA_IO_READ | SARA_IO_WRITE));
}

void unwatch(const sara_host* h, sara_id id) noexcept {
    Instance& instance = Instance::of(h);
    if (loop::EventLoop* loop = instance.currentLoop()) instance.loops().unwatch(*loop, id);
}

void runFn(void* user, uint64_t fn, uint64_t) noexcept { reinterpret_cast<sara_fn>(fn)(user); }

void atTurnEnd(const sara_host* h, sara_fn fn, void* user) noexcept {
    Instance& instance = Instance::of(h);
    loop::EventLoop* loop = instance.currentLoop();
    if (loop == nullptr || fn == nullptr) return;
    if (instance.loops().atTurnEnd(*loop, fn, user)) return;
    // No memory to remember it by: late is better than never, what the turn produced must be
    // written out.
    (void)loop->post({&runFn, user, reinterpret_cast<uint64_t>(fn), 0}, loop::PostClass::kReply);
}

sara_status post(const sara_host* h, uint32_t loop, sara_fn fn, void* user) noexcept {
    BusCore& core = Instance::of(h).core();
    if (loop >= core.options.loops.size() || fn == nullptr) return SARA_E_INVALID;
    const loop::Post p{&runFn, user, reinterpret_cast<uint64_t>(fn), 0};
    if (core.options.loops.at(loop).post(p, loop::PostClass::kRequest)) return SARA_OK;
    return core.closed.load(std::memory_order_relaxed) ? SARA_E_CLOSED : SARA_E_AGAIN;
}

sara_status work(const sara_host* h, sara_fn fn, sara_fn done, void* user) noexcept {
    Instance& instance = Instance::of(h);
    if (instance.currentLoop() == nullptr) return SARA_E_THREAD;
    return instance.core().workers.submit(fn, done, user);
}

constexpr sara_loop kTable{
    sizeof(sara_loop), 0,        &nowMs,     &wallMs, &timer, &timerCancel, &watch,
    &rewatch,          &unwatch, &atTurnEnd, &post,   &work};

}  // namespace

const sara_loop* loopTable() { return &kTable; }

}  // namespace sara::bus
