// Posts from loop to loop: in bulk at the end of the turn, in order, and none lost when loops stop.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "loop/event_loop.h"
#include "loop/loop_set.h"

namespace sara::loop {
namespace {

using Seen = std::vector<uint64_t>;

void note(void* seen, uint64_t n, uint64_t) noexcept { static_cast<Seen*>(seen)->push_back(n); }

// A post to `from` that posts `count` notes to `to`.
struct Burst {
    EventLoop* from;
    EventLoop* to;
    uint64_t count;
    PostClass post_class = PostClass::kRequest;
    Seen seen = {};
    uint64_t admitted = 0;

    void start() { ASSERT_TRUE(from->post({&Burst::run, this, 0, 0}, PostClass::kRequest)); }
    static void run(void* self, uint64_t, uint64_t) noexcept {
        auto* const b = static_cast<Burst*>(self);
        for (uint64_t i = 0; i < b->count; ++i) {
            b->admitted += b->to->post({&note, &b->seen, i, 0}, b->post_class);
        }
        EXPECT_TRUE(b->seen.empty());
    }
};

class OutboxTest : public testing::Test {
  protected:
    ManualClock clock;
    EventLoop a{0, clock, {}};
    EventLoop b{1, clock, {}};
    EventLoop small{2, clock, {.mailbox_max = 100}};
};

TEST_F(OutboxTest, LeavesAtTheEndOfTheTurnInOrder) {
    Burst burst{&a, &b, 1000};
    burst.start();
    a.turn(0);
    EXPECT_TRUE(burst.seen.empty());
    b.turn(0);
    ASSERT_EQ(burst.seen.size(), 1000U);
    for (uint64_t i = 0; i < 1000; ++i) ASSERT_EQ(burst.seen[i], i);
}

TEST_F(OutboxTest, TheBoundCountsWhatIsStillInTheOutbox) {
    Burst burst{&a, &small, 500};
    burst.start();
    a.turn(0);
    EXPECT_EQ(burst.admitted, 100U);
    small.turn(0);
    EXPECT_EQ(burst.seen.size(), 100U);
}

TEST_F(OutboxTest, GivesBackTheRoomThatItReservedAndDidNotUse) {
    for (int i = 0; i < 50; ++i) {
        Burst burst{&a, &small, 1};
        burst.start();
        a.turn(0);
        small.turn(0);
        ASSERT_EQ(burst.admitted, 1U);
    }
    Burst rest{&a, &small, 100};
    rest.start();
    a.turn(0);
    EXPECT_EQ(rest.admitted, 100U);
    small.turn(0);
}

TEST_F(OutboxTest, RepliesPassAFullMailboxAndAreCounted) {
    Burst full{&a, &small, 100};
    Burst replies{&a, &small, 50, PostClass::kReply};
    Burst late{&a, &small, 10};
    full.start();
    replies.start();
    late.start();
    a.turn(0);
    EXPECT_EQ(full.admitted, 100U);
    EXPECT_EQ(replies.admitted, 50U);
    EXPECT_EQ(late.admitted, 0U);
    small.turn(0);
    EXPECT_EQ(full.seen.size() + replies.seen.size(), 150U);
    Burst again{&a, &small, 200};
    again.start();
    a.turn(0);
    EXPECT_EQ(again.admitted, 100U);  // nothing of the replies stayed counted
    small.turn(0);
}

TEST_F(OutboxTest, TwoLoopsOfTheSameIndexDoNotMixUp) {
    EventLoop other(1, clock, {});
    Burst to_b{&a, &b, 3};
    Burst to_other{&a, &other, 5};
    to_b.start();
    to_other.start();
    a.turn(0);
    b.turn(0);
    EXPECT_EQ(to_b.seen.size(), 3U);
    EXPECT_TRUE(to_other.seen.empty());
    other.turn(0);
    EXPECT_EQ(to_other.seen.size(), 5U);
}

TEST_F(OutboxTest, WhatALoopPostsWhileItDrainsStillReachesTheOthers) {
    Burst burst{&a, &b, 10};
    burst.start();
    a.stop();
    a.run();
    b.turn(0);
    EXPECT_EQ(burst.seen.size(), 10U);
}

TEST_F(OutboxTest, RefusesAtOnceWhenTheTargetHasStopped) {
    b.stop();
    b.run();
    Burst burst{&a, &b, 10, PostClass::kReply};
    burst.start();
    a.turn(0);
    EXPECT_EQ(burst.admitted, 0U);
}

TEST_F(OutboxTest, APromiseInAnOutboxIsKeptByALoopThatHasClosedMeanwhile) {
    struct Race {
        EventLoop* b;
        Seen seen = {};
        std::thread runner = {};
    } race{&b};
    a.atTurnEnd(
        [](void* user) noexcept {
            auto* const r = static_cast<Race*>(user);
            EXPECT_TRUE(r->b->post({&note, &r->seen, 7, 0}, PostClass::kRequest));
            r->runner = std::thread([r] {
                r->b->stop();
                r->b->run();
            });
            // This turn goes on until the other loop refuses everybody.
            std::thread([r] {
                const Post p{[](void*, uint64_t, uint64_t) noexcept {}, nullptr, 0, 0};
                while (r->b->post(p, PostClass::kReply)) std::this_thread::yield();
            }).join();
        },
        &race);
    a.turn(0);
    race.runner.join();
    EXPECT_EQ(race.seen, Seen{7});
}

// Tokens that hop between loops until these stop: each one either runs or is refused, also in the
// race between the last turn of one loop and the end of another.
struct Token {
    LoopSet* loops;
    std::atomic<uint64_t>* lost;
    uint64_t random;

