#include "loop/event_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <chrono>
#include <climits>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "loop/buffer_pool.h"
#include "loop/counters.h"
#include "loop/mailbox.h"
#include "loop/timer_wheel.h"
#include "loop/watch_set.h"

namespace sara::loop {
namespace {

constinit thread_local EventLoop* t_current = nullptr;

constexpr uint64_t kWakeId = 0;  // no watch has it
constexpr uint64_t kNoLimitMs = UINT64_MAX;
constexpr uint32_t kDrainTurnsMax = 10'000;   // docs/limits.md: drain_turns_max
constexpr uint32_t kSettleTriesMax = 10'000;  // milliseconds for other loops to end their turn

// current() is right inside, also when a test turns one loop from within another.
class Bind {
  public:
    explicit Bind(EventLoop* loop) : before_(std::exchange(t_current, loop)) {}
    ~Bind() { t_current = before_; }
    Bind(const Bind&) = delete;
    Bind& operator=(const Bind&) = delete;

  private:
    EventLoop* const before_;
};

class Descriptor {
  public:
    Descriptor(int fd, const char* what) : fd_(fd) {
        if (fd < 0) throw std::system_error(errno, std::generic_category(), what);
    }
    ~Descriptor() { close(fd_); }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int get() const { return fd_; }

  private:
    const int fd_;
};

}  // namespace

struct EventLoop::Impl {
    struct TurnEnd {
        Fn fn;
        void* user;
    };

    Impl(EventLoop& owner, const Clock& c, const Limits& l)
        : loop(owner),
          clock(c),
          limits(l),
          epoll(epoll_create1(EPOLL_CLOEXEC), "epoll_create1"),
          wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd"),
          mailbox(l.mailbox_max, wake.get()),
          watches(epoll.get()),
          wheel(c.monotonicMs(), l.timers_max),
          mailbox_full(counter("loop_mailbox_full_total", "posts refused: mailbox_max")),
          timers_full(counter("loop_timers_full_total", "timers refused: timers_max")) {
        assert(limits.events_per_turn > 0 && limits.posts_per_turn > 0);
        events.resize(limits.events_per_turn);
        epoll_event e{};
        e.events = EPOLLIN | EPOLLET;  // edge: nobody has to read it empty
        e.data.u64 = kWakeId;
        if (epoll_ctl(epoll.get(), EPOLL_CTL_ADD, wake.get(), &e) != 0) {
            throw std::system_error(errno, std::generic_category(), "epoll_ctl");
        }
    }

    static Counter counter(const char* name, const char* help) {
        return Counters::instance().define(CounterKind::kCounter, name, help);
    }

    void readClock() {
        loop.now_ms_ = clock.monotonicMs();
        loop.wall_ms_ = clock.wallMs();
    }
    bool havePosts() const { return !local.empty() || next != batch.size() || mailbox.filled(); }
    // Turn ends wait only when they were asked for outside of a turn.
    bool mayBlock() const { return turn_ends.empty() && !havePosts(); }
    uint32_t wait(uint64_t wait_ms);
    int timeout(uint64_t wait_ms) const;
    void runPosts();
    void runLocal();
    void endTurn();
    void flushOutboxes();
    Outbox& outboxTo(const EventLoop& target);
    Mailbox::Admission postHere(const Post& p, PostClass c);
    void drain();

    EventLoop& loop;
    const Clock& clock;
    const Limits limits;
    const Descriptor epoll;
    const Descriptor wake;
    Mailbox mailbox;
    WatchSet watches;
    TimerWheel wheel;
    const Counter mailbox_full;
    const Counter timers_full;
    std::atomic<bool> stop_requested{false};

