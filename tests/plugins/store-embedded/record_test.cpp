// The bytes on the disk: what is refused, and that nothing damaged is taken for a record.
#include "store-embedded/record.h"

#include <gtest/gtest.h>

#include "store-embedded/tail_cache.h"

namespace sara::store_embedded {
namespace {

TEST(Record, ComesBackAsItWasWritten) {
    std::string key, value;
    queueKey("bob@demo", 0x0102030405060708, &key);
    encodeRecord(key, {77, "id", "amy@demo", "{}"}, &value);
    Record record;
    ASSERT_TRUE(decodeRecord(key, value, &record));
    EXPECT_EQ(record.expires_ms, 77u);
    EXPECT_EQ(peekExpiry(value), 77u);
    EXPECT_EQ(record.id, "id");
    EXPECT_EQ(record.from, "amy@demo");
    EXPECT_EQ(record.packet, "{}");
    std::string_view user;
    uint64_t seq = 0;
    ASSERT_TRUE(splitQueueKey(key, &user, &seq));
    EXPECT_EQ(user, "bob@demo");
    EXPECT_EQ(seq, 0x0102030405060708u);
}

TEST(Record, EveryFlippedBitAndEveryCutIsNoticed) {
    std::string key, value;
    queueKey("bob@demo", 9, &key);
    encodeRecord(key, {77, "id", "amy@demo", "{\"a\":1}"}, &value);
    Record record;
    for (size_t bit = 0; bit < value.size() * 8; ++bit) {
        std::string damaged = value;
        damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
        EXPECT_FALSE(decodeRecord(key, damaged, &record)) << bit;
    }
    for (size_t n = 0; n < value.size(); ++n) {
        EXPECT_FALSE(decodeRecord(key, std::string_view(value).substr(0, n), &record)) << n;
    }
}

TEST(Record, UnderAnotherKeyIsRefused) {
    std::string key, other, value;
    queueKey("bob@demo", 9, &key);
    queueKey("amy@demo", 9, &other);
    encodeRecord(key, {77, "id", "x", "{}"}, &value);
    Record record;
    EXPECT_FALSE(decodeRecord(other, value, &record));
    encodeNumber("m/seq", 5, &value);
    uint64_t number = 0;
    EXPECT_TRUE(decodeNumber("m/seq", value, &number));
    EXPECT_EQ(number, 5u);
    EXPECT_FALSE(decodeNumber("m/schema", value, &number));
}

TEST(Record, KeysSortInOrderOfArrival) {
    std::string before, after;
    queueKey("bob@demo", 255, &before);
    queueKey("bob@demo", 256, &after);
    EXPECT_LT(before, after);
}

TEST(UserTail, KnowsCountBytesAndLowWaterThroughDropsInAnyOrder) {
    UserTail tail;
    tail.reset("bob");
    for (uint64_t seq = 1; seq <= 1000; ++seq) tail.append(seq, 10, 1000);
    for (uint64_t seq = 2; seq <= 1000; seq += 2) EXPECT_TRUE(tail.drop(seq));
    EXPECT_FALSE(tail.drop(2));
    EXPECT_FALSE(tail.drop(5000));
    EXPECT_EQ(tail.liveCount(), 500u);
    EXPECT_EQ(tail.liveBytes(), 5000u);
    EXPECT_EQ(tail.lowWater(), 0u);
    EXPECT_LE(tail.held(), 1100u);
    EXPECT_TRUE(tail.drop(1));
    EXPECT_GE(tail.lowWater(), 1u);
    EXPECT_LT(tail.lowWater(), 3u);
    for (uint64_t seq = 3; seq <= 1000; seq += 2) EXPECT_TRUE(tail.drop(seq)) << seq;
    EXPECT_EQ(tail.liveCount(), 0u);
    EXPECT_EQ(tail.held(), 0u);
    EXPECT_EQ(tail.first(), nullptr);
    EXPECT_GE(tail.lowWater(), 999u);
}

TEST(TailCache, StaysWithinItsBoundsButKeepsWhatTheBatchChanged) {
    TailCache cache(10, 1000);
    for (int i = 0; i < 50; ++i) {
        UserTail& tail = cache.add("user" + std::to_string(i));
        tail.append(1, 10, 1000);
        tail.setBatch(i < 5 ? 7 : 1);
        cache.account(tail);
    }
    cache.trim(7);
    EXPECT_EQ(cache.users(), 50u) << "the oldest ones are pinned";
    cache.trim(8);
    EXPECT_EQ(cache.users(), 10u);
    EXPECT_EQ(cache.entries(), 10u);
    EXPECT_NE(cache.find("user49"), nullptr);
    EXPECT_EQ(cache.find("user1"), nullptr);
}

}  // namespace
}  // namespace sara::store_embedded
