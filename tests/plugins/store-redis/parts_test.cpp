// The parts that need no server: addresses, slots, redirects, slot maps, scripts, records,
// verdicts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store-redis/cluster_map.h"
#include "store-redis/session_record.h"
#include "store-redis/survey.h"

namespace sara::store_redis {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(RedisAddress, ReadsWhatDbaddrMaySay) {
    std::vector<Address> found;
    std::string error;
    ASSERT_TRUE(parseAddresses("localhost:6379, 10.0.0.1 ,[::1]:7000,unix:/run/r.sock,/tmp/s",
                               &found, &error))
        << error;
    std::vector<std::string> texts;
    for (const Address& address : found) texts.push_back(address.text());
    EXPECT_THAT(texts, ElementsAre("localhost:6379", "10.0.0.1:6379", "[::1]:7000",
                                   "unix:/run/r.sock", "unix:/tmp/s"));
}

TEST(RedisAddress, SaysWhatItFoundAndWhatItExpected) {
    std::vector<Address> found;
    std::string error;
    for (const char* text :
         {"", ",", "h:0", "h:70000", "h:x", ":6379", "[::1", "[::1]x", "::1", "a b:1", "h:6379,"}) {
        EXPECT_FALSE(parseAddresses(text, &found, &error)) << text;
        EXPECT_THAT(error, HasSubstr("key \"dbaddr\": found \"")) << text;
        EXPECT_THAT(error, HasSubstr("expected")) << text;
    }
    EXPECT_FALSE(parseAddresses("/" + std::string(200, 'p'), &found, &error));
}

TEST(RedisSlot, AgreesWithRedis) {
    EXPECT_EQ(slotOf("123456789"), 12739);  // the check value of CRC16/XMODEM
    EXPECT_EQ(slotOf("foo"), 12182);
    EXPECT_EQ(slotOf("{user1000}.following"), slotOf("user1000"));
    EXPECT_EQ(slotOf("foo{}{bar}"), slotOf("foo{}{bar}"));
    EXPECT_EQ(slotOf("foo{{bar}}zap"), slotOf("{bar"));
    EXPECT_EQ(slotOf("foo{bar}{zap}"), slotOf("bar"));
}

TEST(RedisSlot, ACompanionIsInTheSlotOfItsKeyAndDifferentForDifferentKeys) {
    std::vector<std::string> names;
    for (const char* user : {"bob@demo", "a{b}@demo", "a}b@demo", "{}@demo", "a{@demo", "}{@demo",
                             "a}b{c}@demo", "x{}{y}@demo"}) {
        const std::string key = std::string("offline_") + user + "_idx";
        const std::string companion = companionOf(key);
        EXPECT_EQ(slotOf(companion), slotOf(key)) << user;
        EXPECT_TRUE(companion.ends_with("_idx"));
        EXPECT_NE(companion, key);
        names.push_back(companion);
    }
    std::sort(names.begin(), names.end());
    EXPECT_EQ(std::unique(names.begin(), names.end()), names.end());
    EXPECT_EQ(companionOf("offline_bob@demo_idx"), "{offline_bob@demo_idx}_idx");
}

TEST(RedisRedirect, ReadsBothKindsAndRefusesTheRest) {
    const auto moved = parseRedirect("MOVED 3999 10.0.0.2:6381", "x");
    ASSERT_TRUE(moved.has_value());
    EXPECT_FALSE(moved->ask);
    EXPECT_EQ(moved->slot, 3999);
    EXPECT_EQ(moved->to.text(), "10.0.0.2:6381");
    const auto ask = parseRedirect("ASK 0 fe80::1:6381", "x");
    ASSERT_TRUE(ask.has_value());
    EXPECT_TRUE(ask->ask);
    EXPECT_EQ(ask->to.host, "fe80::1");
    EXPECT_EQ(parseRedirect("MOVED 1 :6381", "asked")->to.host, "asked");
    for (const char* text : {"MOVED", "MOVED 1", "MOVED 16384 h:1", "MOVED -1 h:1", "MOVED 1 h",
                             "MOVED 1 h:0", "MOVED 1 h:70000", "MOVED 1 h:1x", "ERR MOVED 1 h:1"}) {
        EXPECT_FALSE(parseRedirect(text, "x").has_value()) << text;
    }
}

Reply read(const std::string& bytes) {
    ReplyReader reader;
    bool ok = reader.feed(bytes.data(), bytes.size());
    return ok ? reader.next(&ok) : nullptr;
}

TEST(RedisClusterMap, ReadsMastersAndTheirSlots) {
    const Reply reply = read(
        "*2\r\n*3\r\n:0\r\n:8191\r\n*2\r\n$1\r\na\r\n:7000\r\n"
        "*4\r\n:8192\r\n:16383\r\n*2\r\n$0\r\n\r\n:7001\r\n*2\r\n$1\r\nr\r\n:7002\r\n");
    const auto map = parseSlots(*reply, "asked");
    ASSERT_TRUE(map.has_value());
    EXPECT_TRUE(map->complete);
    ASSERT_EQ(map->nodes.size(), 2u);
    EXPECT_EQ(map->nodes[map->owner[16'383]].text(), "asked:7001");
    EXPECT_EQ(map->nodes[map->owner[0]].text(), "a:7000");
}

TEST(RedisClusterMap, AHoleIsNotComplete) {
    const Reply reply = read("*1\r\n*3\r\n:0\r\n:100\r\n*2\r\n$1\r\na\r\n:7000\r\n");
    const auto map = parseSlots(*reply, "x");
    ASSERT_TRUE(map.has_value());
    EXPECT_FALSE(map->complete);
    EXPECT_EQ(map->owner[101], kNobody);
}

TEST(RedisRecord, EscapesWhatJsonMustEscape) {
    sara_presence p{};
    const std::string jid = "a\"\\\n\x01@demo/p";
    p.sid = toStr("s");
    p.jid = toStr(jid);
    p.since_ms = 1'795'336'638'999;
    EXPECT_EQ(
        sessionRecord(p, 12),
        R"({"Sid":"s","Jid":"a\"\\\u000a\u0001@demo/p","Status":"login","Nodeid":"","Channel":"",)"
        R"("Ct":1795336638,"Boot":12})");
}

TEST(RedisSurvey, OnlyAFileSyncedForEachWriteIsDurable) {
    Settings settings;
    ServerFacts facts{"yes", "always", "0", "noeviction", "master", "1", "standalone", "7.0.15"};
    EXPECT_TRUE(judge(facts, settings).durable);
    EXPECT_TRUE(judge(facts, settings).warnings.empty());
    facts.appendfsync = "everysec";
    EXPECT_FALSE(judge(facts, settings).durable);
    EXPECT_THAT(judge(facts, settings).warnings, ElementsAre(HasSubstr("in the last second")));
    facts.appendfsync = "always";
    facts.maxmemory = "100000000";
    facts.maxmemory_policy = "allkeys-lru";
    EXPECT_FALSE(judge(facts, settings).durable);
    EXPECT_THAT(judge(facts, settings).warnings,
                ElementsAre(HasSubstr("deletes waiting messages")));
    facts = {};
    EXPECT_FALSE(judge(facts, settings).durable);
    EXPECT_THAT(judge(facts, settings).warnings, ElementsAre(HasSubstr("CONFIG GET")));
}

}  // namespace
}  // namespace sara::store_redis