    std::vector<epoll_event> events;
    std::vector<Post> batch;  // taken from the mailbox
    size_t next = 0;          // of batch: the first that has not run
    std::vector<Post> local;  // posts of this loop to itself, for the next turn
    std::vector<Post> local_running;
    std::vector<std::unique_ptr<Outbox>>
        outboxes;  // at the index of the target, as far as that is unique
    std::vector<TurnEnd> turn_ends;
};

int EventLoop::Impl::timeout(uint64_t wait_ms) const {
    uint64_t ms = wait_ms;
    if (const uint64_t due_ms = wheel.nextMs(); due_ms != TimerWheel::kNever) {
        const uint64_t now_ms = clock.monotonicMs();
        ms = std::min(ms, due_ms > now_ms ? due_ms - now_ms : 0);
    }
    return ms == kNoLimitMs ? -1 : static_cast<int>(std::min<uint64_t>(ms, INT_MAX));
}

uint32_t EventLoop::Impl::wait(uint64_t wait_ms) {
    int timeout_ms = 0;
    bool prepared = false;
    if (wait_ms != 0 && mayBlock()) {
        timeout_ms = timeout(wait_ms);
        prepared = timeout_ms != 0;
        if (prepared && !mailbox.prepareSleep()) timeout_ms = 0;
    }
    const int n =
        epoll_wait(epoll.get(), events.data(), static_cast<int>(events.size()), timeout_ms);
    // Also after a sleep that a descriptor ended: posters must not write to the eventfd any more.
    if (next == batch.size() && (prepared || mailbox.filled())) {
        batch.clear();
        next = 0;
        mailbox.take(batch);
    }
    assert(n >= 0 || errno == EINTR);
    return n < 0 ? 0 : static_cast<uint32_t>(n);
}

void EventLoop::Impl::runLocal() {
    local_running.swap(local);
    for (const Post& p : local_running) p.run(p.self, p.a, p.b);
    local_running.clear();
}

void EventLoop::Impl::runPosts() {
    const size_t end = std::min(batch.size(), next + limits.posts_per_turn);
    const size_t begin = next;
    // Before they run: whoever is run may post into the room that it leaves.
    next = end;
    if (begin != end) mailbox.finished(end - begin);
    runLocal();
    for (size_t i = begin; i < end; ++i) {
        const Post p = batch[i];
        p.run(p.self, p.a, p.b);
    }
}

void EventLoop::Impl::endTurn() {
    for (size_t i = 0; i < turn_ends.size(); ++i) {
        const TurnEnd t = turn_ends[i];
        t.fn(t.user);
    }
    turn_ends.clear();
    returnForeignBuffers();
    flushOutboxes();
}

void EventLoop::Impl::flushOutboxes() {
    for (const auto& box : outboxes) {
        if (box) box->flush();
    }
}

Outbox& EventLoop::Impl::outboxTo(const EventLoop& target) {
    Mailbox& to = target.impl_->mailbox;
    size_t i = target.index_;
    if (i >= outboxes.size()) outboxes.resize(i + 1);
    // Two sets of loops in one process share indexes: the second one is appended.
    while (i < outboxes.size() && outboxes[i] && &outboxes[i]->target() != &to) {
        i = std::max<size_t>(i + 1, 64);
    }
    if (i >= outboxes.size()) outboxes.resize(i + 1);
    if (!outboxes[i]) outboxes[i] = std::make_unique<Outbox>(to);
    return *outboxes[i];
}

Mailbox::Admission EventLoop::Impl::postHere(const Post& p, PostClass c) {
    if (mailbox.closed()) return Mailbox::Admission::kClosed;
    if (c == PostClass::kRequest && local.size() + mailbox.waiting() >= limits.mailbox_max) {
        return Mailbox::Admission::kFull;
    }
    local.push_back(p);
    return Mailbox::Admission::kAdmitted;
}

void EventLoop::Impl::drain() {
    const auto turn = [this] {
        if (next == batch.size()) {
            batch.clear();
            next = 0;
            mailbox.take(batch);
        }
        readClock();
        runPosts();
        endTurn();
        loop.turns_.fetch_add(1, std::memory_order_relaxed);
    };
    turn();
    for (uint32_t i = 0; i < kDrainTurnsMax && havePosts(); ++i) turn();
    mailbox.close();
    // Another loop has admitted posts into its outbox: they are a promise, and its turn is about to
    // end.
    for (uint32_t i = 0; i < kSettleTriesMax && !mailbox.settled(); ++i) {
        turn();
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    do {
        turn();
    } while (havePosts());
}

EventLoop::EventLoop(uint32_t index, const Clock& clock, Limits limits)
    : impl_(std::make_unique<Impl>(*this, clock, limits)), index_(index) {
    impl_->readClock();
}

EventLoop::~EventLoop() { assert(t_current != this); }

EventLoop* EventLoop::current() { return t_current; }

void EventLoop::run() {
    const Bind bind(this);
    while (!impl_->stop_requested.load(std::memory_order_acquire)) turn(kNoLimitMs);
    impl_->drain();
}

void EventLoop::stop() {
    impl_->stop_requested.store(true, std::memory_order_release);
    impl_->mailbox.wake();
}

void EventLoop::turn(uint64_t wait_ms) {
    const Bind bind(this);
    Impl& d = *impl_;
    const uint32_t events = d.wait(wait_ms);
    d.readClock();
    d.runPosts();
    d.wheel.advance(now_ms_);
    for (uint32_t i = 0; i < events; ++i) {
        if (d.events[i].data.u64 != kWakeId) d.watches.dispatch(d.events[i]);
    }
    d.endTurn();
    turns_.store(turns_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

void EventLoop::enter(void (*fn)(void* user, uint32_t loop), void* user) {
    const Bind bind(this);
    impl_->readClock();
    fn(user, index_);
    returnForeignBuffers();
    impl_->flushOutboxes();
}

bool EventLoop::post(const Post& p, PostClass c) {
    Mailbox::Admission admission;
    if (t_current == this) {
        admission = impl_->postHere(p, c);
    } else if (t_current != nullptr) {
        admission = t_current->impl_->outboxTo(*this).add(p, c);
    } else {
        admission = impl_->mailbox.post(p, c);
    }
    if (admission == Mailbox::Admission::kFull) impl_->mailbox_full.add();
    return admission == Mailbox::Admission::kAdmitted;
}

TimerId EventLoop::startTimer(uint64_t delay_ms, uint64_t period_ms, Fn fn, void* user) {
    // Not now_ms_: a turn may be old by now, and a timer is never early.
    const TimerId id =
        impl_->wheel.start(impl_->clock.monotonicMs(), delay_ms, period_ms, fn, user);
    if (id == 0) impl_->timers_full.add();
    return id;
}

void EventLoop::cancelTimer(TimerId id) { impl_->wheel.cancel(id); }

WatchId EventLoop::watch(int fd, uint32_t events, IoFn fn, void* user) {
    return impl_->watches.add(fd, events, fn, user);
}

bool EventLoop::rewatch(WatchId id, uint32_t events) { return impl_->watches.change(id, events); }

void EventLoop::unwatch(WatchId id) { impl_->watches.remove(id); }

void EventLoop::atTurnEnd(Fn fn, void* user) { impl_->turn_ends.push_back({fn, user}); }

}  // namespace sara::loop
