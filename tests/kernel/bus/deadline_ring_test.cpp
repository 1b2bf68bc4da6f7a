// The ring of deadlines: what is due comes out, once, and nothing else does.
#include "bus/deadline_ring.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace sara::bus {
namespace {

struct Ring : testing::Test {
    std::vector<uint64_t> expire(uint64_t now_ms) {
        std::vector<uint64_t> out;
        ring.expire(now_ms, [&](Deadline& d) { out.push_back(d.due_ms); });
        return out;
    }
    DeadlineRing ring;
};

TEST_F(Ring, ADeadlineComesOnceAndNotBeforeItsTime) {
    Deadline d;
    ring.add(d, 1000);
    EXPECT_TRUE(expire(999).empty());
    EXPECT_EQ(expire(1000), std::vector<uint64_t>{1000});
    EXPECT_TRUE(expire(5000).empty());
    EXPECT_TRUE(ring.empty());
}

TEST_F(Ring, WhatIsTakenOutDoesNotCome) {
    Deadline a, b;
    ring.add(a, 100);
    ring.add(b, 100);
    ring.remove(a);
    ring.remove(a);
    EXPECT_EQ(expire(100).size(), 1u);
    EXPECT_TRUE(ring.empty());
}

TEST_F(Ring, ADeadlineOfALaterTurnOfTheRingWaitsForItsTurn) {
    constexpr uint64_t kTurnMs = DeadlineRing::kTickMs * DeadlineRing::kSlots;
    Deadline near, far;
    ring.add(near, 50);
    ring.add(far, 50 + 3 * kTurnMs);
    EXPECT_EQ(expire(60).size(), 1u);
    EXPECT_TRUE(expire(60 + 2 * kTurnMs).empty());
    EXPECT_EQ(expire(60 + 3 * kTurnMs).size(), 1u);
}

TEST_F(Ring, ACallbackMayTakeOutItsNeighbourAndAddANewOne) {
    Deadline a, b, again;
    ring.add(a, 100);
    ring.add(b, 100);
    int calls = 0;
    ring.expire(100, [&](Deadline&) {
        ++calls;
        ring.remove(b);
        ring.add(again, 100);
    });
    EXPECT_EQ(calls, 1);
    EXPECT_EQ(expire(116).size(), 1u);
}

TEST_F(Ring, ManyDeadlinesAtRandomTimesNeverComeEarlyNorMoreThanATickLate) {
    std::mt19937 random(7);
    std::vector<Deadline> all(2000);
    uint64_t now = 90'000'000;
    for (Deadline& d : all) ring.add(d, now + 1 + random() % 20'000);
    uint64_t before = now;
    size_t seen = 0;
    while (!ring.empty()) {
        now += 1 + random() % DeadlineRing::kTickMs;
        for (const uint64_t due : expire(now)) {
            ASSERT_LE(due, now);
            ASSERT_GT(due, before);
            ++seen;
        }
        before = now;
        ASSERT_LT(now, 90'030'000u);
    }
    EXPECT_EQ(seen, all.size());
}

}  // namespace
}  // namespace sara::bus
