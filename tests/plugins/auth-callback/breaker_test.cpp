// When the backend is left alone.
#include "auth-callback/breaker.h"

#include <gtest/gtest.h>

namespace sara::auth_callback {
namespace {

TEST(BreakerTest, OpensAfterFailuresInARowOnly) {
    Breaker breaker(3, 100);
    EXPECT_FALSE(breaker.failed(0));
    EXPECT_FALSE(breaker.failed(0));
    EXPECT_FALSE(breaker.succeeded());
    EXPECT_FALSE(breaker.failed(0));
    EXPECT_FALSE(breaker.failed(0));
    EXPECT_TRUE(breaker.admit(0));
    EXPECT_TRUE(breaker.failed(0));
    EXPECT_FALSE(breaker.admit(0));
}

TEST(BreakerTest, LetsOneCallTryWhenItsTimeHasCome) {
    Breaker breaker(1, 100);
    EXPECT_TRUE(breaker.failed(1000));
    EXPECT_FALSE(breaker.admit(1099));
    EXPECT_TRUE(breaker.admit(1100));
    EXPECT_FALSE(breaker.admit(1100));
    EXPECT_TRUE(breaker.succeeded());
    EXPECT_TRUE(breaker.admit(1100));
    EXPECT_TRUE(breaker.admit(1100));
}

TEST(BreakerTest, WaitsLongerAfterEachFailedTryButNotForEver) {
    Breaker breaker(1, 100);
    uint64_t now_ms = 0;
    EXPECT_TRUE(breaker.failed(now_ms));
    for (const uint64_t wait_ms : {100, 200, 400, 800, 1600, 1600, 1600}) {
        EXPECT_FALSE(breaker.admit(now_ms + wait_ms - 1));
        now_ms += wait_ms;
        ASSERT_TRUE(breaker.admit(now_ms)) << wait_ms;
        EXPECT_FALSE(breaker.failed(now_ms));
    }
}

TEST(BreakerTest, CallsThatWereUnderWayWhenItOpenedDoNotLengthenTheWait) {
    Breaker breaker(1, 100);
    EXPECT_TRUE(breaker.failed(0));
    for (int i = 0; i < 50; ++i) EXPECT_FALSE(breaker.failed(90));
    EXPECT_TRUE(breaker.admit(100));
}

TEST(BreakerTest, AnAnswerOfAnEarlierCallClosesIt) {
    Breaker breaker(1, 100);
    EXPECT_TRUE(breaker.failed(0));
    EXPECT_TRUE(breaker.succeeded());
    EXPECT_TRUE(breaker.closed());
}

}  // namespace
}  // namespace sara::auth_callback
