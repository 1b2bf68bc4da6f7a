// What the loop room costs: a hop between loops, a timer, a buffer, a counter. Goals: a batched hop
// about 45 ns a message, a counter about 1 ns.
#include <benchmark/benchmark.h>

#include <atomic>
#include <thread>
#include <vector>

#include "loop/buffer_pool.h"
#include "loop/counters.h"
#include "loop/loop_set.h"
#include "loop/timer_wheel.h"

namespace sara::loop {
namespace {

// A producer loop keeps `window` messages under way to a consumer loop, which acknowledges them in
// tens.
struct Stream {
    LoopSet* loops;
    uint64_t messages;
    uint64_t credit;
    bool buffers;
    uint64_t sent = 0;
    uint64_t consumed = 0;
    std::atomic<bool> done{false};

    static void start(void* self, uint64_t, uint64_t) noexcept {
        static_cast<Stream*>(self)->send();
    }
    void send() {
        for (; credit != 0 && sent < messages; --credit, ++sent) {
            Buffer* const b = buffers ? newBuffer(200) : nullptr;
            const Post p{&Stream::consume, this, reinterpret_cast<uint64_t>(b), 0};
            if (!loops->at(1).post(p, PostClass::kRequest)) std::abort();
        }
    }
    static void consume(void* self, uint64_t buffer, uint64_t) noexcept {
        auto* const s = static_cast<Stream*>(self);
        unrefBuffer(reinterpret_cast<Buffer*>(buffer));
        if (++s->consumed % 16 == 0 &&
            !s->loops->at(0).post({&Stream::acknowledge, s, 16, 0}, PostClass::kReply)) {
            std::abort();
        }
        if (s->consumed == s->messages) {
            s->done = true;
            s->done.notify_one();
        }
    }
    static void acknowledge(void* self, uint64_t n, uint64_t) noexcept {
        auto* const s = static_cast<Stream*>(self);
        s->credit += n;
        s->send();
    }
};

// Arguments: messages under way, with a buffer each.
void hopBetweenLoops(benchmark::State& state) {
    SystemClock clock;
    LoopSet loops(2, clock, {});
    loops.start();
    constexpr uint64_t kMessages = 200'000;
    for (auto _ : state) {
        Stream stream{&loops, kMessages, static_cast<uint64_t>(state.range(0)),
                      state.range(1) != 0};
        if (!loops.at(0).post({&Stream::start, &stream, 0, 0}, PostClass::kReply)) std::abort();
        stream.done.wait(false);
        // The last acknowledgements still refer to the stream.
        loops.runOnEach([](void*, uint32_t) {}, nullptr);
        loops.runOnEach([](void*, uint32_t) {}, nullptr);
    }
    state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kMessages));
}
BENCHMARK(hopBetweenLoops)
    ->Args({64, 0})
    ->Args({1024, 0})
    ->Args({8192, 0})
    ->Args({8192, 1})
    ->UseRealTime();

// The same with both loops on one thread: what the mailbox itself costs, without cache misses and
// wake-ups.
void hopOnOneThread(benchmark::State& state) {
    ManualClock clock;
    EventLoop from(0, clock, {});
    EventLoop to(1, clock, {});
    const auto batch = static_cast<uint64_t>(state.range(0));
    struct Batch {
        EventLoop* to;
        uint64_t count;
        uint64_t ran;
    } b{&to, batch, 0};
    for (auto _ : state) {
        from.enter(
            [](void* user, uint32_t) {
                auto* const x = static_cast<Batch*>(user);
                const Post p{[](void* self, uint64_t, uint64_t) noexcept {
                                 ++*static_cast<uint64_t*>(self);
                             },
                             &x->ran, 0, 0};
                for (uint64_t i = 0; i < x->count; ++i) {
                    if (!x->to->post(p, PostClass::kRequest)) std::abort();
                }
            },
            &b);
        to.turn(0);
    }
    state.SetItemsProcessed(static_cast<int64_t>(b.ran));
}
BENCHMARK(hopOnOneThread)->Arg(1)->Arg(16)->Arg(256)->Arg(4096);

void timerStartAndCancel(benchmark::State& state) {
    TimerWheel wheel(0, 2'000'000);
    const auto nothing = [](void*) noexcept {};
    for (int64_t i = 0; i < state.range(0); ++i) {
        wheel.start(0, 1000 + static_cast<uint64_t>(i) % 100'000, 0, nothing, nullptr);
    }
    uint64_t n = 0;
    for (auto _ : state) {
        wheel.cancel(wheel.start(0, ++n % 100'000, 0, nothing, nullptr));
    }
}
BENCHMARK(timerStartAndCancel)->Arg(0)->Arg(1'000'000);

void timerStartAndFire(benchmark::State& state) {
    constexpr uint64_t kTimers = 100'000;
    const auto nothing = [](void*) noexcept {};
    for (auto _ : state) {
        TimerWheel wheel(0, kTimers);
        for (uint64_t i = 0; i < kTimers; ++i) wheel.start(0, i % 10'000, 0, nothing, nullptr);
        for (uint64_t now_ms = 0; wheel.size() != 0; now_ms += 4) wheel.advance(now_ms);
    }
    state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kTimers));
}
BENCHMARK(timerStartAndFire);

void bufferNewAndUnref(benchmark::State& state) {
    for (auto _ : state) {
        Buffer* const b = newBuffer(static_cast<uint64_t>(state.range(0)));
        benchmark::DoNotOptimize(b);
        unrefBuffer(b);
    }
}
BENCHMARK(bufferNewAndUnref)->Arg(200)->Arg(4000);

void counterAdd(benchmark::State& state) {
    const Counter c = Counters::instance().define(CounterKind::kCounter, "bench_total", "");
    for (auto _ : state) {
        c.add();
        benchmark::ClobberMemory();
    }
}
BENCHMARK(counterAdd)->Threads(1)->Threads(2);

void emptyTurn(benchmark::State& state) {
    SystemClock clock;
    EventLoop loop(0, clock, {});
    for (auto _ : state) loop.turn(0);
}
BENCHMARK(emptyTurn);

}  // namespace
}  // namespace sara::loop
