// Timers, watches, posts, work, buffers, log and metrics of the C++ face.
#include <gtest/gtest.h>
#include <unistd.h>

#include <memory>
#include <sara/plugin.hpp>
#include <stdexcept>
#include <string>

#include "testkit/host/fake_host.h"

namespace {

using sara::Status;

class LoopFace : public ::testing::Test {
  protected:
    LoopFace() {
        face.attach(host.table());
        face.resolve();
    }
    // Runs f on loop 0.
    template <class F>
    void on(F f) {
        host.loop().run(f);
    }

    sara::testkit::FakeHost host;
    sara::Host face;
    sara::Loop loop{face};
};

TEST_F(LoopFace, ATimerThatIsDroppedNeverRuns) {
    int runs = 0;
    on([&] { sara::Timer gone = loop.after(5, [&] { ++runs; }); });
    host.advance(50);
    EXPECT_EQ(runs, 0);
    EXPECT_EQ(host.loop().timers(), 0u);
}

TEST_F(LoopFace, APeriodicTimerRunsUntilCancelled) {
    int runs = 0;
    sara::Timer timer;
    on([&] { timer = loop.every(10, [&] { ++runs; }); });
    host.advance(10);
    host.advance(10);
    EXPECT_EQ(runs, 2);
    on([&] { timer.cancel(); });
    host.advance(100);
    EXPECT_EQ(runs, 2);
}

// The usual retry: the callback replaces the very timer that runs it, and then uses what it
// captured.
TEST_F(LoopFace, ATimerMayReplaceItselfInsideItsCallback) {
    struct Retry {
        const sara::Loop& loop;
        sara::Timer timer{};
        std::string seen{};
        void arm(int n) {
            const auto text = std::make_shared<std::string>("try ");
            timer = loop.after(5, [this, n, text] {
                if (n < 3) arm(n + 1);
                seen += *text + std::to_string(n) + ";";
            });
        }
    } retry{loop};
    on([&] { retry.arm(1); });
    for (int i = 0; i < 5; ++i) host.advance(5);
    EXPECT_EQ(retry.seen, "try 1;try 2;try 3;");
}

TEST_F(LoopFace, AThrowInATimerIsLoggedAndTheTimerGoesOn) {
    sara::Timer timer;
    int runs = 0;
    on([&] {
        timer = loop.every(10, [&] {
            ++runs;
            throw std::runtime_error("tick broke");
        });
    });
    host.advance(10);
    host.advance(10);
    EXPECT_EQ(runs, 2);
    EXPECT_TRUE(host.logged("tick broke"));
}

TEST_F(LoopFace, AWatchReportsReadinessUntilItIsDropped) {
    int fds[2];
    ASSERT_EQ(pipe(fds), 0);
    uint32_t seen = 0;
    sara::Watch watch;
    on([&] { watch = loop.watch(fds[0], SARA_IO_READ, [&](uint32_t events) { seen |= events; }); });
    ASSERT_EQ(write(fds[1], "x", 1), 1);
    host.turn();
    EXPECT_EQ(seen, SARA_IO_READ);
    on([&] { watch = sara::Watch(); });
    EXPECT_EQ(host.loop().watches(), 0u);
    close(fds[0]);
    close(fds[1]);
}

TEST_F(LoopFace, APostThatIsRefusedDestroysItsCallableUnrun) {
    const auto alive = std::make_shared<int>(0);
    host.loop().refusePosts(SARA_E_AGAIN);
    EXPECT_EQ(loop.post(0, [alive] { ADD_FAILURE(); }), Status::kAgain);
    EXPECT_EQ(alive.use_count(), 1);
}

TEST_F(LoopFace, APostTakesACallableThatCannotBeCopied) {
    int got = 0;
    EXPECT_EQ(loop.post(0, [p = std::make_unique<int>(4), &got] { got = *p; }), Status::kOk);
    host.settle();
    EXPECT_EQ(got, 4);
}

TEST_F(LoopFace, WorkIsFollowedByDoneEvenWhenItThrows) {
    bool done = false;
    on([&] {
        EXPECT_EQ(loop.work([] { throw std::runtime_error("disk"); }, [&] { done = true; }),
                  Status::kOk);
    });
    host.runUntil([&] { return done; });
    EXPECT_TRUE(done);
    EXPECT_TRUE(host.logged("disk"));
}

TEST_F(LoopFace, BuffersCountTheirReferences) {
    {
        sara::Buffer a = sara::Buffer::copyOf(face, "bytes");
        const sara::Buffer b = a;
        a = sara::Buffer();
        EXPECT_EQ(b.bytes(), "bytes");
        EXPECT_EQ(host.buffersAlive(), 1);
    }
    EXPECT_EQ(host.buffersAlive(), 0);
}

TEST_F(LoopFace, ABufferWithoutMemoryIsFalse) {
    host.failBuffersAfter(0);
    EXPECT_FALSE(sara::Buffer::copyOf(face, "x"));
}

TEST_F(LoopFace, LogJoinsPiecesAndCutsLongLines) {
    const sara::Log log(face);
    log.warn("queue ", std::string("q"), " has ", 12u, " of ", int64_t{-3}, ": ", Status::kFull,
             ' ', true);
    EXPECT_TRUE(host.logged("queue q has 12 of -3: full true"));
    log.info(std::string(5000, 'x'));
    EXPECT_EQ(host.log().back().text.size(), sara::kLogPiecesBytesMax);
}

TEST_F(LoopFace, AMetricThatNobodyDefinedCountsNothing) {
    sara::Counter().add();
    sara::Gauge().add(-1);
    const sara::Counter c = sara::Metrics(face).counter("seen_total", "seen");
    c.add();
    c.add(2);
    EXPECT_EQ(host.metric("seen_total"), 3);
}

}  // namespace
