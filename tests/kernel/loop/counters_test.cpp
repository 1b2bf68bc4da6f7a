// Counters of the process: names, sums over threads, also over ended ones.
#include "loop/counters.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>
#include <vector>

namespace sara::loop {
namespace {

TEST(Counters, AddsUp) {
    const Counter c = Counters::instance().define(CounterKind::kCounter, "adds_up_total", "help");
    c.add();
    c.add(41);
    EXPECT_EQ(Counters::instance().read("adds_up_total"), 42);
}

TEST(Counters, SumsManyThreadsAlsoEndedOnes) {
    const Counter c = Counters::instance().define(CounterKind::kCounter, "threads_total", "");
    for (int round = 0; round < 4; ++round) {
        std::vector<std::thread> threads;
        for (int t = 0; t < 8; ++t) {
            threads.emplace_back([c] {
                for (int i = 0; i < 10'000; ++i) c.add();
            });
        }
        // Read meanwhile: never more than there is, never less than what ended threads left.
        const int64_t seen = Counters::instance().read("threads_total");
        EXPECT_GE(seen, round * 80'000);
        EXPECT_LE(seen, (round + 1) * 80'000);
        for (std::thread& t : threads) t.join();
    }
    EXPECT_EQ(Counters::instance().read("threads_total"), 4 * 80'000);
}

TEST(Counters, AGaugeGoesDownOnAnotherThread) {
    const Counter g = Counters::instance().define(CounterKind::kGauge, "gauge_now", "");
    g.add(5);
    std::thread([g] { g.add(-3); }).join();
    EXPECT_EQ(Counters::instance().read("gauge_now"), 2);
}

TEST(Counters, TheSameNameIsTheSameCounterAndAnotherKindCountsNowhere) {
    Counters& all = Counters::instance();
    const uint32_t slot = all.defineSlot(CounterKind::kCounter, "same_total", "one");
    EXPECT_EQ(all.defineSlot(CounterKind::kCounter, "same_total", "two"), slot);
    EXPECT_EQ(all.defineSlot(CounterKind::kGauge, "same_total", ""), UINT32_MAX);
    all.define(CounterKind::kGauge, "same_total", "").add(7);
    Counter().add(7);
    Counters::fromSlot(UINT32_MAX).add(7);
    Counters::fromSlot(slot).add(1);
    EXPECT_EQ(all.read("same_total"), 1);
}

TEST(Counters, RefusesMalformedNames) {
    for (const char* name : {"", "A", "1a", "_a", "a-b", "a b", "a\n", "\xc3\xa4"}) {
        EXPECT_EQ(Counters::instance().defineSlot(CounterKind::kCounter, name, ""), UINT32_MAX)
            << name;
    }
    EXPECT_EQ(Counters::instance().read("never_defined"), 0);
}

TEST(Counters, ASnapshotIsSortedAndHasTheHelpText) {
    Counters::instance().define(CounterKind::kGauge, "zz_snapshot", "last").add(3);
    Counters::instance().define(CounterKind::kCounter, "aa_snapshot_total", "first").add(4);
    const auto values = Counters::instance().snapshot();
    EXPECT_TRUE(std::is_sorted(values.begin(), values.end(),
                               [](const auto& a, const auto& b) { return a.name < b.name; }));
    const auto found = std::find_if(values.begin(), values.end(),
                                    [](const auto& v) { return v.name == "zz_snapshot"; });
    ASSERT_NE(found, values.end());
    EXPECT_EQ(found->help, "last");
    EXPECT_EQ(found->kind, CounterKind::kGauge);
    EXPECT_EQ(found->value, 3);
}

// Last in this file: it leaves no room. ctest runs each test in a process of its own.
TEST(Counters, AFullRegistryGivesCountersThatCountNowhere) {
    Counters& all = Counters::instance();
    uint32_t defined = 0;
    while (all.defineSlot(CounterKind::kCounter, "fill_" + std::to_string(defined), "") !=
           UINT32_MAX) {
        ASSERT_LE(++defined, Counters::kCountersMax);
    }
    EXPECT_GT(defined, 0U);
    all.define(CounterKind::kCounter, "one_too_many_total", "").add();
    EXPECT_EQ(all.read("one_too_many_total"), 0);
    all.define(CounterKind::kCounter, "fill_0", "").add();
    EXPECT_EQ(all.read("fill_0"), 1);
}

}  // namespace
}  // namespace sara::loop
