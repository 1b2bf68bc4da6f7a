// The loops of a process: threads, rounds over all loops, home loops.
#include "loop/loop_set.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include <array>
#include <csignal>
#include <string>
#include <thread>
#include <vector>

namespace sara::loop {
namespace {

struct Visits {
    LoopSet* loops;
    std::array<std::thread::id, 4> thread{};
    std::array<int, 4> count{};
    std::array<bool, 4> current{};
};

void visit(void* user, uint32_t loop) {
    auto* const v = static_cast<Visits*>(user);
    v->thread[loop] = std::this_thread::get_id();
    ++v->count[loop];
    v->current[loop] = v->loops->at(loop).isCurrent();
}

class LoopSetTest : public testing::Test {
  protected:
    SystemClock clock;
    LoopSet loops{4, clock, {}};
    Visits visits{&loops};
};

TEST_F(LoopSetTest, RunsOnEachLoopHereBeforeStart) {
    loops.runOnEach(&visit, &visits);
    for (uint32_t i = 0; i < 4; ++i) {
        EXPECT_EQ(visits.thread[i], std::this_thread::get_id());
        EXPECT_EQ(visits.count[i], 1);
        EXPECT_TRUE(visits.current[i]);
    }
    EXPECT_EQ(EventLoop::current(), nullptr);
}

TEST_F(LoopSetTest, RunsOnEachLoopOnItsOwnThreadAfterStart) {
    loops.start();
    loops.runOnEach(&visit, &visits);
    loops.runOnEach(&visit, &visits);
    for (uint32_t i = 0; i < 4; ++i) {
        EXPECT_EQ(visits.count[i], 2);
        EXPECT_TRUE(visits.current[i]);
        for (uint32_t k = 0; k < i; ++k) EXPECT_NE(visits.thread[i], visits.thread[k]);
    }
    loops.stop();
    loops.stop();
    loops.runOnEach(&visit, &visits);  // here again
    EXPECT_EQ(visits.thread[3], std::this_thread::get_id());
}

TEST_F(LoopSetTest, StopWithoutStartIsFine) { loops.stop(); }

TEST_F(LoopSetTest, ThreadsHaveNamesAndBlockSignals) {
    loops.start();
    loops.runOnEach(
        [](void*, uint32_t loop) {
            std::array<char, 16> name{};
            pthread_getname_np(pthread_self(), name.data(), name.size());
            EXPECT_EQ(std::string(name.data()), "sara-loop-" + std::to_string(loop));
            sigset_t mask;
            pthread_sigmask(SIG_SETMASK, nullptr, &mask);
            EXPECT_EQ(sigismember(&mask, SIGTERM), 1);
            EXPECT_EQ(sigismember(&mask, SIGHUP), 1);
        },
        nullptr);
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    EXPECT_EQ(sigismember(&mask, SIGTERM), 0);
}

TEST_F(LoopSetTest, ManyThreadsPostToAllLoops) {
    loops.start();
    std::array<uint64_t, 4> ran{};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([this, &ran] {
            for (uint32_t i = 0; i < 20'000; ++i) {
                const Post p{[](void* self, uint64_t, uint64_t) noexcept {
                                 ++*static_cast<uint64_t*>(self);
                             },
                             &ran[i % 4], 0, 0};
                ASSERT_TRUE(loops.at(i % 4).post(p, PostClass::kReply));
            }
        });
    }
    for (std::thread& t : threads) t.join();
    loops.stop();
    for (const uint64_t n : ran) EXPECT_EQ(n, 20'000U);
}

TEST_F(LoopSetTest, HomesAreStableAndEven) {
    LoopSet seven(7, clock, {});
    std::array<int, 7> users{};
    for (int i = 0; i < 70'000; ++i) {
        const std::string jid = std::to_string(i) + "@example.org";
        const uint32_t home = seven.homeOf(jid);
        ASSERT_LT(home, 7U);
        ASSERT_EQ(seven.homeOf(jid), home);
        ++users[home];
    }
    for (const int n : users) EXPECT_NEAR(n, 10'000, 400);
    LoopSet one(1, clock, {});
    EXPECT_EQ(one.homeOf("a@b"), 0U);
    EXPECT_EQ(one.homeOf(""), 0U);
}

}  // namespace
}  // namespace sara::loop