    static void hop(void* self, uint64_t, uint64_t) noexcept {
        auto* const t = static_cast<Token*>(self);
        t->random = t->random * 6364136223846793005U + 1442695040888963407U;
        const auto to = static_cast<uint32_t>((t->random >> 33) % t->loops->size());
        const auto c = (t->random >> 60 & 1) != 0 ? PostClass::kReply : PostClass::kRequest;
        if (!t->loops->at(to).post({&Token::hop, t, 0, 0}, c)) {
            t->lost->fetch_add(1);
            delete t;
        }
    }
};

TEST(OutboxOfManyLoops, NoAdmittedPostIsLostWhenTheyStop) {
    SystemClock clock;
    for (uint64_t round = 0; round < 10; ++round) {
        constexpr uint64_t kTokens = 500;
        std::atomic<uint64_t> refused{0};
        LoopSet loops(4, clock, {});
        loops.start();
        for (uint64_t i = 0; i < kTokens; ++i) {
            auto* const t = new Token{&loops, &refused, round * kTokens + i};
            ASSERT_TRUE(loops.at(static_cast<uint32_t>(i) % 4)
                            .post({&Token::hop, t, 0, 0}, PostClass::kReply));
        }
        for (int i = 0; i < 1000 && loops.at(0).turns() < 50; ++i) std::this_thread::yield();
        loops.stop();
        // Each token ends in exactly one refusal; a lost one would be missing here and leak.
        ASSERT_EQ(refused.load(), kTokens);
    }
}

TEST(OutboxOfManyLoops, OrderPerPosterIsKeptUnderLoad) {
    SystemClock clock;
    LoopSet loops(3, clock, {});
    struct Sender {
        LoopSet* loops;
        uint32_t from;
        uint64_t next = 0;
        std::atomic<uint64_t> received{0};
        uint64_t wrong = 0;
    };
    static constexpr uint64_t kMessages = 50'000;
    std::vector<std::unique_ptr<Sender>> senders;
    for (uint32_t i = 1; i < 3; ++i) {
        senders.push_back(std::make_unique<Sender>());
        senders.back()->loops = &loops;
        senders.back()->from = i;
    }
    struct Run {
        static void receive(void* self, uint64_t n, uint64_t) noexcept {
            auto* const s = static_cast<Sender*>(self);
            const uint64_t expected = s->received.load(std::memory_order_relaxed);
            if (n != expected) ++s->wrong;
            s->received.store(expected + 1, std::memory_order_release);
            s->received.notify_one();
        }
        static void send(void* self, uint64_t, uint64_t) noexcept {
            auto* const s = static_cast<Sender*>(self);
            for (int i = 0; i < 100 && s->next < kMessages; ++i) {
                if (!s->loops->at(0).post({&Run::receive, s, s->next, 0}, PostClass::kRequest))
                    break;
                ++s->next;
            }
            if (s->next < kMessages) {
                EXPECT_TRUE(s->loops->at(s->from).post({&Run::send, s, 0, 0}, PostClass::kReply));
            }
        }
    };
    loops.start();
    for (const auto& s : senders) {
        ASSERT_TRUE(loops.at(s->from).post({&Run::send, s.get(), 0, 0}, PostClass::kRequest));
    }
    for (const auto& s : senders) {
        for (uint64_t n = 0; n < kMessages; n = s->received.load(std::memory_order_acquire)) {
            s->received.wait(n);
        }
    }
    loops.stop();
    for (const auto& s : senders) EXPECT_EQ(s->wrong, 0U);
}

}  // namespace
}  // namespace sara::loop
