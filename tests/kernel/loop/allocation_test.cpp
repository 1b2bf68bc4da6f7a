// Steady traffic allocates nothing: neither buffers nor anything else. Counts operator new of this
// program.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <new>
#include <thread>

#include "loop/buffer_pool.h"
#include "loop/loop_set.h"

namespace {
std::atomic<uint64_t> news{0};
}

[[gnu::noinline]] void* operator new(size_t n) {
    news.fetch_add(1, std::memory_order_relaxed);
    if (void* const p = std::malloc(n)) return p;
    throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, size_t) noexcept { std::free(p); }

namespace sara::loop {
namespace {

// A producer loop sends buffers to a consumer loop, at most kWindow at a time.
struct Stream {
    static constexpr uint64_t kWindow = 256;
    static constexpr uint64_t kWarmUp = 100'000;

    LoopSet* loops;
    uint64_t messages;  // after the warm-up
    uint64_t sent = 0;
    uint64_t credit = kWindow;
    uint64_t consumed = 0;
    uint64_t news_then = 0;
    uint64_t heap_then = 0;
    std::atomic<bool> done{false};

    static void prepare(void* user, uint32_t loop) {
        if (loop != 0) return;
        // All buffers that can be under way at once.
        std::array<Buffer*, 2 * kWindow> all{};
        for (Buffer*& b : all) b = newBuffer(200);
        for (Buffer* b : all) unrefBuffer(b);
        static_cast<Stream*>(user)->send();
    }
    void send() {
        for (; credit != 0 && sent < kWarmUp + messages; --credit, ++sent) {
            if (sent == kWarmUp) {
                news_then = news.load();
                heap_then = bufferHeapAllocations();
            }
            Buffer* const b = newBuffer(200);
            b->bytes()[0] = static_cast<uint8_t>(sent);
            const Post p{&Stream::consume, this, reinterpret_cast<uint64_t>(b), sent};
            ASSERT_TRUE(loops->at(1).post(p, PostClass::kRequest));
        }
    }
    static void consume(void* self, uint64_t buffer, uint64_t n) noexcept {
        auto* const s = static_cast<Stream*>(self);
        auto* const b = reinterpret_cast<Buffer*>(buffer);
        EXPECT_EQ(b->data[0], static_cast<uint8_t>(n));
        unrefBuffer(b);
        if (++s->consumed % 64 == 0) {
            EXPECT_TRUE(s->loops->at(0).post({&Stream::acknowledge, s, 64, 0}, PostClass::kReply));
        }
        if (s->consumed == kWarmUp + s->messages) {
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

TEST(SteadyState, AMillionBuffersBetweenTwoLoopsAllocateNothing) {
    SystemClock clock;
    LoopSet loops(2, clock, {});
    Stream stream{&loops, 1'000'000};
    loops.start();
    loops.runOnEach(&Stream::prepare, &stream);
    stream.done.wait(false);
    loops.stop();
    EXPECT_EQ(bufferHeapAllocations(), stream.heap_then);
    EXPECT_LE(news.load() - stream.news_then, 4U);  // a vector that had not seen its longest turn
}

TEST(SteadyState, TimersAndTurnEndsAllocateNothing) {
    ManualClock clock;
    EventLoop loop(0, clock, {});
    const auto nothing = [](void*) noexcept {};
    const auto round = [&] {
        for (int i = 0; i < 100; ++i) {
            const TimerId id = loop.startTimer(1000, 0, nothing, nullptr);
            loop.startTimer(10, 0, nothing, nullptr);
            loop.cancelTimer(id);
            loop.atTurnEnd(nothing, nullptr);
        }
        clock.advance(20);
        loop.turn(0);
    };
    round();
    const uint64_t before = news.load();
    for (int i = 0; i < 100; ++i) round();
    EXPECT_EQ(news.load(), before);
}

}  // namespace
}  // namespace sara::loop
