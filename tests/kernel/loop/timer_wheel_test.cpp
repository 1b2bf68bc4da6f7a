// The wheel alone, with times that the test makes up.
#include "loop/timer_wheel.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <vector>

namespace sara::loop {
namespace {

constexpr uint64_t kStartMs = 1'000'000;

struct Shot {
    std::vector<int>* fired;
    int number;
};

void fire(void* user) noexcept {
    auto* const shot = static_cast<Shot*>(user);
    shot->fired->push_back(shot->number);
}

class TimerWheelTest : public testing::Test {
  protected:
    uint64_t start(uint64_t delay_ms, Shot& shot, uint64_t period_ms = 0) {
        return wheel.start(now_ms, delay_ms, period_ms, &fire, &shot);
    }
    void advance(uint64_t ms) {
        now_ms += ms;
        wheel.advance(now_ms);
    }

    uint64_t now_ms = kStartMs;
    TimerWheel wheel{kStartMs, 1'100'000};
    std::vector<int> fired;
    Shot one{&fired, 1};
    Shot two{&fired, 2};
    Shot three{&fired, 3};
};

TEST_F(TimerWheelTest, IsNeverEarlyAndAtMostATickLate) {
    for (uint64_t offset = 0; offset < 8; ++offset) {
        for (const uint64_t delay : std::initializer_list<uint64_t>{0, 1, 3, 4, 5, 63, 255, 256,
                                                                    257, 1023, 16'384, 16'387}) {
            now_ms = kStartMs + offset;
            TimerWheel w(now_ms, 10);
            fired.clear();
            w.start(now_ms, delay, 0, &fire, &one);
            uint64_t waited = 0;
            while (fired.empty() && waited < delay + 100) w.advance(now_ms + ++waited);
            EXPECT_GE(waited, delay);
            EXPECT_LE(waited, std::max<uint64_t>(delay, 1) + TimerWheel::kTickMs) << offset;
        }
    }
}

TEST_F(TimerWheelTest, AgreesWithAModelOverRandomStartsCancelsAndJumps) {
    std::mt19937_64 random(1);
    std::map<uint64_t, std::pair<uint64_t, int>>
        waiting;  // id: first tick at which it may run, number
    std::vector<std::unique_ptr<Shot>> shots;
    for (int round = 0; round < 20'000; ++round) {
        const uint64_t delay = random() % (uint64_t{1} << (random() % 26));
        shots.push_back(std::make_unique<Shot>(Shot{&fired, round}));
        const uint64_t id = start(delay, *shots.back());
        ASSERT_NE(id, 0U);
        const uint64_t due_tick = std::max((now_ms + delay + 3) / 4, now_ms / 4 + 1);
        waiting[id] = {due_tick, round};
        if (random() % 4 == 0) {
            auto victim =
                std::next(waiting.begin(), static_cast<ptrdiff_t>(random() % waiting.size()));
            ASSERT_TRUE(wheel.cancel(victim->first));
            ASSERT_FALSE(wheel.cancel(victim->first));
            waiting.erase(victim);
        }
        if (random() % 2 == 0) advance(random() % (uint64_t{1} << (random() % 18)));
        std::multimap<uint64_t, int> due;
        std::erase_if(waiting, [&](const auto& entry) {
            if (entry.second.first > now_ms / 4) return false;
            due.insert(entry.second);
            return true;
        });
        ASSERT_EQ(fired.size(), due.size()) << round;
        std::map<int, uint64_t> tick_of;
        for (const auto& [tick, number] : due) tick_of[number] = tick;
        uint64_t last_tick = 0;
        for (const int number : fired) {
            ASSERT_TRUE(tick_of.contains(number));
            ASSERT_GE(tick_of[number], last_tick);  // in the order of ticks
            last_tick = tick_of[number];
        }
        fired.clear();
        ASSERT_EQ(wheel.size(), waiting.size());
        if (!waiting.empty()) {
            ASSERT_GT(wheel.nextMs(), now_ms / 4 * 4);
        }
    }
}

TEST_F(TimerWheelTest, NextIsNeverAfterTheFirstDueTime) {
    std::mt19937_64 random(2);
    for (int round = 0; round < 2000; ++round) {
        TimerWheel w(now_ms, 10);
        const uint64_t due_ms = now_ms + random() % (uint64_t{1} << (random() % 34));
        w.start(now_ms, due_ms - now_ms, 0, &fire, &one);
        fired.clear();
        int steps = 0;
        while (fired.empty()) {
            ASSERT_NE(w.nextMs(), TimerWheel::kNever);
            ASSERT_LE(w.nextMs(), std::max(due_ms, now_ms + 1) + 3);
            w.advance(w.nextMs());
            ASSERT_LT(++steps, 8);  // one per level: no busy wake-ups on the way
        }
        ASSERT_EQ(w.nextMs(), TimerWheel::kNever);
    }
}

TEST_F(TimerWheelTest, RunsTimersOfOneTickInTheOrderOfStart) {
    start(10, one);
    start(9, two);
    start(12, three);
    advance(12);
    EXPECT_EQ(fired, (std::vector{1, 2, 3}));
}

TEST_F(TimerWheelTest, AStaleIdTouchesNobody) {
    const uint64_t id = start(4, one);
    advance(8);
    start(4, two);  // takes the same node
    EXPECT_FALSE(wheel.cancel(id));
    EXPECT_FALSE(wheel.cancel(0));
    EXPECT_FALSE(wheel.cancel(UINT64_MAX));
    advance(8);
    EXPECT_EQ(fired, (std::vector{1, 2}));
}

struct Canceller {
    TimerWheel* wheel;
    uint64_t victim;
    bool found = false;
    int runs = 0;
};

void cancelVictim(void* user) noexcept {
    auto* const c = static_cast<Canceller*>(user);
    ++c->runs;
    c->found = c->wheel->cancel(c->victim);
}

TEST_F(TimerWheelTest, ATimerCancelsAnotherThatIsDueInTheSameTick) {
    Canceller c{&wheel, 0};
    wheel.start(now_ms, 4, 0, &cancelVictim, &c);
    c.victim = start(4, one);
    start(4, two);
    advance(4);
    EXPECT_TRUE(c.found);
    EXPECT_EQ(fired, std::vector{2});
    EXPECT_EQ(wheel.size(), 0U);
}

TEST_F(TimerWheelTest, AOneShotIdIsStaleOnceItRuns) {
    Canceller c{&wheel, 0};
    c.victim = wheel.start(now_ms, 4, 0, &cancelVictim, &c);
    advance(4);
    EXPECT_EQ(c.runs, 1);
    EXPECT_FALSE(c.found);
}

TEST_F(TimerWheelTest, APeriodicTimerCancelsItselfInItsOwnCallback) {
    Canceller c{&wheel, 0};
    c.victim = wheel.start(now_ms, 4, 4, &cancelVictim, &c);
    advance(4);
    EXPECT_TRUE(c.found);
    advance(100);
    EXPECT_EQ(c.runs, 1);
    EXPECT_EQ(wheel.size(), 0U);
}

TEST_F(TimerWheelTest, APeriodicTimerDoesNotDrift) {
    start(10, one, 10);
    for (int i = 0; i < 1000; ++i) advance(1);
    EXPECT_NEAR(static_cast<double>(fired.size()), 100, 1);
}

TEST_F(TimerWheelTest, APeriodicTimerThatMissedPeriodsRunsOnce) {
    start(10, one, 10);
    advance(10'000);
    EXPECT_EQ(fired.size(), 1U);
    advance(8);
    EXPECT_EQ(fired.size(), 1U);
    advance(8);
    EXPECT_EQ(fired.size(), 2U);
}

struct Rearmer {
    TimerWheel* wheel;
    uint64_t* now_ms;
    int runs = 0;
};

void rearm(void* user) noexcept {
    auto* const r = static_cast<Rearmer*>(user);
    ++r->runs;
    r->wheel->start(*r->now_ms, 0, 0, &rearm, r);
}

TEST_F(TimerWheelTest, ATimerThatRearmsAtZeroRunsOncePerPass) {
    Rearmer r{&wheel, &now_ms};
    wheel.start(now_ms, 0, 0, &rearm, &r);
    advance(10'000);
    EXPECT_EQ(r.runs, 1);
    advance(3);
    EXPECT_EQ(r.runs, 1);
    advance(1);
    EXPECT_EQ(r.runs, 2);
}

TEST_F(TimerWheelTest, AMillionTimersAllRunAndNoneEarly) {
    static uint64_t now;
    static uint64_t count;
    static bool early;
    now = now_ms;
    count = 0;
    early = false;
    std::mt19937_64 random(3);
    std::vector<uint64_t> due(1'000'000);
    for (uint64_t& d : due) {
        const uint64_t delay = random() % 200'000;
        d = now_ms + delay;
        ASSERT_NE(wheel.start(
                      now_ms, delay, 0,
                      [](void* user) noexcept {
                          ++count;
                          early |= *static_cast<uint64_t*>(user) > now;
                      },
                      &d),
                  0U);
    }
    while (wheel.size() != 0) {
        now += 7;
        wheel.advance(now);
        ASSERT_LT(now, kStartMs + 201'000);
    }
    EXPECT_EQ(count, due.size());
    EXPECT_FALSE(early);
}

TEST_F(TimerWheelTest, RefusesMoreThanTimersMax) {
    TimerWheel w(now_ms, 2);
    const uint64_t id = w.start(now_ms, 4, 0, &fire, &one);
    EXPECT_NE(w.start(now_ms, 4, 0, &fire, &two), 0U);
    EXPECT_EQ(w.start(now_ms, 4, 0, &fire, &three), 0U);
    EXPECT_TRUE(w.cancel(id));
    EXPECT_NE(w.start(now_ms, 4, 0, &fire, &three), 0U);
    w.advance(now_ms + 4);
    EXPECT_EQ(fired, (std::vector{2, 3}));
}

TEST_F(TimerWheelTest, ADelayOfForeverIsFarAwayAndNotNow) {
    start(UINT64_MAX, one);
    advance(uint64_t{1000} * 60 * 60 * 24 * 365);
    EXPECT_TRUE(fired.empty());
}

}  // namespace
}  // namespace sara::loop
