// What is remembered about groups, and for how long.
#include "auth-callback/group_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sara::auth_callback {
namespace {

using Kind = GroupCache::Found::Kind;
using ::testing::SizeIs;

class GroupCacheTest : public ::testing::Test {
  protected:
    static std::shared_ptr<const Roster> roster(std::vector<std::string> users,
                                                uint64_t expires_ms) {
        return std::make_shared<const Roster>(users, expires_ms);
    }
    void learn(const std::string& key, uint64_t expires_ms) {
        const auto found = cache_.find(key, {0, 1}, 0);
        ASSERT_EQ(found.kind, Kind::kAsk);
        EXPECT_THAT(cache_.settle(found.flight, roster({"a", "b"}, expires_ms)), SizeIs(1));
    }

    Settings settings_;
    Counters counters_;
    GroupCache cache_{settings_, counters_};
};

TEST_F(GroupCacheTest, ManyWhoAskAtOnceMakeOneCall) {
    const auto first = cache_.find("g@t", {0, 1}, 0);
    ASSERT_EQ(first.kind, Kind::kAsk);
    for (uint64_t i = 2; i <= 1000; ++i) {
        ASSERT_EQ(cache_.find("g@t", {static_cast<uint32_t>(i % 4), i}, 0).kind, Kind::kJoined);
    }
    EXPECT_EQ(cache_.find("other@t", {0, 1}, 0).kind, Kind::kAsk);
    EXPECT_THAT(cache_.settle(first.flight, roster({"a", "b"}, 100)), SizeIs(1000));
    EXPECT_THAT(cache_.settle(first.flight, roster({"a", "b"}, 100)), SizeIs(0));
    EXPECT_EQ(cache_.find("g@t", {0, 1}, 0).kind, Kind::kKnown);
}

TEST_F(GroupCacheTest, AnswerIsForgottenAtItsAge) {
    learn("g@t", 3'600'000);
    EXPECT_EQ(cache_.find("g@t", {0, 1}, 3'599'999).kind, Kind::kKnown);
    EXPECT_EQ(cache_.find("g@t", {0, 1}, 3'600'000).kind, Kind::kAsk);
}

TEST_F(GroupCacheTest, FailedLookUpIsNotRemembered) {
    const auto found = cache_.find("g@t", {0, 1}, 0);
    EXPECT_THAT(cache_.settle(found.flight, nullptr), SizeIs(1));
    EXPECT_EQ(cache_.find("g@t", {0, 1}, 0).kind, Kind::kAsk);
}

TEST_F(GroupCacheTest, ReloadForgetsAlsoForThoseWhoHoldTheAnswer) {
    learn("g@t", 1000);
    const auto held = cache_.find("g@t", {0, 1}, 0).roster;
    EXPECT_TRUE(held->fresh(0));
    cache_.forget("g@t");
    cache_.forget("unknown@t");
    EXPECT_FALSE(held->fresh(0));
    EXPECT_EQ(cache_.find("g@t", {0, 1}, 0).kind, Kind::kAsk);
}

TEST_F(GroupCacheTest, ReloadDuringALookUpDoesNotKeepTheOldAnswer) {
    const auto before = cache_.find("g@t", {0, 1}, 0);
    cache_.forget("g@t");
    const auto after = cache_.find("g@t", {0, 2}, 0);
    ASSERT_EQ(after.kind, Kind::kAsk);
    const auto old = roster({"a", "b"}, 1000);
    EXPECT_THAT(cache_.settle(before.flight, old), SizeIs(1));
    EXPECT_FALSE(old->fresh(0));
    EXPECT_EQ(cache_.find("g@t", {0, 3}, 0).kind, Kind::kJoined);
    EXPECT_THAT(cache_.settle(after.flight, roster({"a", "c"}, 1000)), SizeIs(2));
    EXPECT_EQ(cache_.find("g@t", {0, 4}, 0).roster->size(), 2u);
}

TEST_F(GroupCacheTest, LeastUsedGroupMakesRoomForANewOne) {
    settings_.group_cache_groups_max = 3;
    for (const char* key : {"1", "2", "3"}) learn(key, 1000);
    EXPECT_EQ(cache_.find("1", {0, 1}, 0).kind, Kind::kKnown);
    learn("4", 1000);
    EXPECT_EQ(cache_.groups(), 3u);
    EXPECT_EQ(cache_.find("2", {0, 1}, 0).kind, Kind::kAsk);
    EXPECT_EQ(cache_.find("1", {0, 1}, 0).kind, Kind::kKnown);
}

TEST_F(GroupCacheTest, BytesAreBoundedAndComeBack) {
    settings_.group_cache_bytes_max = 10'000;
    for (int i = 0; i < 1000; ++i) learn("group" + std::to_string(i), 1000);
    EXPECT_LE(cache_.bytes(), 10'000u);
    EXPECT_GT(cache_.groups(), 10u);
    const auto found = cache_.find("huge", {0, 1}, 0);
    const std::vector<std::string> many(1000, "somebody@t.com");
    EXPECT_THAT(cache_.settle(found.flight, roster(many, 1000)), SizeIs(1));
    EXPECT_LE(cache_.bytes(), 10'000u);
    for (int i = 0; i < 1000; ++i) cache_.forget("group" + std::to_string(i));
    EXPECT_EQ(cache_.bytes(), 0u);
}

TEST_F(GroupCacheTest, WaitersAreBounded) {
    for (uint64_t i = 0; i < kGroupWaitersMax; ++i) {
        ASSERT_NE(cache_.find("g@t", {0, i}, 0).kind, Kind::kFull);
    }
    EXPECT_EQ(cache_.find("g@t", {0, 1}, 0).kind, Kind::kFull);
    EXPECT_EQ(cache_.find("other@t", {0, 1}, 0).kind, Kind::kFull);
}

}  // namespace
}  // namespace sara::auth_callback
