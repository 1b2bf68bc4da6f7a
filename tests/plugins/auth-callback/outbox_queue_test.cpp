// In which order notices leave.
#include "auth-callback/outbox_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sara::auth_callback {
namespace {

using ::testing::ElementsAre;

class OutboxQueueTest : public ::testing::Test {
  protected:
    void add(const std::string& who, uint64_t seq, uint64_t created_ms = 0) {
        queue_.add(who, {seq, created_ms, 10, {}});
    }
    // seq of what leaves now, 0 for nothing.
    uint64_t next(uint64_t now_ms = 0, uint64_t wall_ms = 0) {
        expired_.clear();
        const auto out = queue_.next(now_ms, wall_ms, &expired_);
        return out ? out->notice.seq : 0;
    }

    OutboxQueue queue_{100, 1000};
    std::vector<QueuedNotice> expired_;
};

TEST_F(OutboxQueueTest, OneAtATimePerRecipientAndTheOldestFirst) {
    add("bob", 1);
    add("bob", 2);
    add("eve", 3);
    EXPECT_EQ(next(), 1u);
    EXPECT_EQ(next(), 3u);
    EXPECT_EQ(next(), 0u);
    EXPECT_EQ(queue_.sending(), 2u);
    EXPECT_EQ(queue_.delivered("bob")->seq, 1u);
    EXPECT_EQ(next(), 2u);
    EXPECT_EQ(queue_.delivered("bob")->seq, 2u);
    EXPECT_EQ(queue_.delivered("eve")->seq, 3u);
    EXPECT_EQ(queue_.size(), 0u);
    EXPECT_EQ(queue_.wakeAtMs(), UINT64_MAX);
}

TEST_F(OutboxQueueTest, RefusedNoticeKeepsItsPlaceAndWaitsLongerEachTime) {
    add("bob", 1);
    add("bob", 2);
    uint64_t now_ms = 0;
    for (const uint64_t wait_ms : {100, 200, 400, 800, 1600, 3200, 6400, 6400}) {
        ASSERT_EQ(next(now_ms), 1u) << wait_ms;
        queue_.failed("bob", now_ms, true);
        EXPECT_EQ(queue_.wakeAtMs(), now_ms + wait_ms);
        EXPECT_EQ(next(now_ms + wait_ms - 1), 0u);
        now_ms += wait_ms;
    }
    EXPECT_EQ(next(now_ms), 1u);
    EXPECT_TRUE(queue_.delivered("bob"));
    EXPECT_EQ(next(now_ms), 2u);
    queue_.failed("bob", now_ms, true);
    EXPECT_EQ(queue_.wakeAtMs(), now_ms + 100);
}

TEST_F(OutboxQueueTest, OneWhoseNoticesAreRefusedHoldsUpNobodyElse) {
    add("bob", 1);
    add("eve", 2);
    EXPECT_EQ(next(), 1u);
    queue_.failed("bob", 0, true);
    EXPECT_EQ(next(), 2u);
}

TEST_F(OutboxQueueTest, UnsentNoticeIsNotPunished) {
    add("bob", 1);
    EXPECT_EQ(next(0), 1u);
    queue_.failed("bob", 0, false);
    EXPECT_EQ(next(1), 1u);
}

TEST_F(OutboxQueueTest, NoticeThatIsTooOldIsGivenUp) {
    add("bob", 1, 0);
    add("bob", 2, 500);
    add("bob", 3, 1500);
    EXPECT_EQ(next(0, 1501), 3u);
    ASSERT_EQ(expired_.size(), 2u);
    EXPECT_EQ(expired_[0].seq, 1u);
    EXPECT_EQ(queue_.size(), 1u);
}

TEST_F(OutboxQueueTest, ClockThatWasSetBackExpiresNothing) {
    add("bob", 1, 1'000'000);
    EXPECT_EQ(next(0, 5), 1u);
}

TEST_F(OutboxQueueTest, AnswerForNobodyChangesNothing) {
    add("bob", 1);
    EXPECT_FALSE(queue_.delivered("bob"));
    EXPECT_FALSE(queue_.delivered("eve"));
    queue_.failed("bob", 0, true);
    EXPECT_EQ(next(), 1u);
}

}  // namespace
}  // namespace sara::auth_callback
