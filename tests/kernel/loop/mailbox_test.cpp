// Posts into one loop: bound, order, wake-up, stop.
#include "loop/mailbox.h"

#include <gtest/gtest.h>

#include <atomic>
#include <numeric>
#include <thread>
#include <vector>

#include "loop/counters.h"
#include "loop/event_loop.h"

namespace sara::loop {
namespace {

using Seen = std::vector<uint64_t>;

void note(void* seen, uint64_t n, uint64_t) noexcept { static_cast<Seen*>(seen)->push_back(n); }

Seen upTo(uint64_t n) {
    Seen s(n);
    std::iota(s.begin(), s.end(), 0U);
    return s;
}

class MailboxTest : public testing::Test {
  protected:
    Post noteOf(uint64_t n) { return {&note, &seen, n, 0}; }

    ManualClock clock;
    EventLoop small{0, clock, {.mailbox_max = 4}};
    EventLoop loop{1, clock, {}};
    Seen seen;
};

TEST_F(MailboxTest, RunsPostsOnceAndInOrder) {
    for (uint64_t i = 0; i < 100; ++i) ASSERT_TRUE(loop.post(noteOf(i), PostClass::kRequest));
    EXPECT_TRUE(seen.empty());
    loop.turn(0);
    loop.turn(0);
    EXPECT_EQ(seen, upTo(100));
}

TEST_F(MailboxTest, RefusesARequestWhenFullAndCountsIt) {
    const int64_t before = Counters::instance().read("loop_mailbox_full_total");
    for (uint64_t i = 0; i < 4; ++i) ASSERT_TRUE(small.post(noteOf(i), PostClass::kRequest));
    EXPECT_FALSE(small.post(noteOf(99), PostClass::kRequest));
    EXPECT_EQ(Counters::instance().read("loop_mailbox_full_total"), before + 1);
    small.turn(0);
    EXPECT_EQ(seen, upTo(4));
    EXPECT_TRUE(small.post(noteOf(4), PostClass::kRequest));
    small.turn(0);
    EXPECT_EQ(seen, upTo(5));
}

TEST_F(MailboxTest, AdmitsRepliesToAFullMailbox) {
    for (uint64_t i = 0; i < 4; ++i) ASSERT_TRUE(small.post(noteOf(i), PostClass::kRequest));
    for (uint64_t i = 4; i < 10; ++i) ASSERT_TRUE(small.post(noteOf(i), PostClass::kReply));
    small.turn(0);
    EXPECT_EQ(seen, upTo(10));
}

TEST_F(MailboxTest, ALongMailboxLeavesTheRestToTheNextTurn) {
    EventLoop slow(2, clock, {.posts_per_turn = 10});
    for (uint64_t i = 0; i < 25; ++i) ASSERT_TRUE(slow.post(noteOf(i), PostClass::kRequest));
    slow.turn(0);
    EXPECT_EQ(seen, upTo(10));
    for (uint64_t i = 25; i < 30; ++i) ASSERT_TRUE(slow.post(noteOf(i), PostClass::kRequest));
    slow.turn(1000);  // does not wait: something is left
    slow.turn(1000);
    slow.turn(1000);
    EXPECT_EQ(seen, upTo(30));
}

struct SelfPoster {
    EventLoop* loop;
    Seen* seen;
    uint64_t admitted = 0;
};

void postToSelf(void* self, uint64_t n, uint64_t until) noexcept {
    auto* const p = static_cast<SelfPoster*>(self);
    p->seen->push_back(n);
    if (n < until && p->loop->post({&postToSelf, self, n + 1, until}, PostClass::kRequest)) {
        ++p->admitted;
    }
}

TEST_F(MailboxTest, APostToTheOwnLoopRunsInTheNextTurnWithoutWaiting) {
    SelfPoster p{&loop, &seen};
    ASSERT_TRUE(loop.post({&postToSelf, &p, 0, 2}, PostClass::kRequest));
    loop.turn(0);
    EXPECT_EQ(seen, upTo(1));
    loop.turn(60'000);
    EXPECT_EQ(seen, upTo(2));
    loop.turn(60'000);
    EXPECT_EQ(seen, upTo(3));
}

TEST_F(MailboxTest, PostsToTheOwnLoopAreBoundedToo) {
    struct Flood {
        EventLoop* loop;
        Seen* seen;
        int admitted = 0;
    } flood{&small, &seen};
    small.atTurnEnd(
        [](void* user) noexcept {
            auto* const f = static_cast<Flood*>(user);
            for (uint64_t i = 0; i < 10; ++i) {
                f->admitted += f->loop->post({&note, f->seen, i, 0}, PostClass::kRequest);
            }
            EXPECT_TRUE(f->loop->post({&note, f->seen, 4, 0}, PostClass::kReply));
        },
        &flood);
    small.turn(0);
    EXPECT_EQ(flood.admitted, 4);
    small.turn(0);
    EXPECT_EQ(seen, upTo(5));
}

TEST_F(MailboxTest, OrderOfAThreadIsKeptWhenItPostsFromInsideAndOutsideATurn) {
    SelfPoster p{&loop, &seen};
    ASSERT_TRUE(loop.post({&postToSelf, &p, 0, 1}, PostClass::kRequest));
    loop.turn(0);
    ASSERT_TRUE(loop.post(noteOf(2), PostClass::kRequest));
    loop.turn(0);
    EXPECT_EQ(seen, upTo(3));
}

TEST_F(MailboxTest, APostWakesASleepingLoop) {
    std::thread thread([this] { loop.run(); });
    std::atomic<uint64_t> done{0};
    for (uint64_t i = 1; i <= 300; ++i) {
        const Post p{[](void* self, uint64_t n, uint64_t) noexcept {
                         auto* const d = static_cast<std::atomic<uint64_t>*>(self);
                         d->store(n);
                         d->notify_one();
                     },
                     &done, i, 0};
        ASSERT_TRUE(loop.post(p, PostClass::kRequest));
        // One at a time: the loop sleeps or is about to, which is where a wake-up gets lost.
        done.wait(i - 1);
    }
    loop.stop();
    thread.join();
    EXPECT_EQ(done.load(), 300U);
}

TEST_F(MailboxTest, StopWakesALoopThatIsAboutToSleep) {
    for (int i = 0; i < 300; ++i) {
        EventLoop l(0, clock, {});
        std::thread thread([&l] { l.run(); });
        for (int spin = 0; spin < i; ++spin) std::this_thread::yield();
        l.stop();
        thread.join();
    }
}

TEST_F(MailboxTest, StopBeforeRunIsRemembered) {
    ASSERT_TRUE(loop.post(noteOf(0), PostClass::kRequest));
    loop.stop();
    loop.run();
    EXPECT_EQ(seen, upTo(1));
}

TEST_F(MailboxTest, WhatWasPostedBeforeTheEndRunsAndAfterItNothingIsAdmitted) {
    SelfPoster p{&loop, &seen};
    ASSERT_TRUE(loop.post({&postToSelf, &p, 0, 100}, PostClass::kRequest));
    loop.stop();
    loop.run();
    EXPECT_EQ(seen, upTo(101));
    EXPECT_FALSE(loop.post(noteOf(0), PostClass::kRequest));
    EXPECT_FALSE(loop.post(noteOf(0), PostClass::kReply));
    EXPECT_EQ(seen.size(), 101U);
}

TEST_F(MailboxTest, APosterWithoutEndDoesNotKeepAStoppedLoopAlive) {
    SelfPoster p{&loop, &seen};
    ASSERT_TRUE(loop.post({&postToSelf, &p, 0, UINT64_MAX}, PostClass::kRequest));
    loop.stop();
    loop.run();
    EXPECT_EQ(p.admitted + 1, seen.size());  // the last one was refused and did not run
}

TEST_F(MailboxTest, EveryAdmittedPostRunsAndEveryRefusedOneDoesNot) {
    constexpr int kThreads = 4;
    EventLoop busy(0, clock, {.mailbox_max = 64});
    std::atomic<uint64_t> admitted{0};
    std::atomic<uint64_t> refused{0};
    uint64_t ran = 0;
    std::vector<std::thread> posters;
    std::thread runner([&busy] { busy.run(); });
    for (int t = 0; t < kThreads; ++t) {
        posters.emplace_back([&, t] {
            for (int i = 0; i < 20'000; ++i) {
                const Post p{[](void* self, uint64_t, uint64_t) noexcept {
                                 ++*static_cast<uint64_t*>(self);
                             },
                             &ran, 0, 0};
                const auto c = t == 0 ? PostClass::kReply : PostClass::kRequest;
                ++(busy.post(p, c) ? admitted : refused);
                if (t == 1 && i == 19'000) busy.stop();
            }
        });
    }
    for (std::thread& t : posters) t.join();
    runner.join();
    EXPECT_EQ(ran, admitted.load());
    EXPECT_EQ(admitted + refused, uint64_t{kThreads} * 20'000);
}

}  // namespace
}  // namespace sara::loop
