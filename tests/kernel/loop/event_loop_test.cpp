// The turn of one loop under a manual clock, and run() and stop() on a thread.
#include "loop/event_loop.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "loop/loop_set.h"

namespace sara::loop {
namespace {

using Log = std::vector<uint64_t>;

void note(void* log, uint64_t a, uint64_t) noexcept { static_cast<Log*>(log)->push_back(a); }

class EventLoopTest : public testing::Test {
  protected:
    Post noteOf(uint64_t n) { return {&note, &log, n, 0}; }

    ManualClock clock;
    EventLoop a{0, clock, {}};
    EventLoop b{1, clock, {}};
    Log log;
};

TEST_F(EventLoopTest, RunsAPostInTheNextTurn) {
    ASSERT_TRUE(a.post(noteOf(1), PostClass::kRequest));
    EXPECT_TRUE(log.empty());
    a.turn(0);
    EXPECT_EQ(log, Log{1});
}

TEST_F(EventLoopTest, RunsWhatWasPostedBeforeStop) {
    std::thread thread([this] { a.run(); });
    for (uint64_t i = 0; i < 1000; ++i) ASSERT_TRUE(a.post(noteOf(i), PostClass::kRequest));
    a.stop();
    thread.join();
    EXPECT_EQ(log.size(), 1000U);
    EXPECT_FALSE(a.post(noteOf(0), PostClass::kReply));
}

}  // namespace
}  // namespace sara::loop
