// What stands in Redis, and that a node of the earlier Go server and ours read each other's keys.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "presence_calls.h"
#include "redis_server.h"
#include "running_store.h"

namespace sara::store_redis {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testkit::StoredPacket;

constexpr const char* kBacklog = "offline_bob@demo_idx";
constexpr const char* kOrder = "{offline_bob@demo_idx}_idx";

struct RedisKeys : ::testing::Test {
    RedisServer server;
    RunningStore store{server.address()};
    const bool started = (store.start(), true);
    testkit::StoreClient client = store.client();

    // As a Go node does for a user who is away.
    void goStores(const std::string& id, uint64_t ct) {
        server.command({"HSET", kBacklog, id, packet(id, ct)});
        server.command({"SETEX", id, "604800", packet(id, ct)});
    }
    static std::string packet(const std::string& id, uint64_t ct) {
        return R"({"envelope":{"id":")" + id +
               R"(","type":1,"from":"amy@demo/pc","to":"bob@demo","ct":")" + std::to_string(ct) +
               R"("},"payload":{"ct":"1"}})";
    }
    std::vector<std::string> ids() {
        std::vector<std::string> all;
        for (const StoredPacket& p : client.fetchAll("bob@demo", 3)) all.push_back(p.id);
        return all;
    }
    uint64_t now() { return store.host().clock().wallMs(); }
};

TEST_F(RedisKeys, AGoNodeFindsThePacketUnderItsIdByteForByte) {
    const std::string text = packet("m1", now());
    client.append("bob@demo", "m1", text);
    EXPECT_EQ(server.text({"HGET", kBacklog, "m1"}), text);
    EXPECT_EQ(server.number({"HLEN", kBacklog}), 1);
    EXPECT_EQ(server.number({"DBSIZE"}) - server.number({"EXISTS", "sara_idx"}) -
                  server.number({"EXISTS", "n01"}) - server.number({"EXISTS", "node_alive_n01"}),
              2);
}

TEST_F(RedisKeys, WhatAGoNodeAcknowledgedDoesNotComeAgain) {
    client.append("bob@demo", "m1", "{}");
    client.append("bob@demo", "m2", "{}");
    server.command({"HDEL", kBacklog, "m1"});
    EXPECT_THAT(ids(), ElementsAre("m2"));
    EXPECT_EQ(server.number({"ZCARD", kOrder}), 2) << "the place of m1 has left the order";
}

TEST_F(RedisKeys, WhatGoNodesWroteComesInTheOrderOfCt) {
    const uint64_t t = now();
    goStores("c", t - 1000);
    goStores("a", t - 3000);
    goStores("d", t - 500);
    goStores("b", t - 2000);
    const auto found = client.fetchAll("bob@demo");
    ASSERT_EQ(found.size(), 4u);
    EXPECT_THAT(ids(), ElementsAre("a", "b", "c", "d"));
    EXPECT_EQ(found[0].from, "amy@demo");
    EXPECT_EQ(found[0].packet, packet("a", t - 3000));
    for (size_t i = 1; i < found.size(); ++i) EXPECT_GT(found[i].seq, found[i - 1].seq);
    EXPECT_EQ(client.fetchAll("bob@demo"), found) << "places are stable";
    ASSERT_EQ(client.drop("bob@demo", {found[0].seq, found[2].seq}).status, SARA_OK);
    EXPECT_THAT(ids(), ElementsAre("b", "d"));
    EXPECT_EQ(server.number({"HLEN", kBacklog}), 2);
}

TEST_F(RedisKeys, PacketsOfBothKindsOfNodesAreMixedByTime) {
    const uint64_t t = now();
    goStores("old", t - 60'000);
    client.append("bob@demo", "ours1", "{}");
    EXPECT_THAT(ids(), ElementsAre("old", "ours1"));
    goStores("between", t - 30'000);
    client.append("bob@demo", "ours2", "{}");
    EXPECT_THAT(ids(), ElementsAre("old", "between", "ours1", "ours2"));
}

TEST_F(RedisKeys, AGoNodeThatAddsOneAndDeletesOneBetweenTwoReadsIsNoticed) {
    client.append("bob@demo", "m1", "{}");
    client.append("bob@demo", "m2", "{}");
    EXPECT_THAT(ids(), ElementsAre("m1", "m2"));
    server.command({"HDEL", kBacklog, "m1"});
    goStores("go", now());
    EXPECT_THAT(ids(), ElementsAre("m2", "go"));
}

TEST_F(RedisKeys, WhatIsNoPacketIsGivenAsItIs) {
    server.command({"HSET", kBacklog, "junk", "not json"});
    server.command({"HSET", kBacklog, "null", "{\"envelope\":null}"});
    server.command({"HSET", kBacklog, "number 5", "[1,2]"});
    EXPECT_EQ(ids().size(), 3u);
    EXPECT_GT(server.number({"TTL", kBacklog}), 0) << "and it expires";
}

TEST_F(RedisKeys, TwoPacketsWithOneIdBothWait) {
    client.append("bob@demo", "m", "{\"n\":1}", {.from = "amy@demo"});
    client.append("bob@demo", "m", "{\"n\":2}", {.from = "cid@demo"});
    const auto found = client.fetchAll("bob@demo");
    ASSERT_EQ(found.size(), 2u);
    EXPECT_EQ(found[0].id, "m");
    EXPECT_EQ(found[1].id, "m");
    EXPECT_EQ(found[1].from, "cid@demo");
    EXPECT_EQ(server.text({"HGET", kBacklog, "m"}), "{\"n\":1}");
}

// Defect 30: index entries lived for ever.
TEST_F(RedisKeys, TheIndexDoesNotGrowWithWhatHasExpired) {
    const uint64_t t = now();
    for (int i = 0; i < 20; ++i) {
        client.append("bob@demo", "old" + std::to_string(i), "{}", {.expires_ms = t + 1000});
    }
    EXPECT_LE(server.number({"PTTL", kBacklog}), 1010);
    client.append("bob@demo", "long", "{}", {.expires_ms = t + 604'800'000});
    EXPECT_GT(server.number({"TTL", kBacklog}), 600'000);
    EXPECT_GT(server.number({"TTL", kOrder}), 600'000);
    store.host().clock().advance(2000);
    for (int i = 0; i < 4; ++i) {
        client.append("bob@demo", "new" + std::to_string(i), "{}", {.expires_ms = t + 604'800'000});
    }
    EXPECT_EQ(server.number({"HLEN", kBacklog}), 5);
    EXPECT_EQ(server.number({"ZCARD", kOrder}), 6);
    EXPECT_GT(store.host().metric("store_expired_total"), 0);
}

TEST_F(RedisKeys, WhatAGoNodeWroteMoreThanSevenDaysAgoIsGone) {
    goStores("old", now() - 604'800'001);
    goStores("young", now() - 604'000'000);
    EXPECT_THAT(ids(), ElementsAre("young"));
    EXPECT_EQ(server.number({"HLEN", kBacklog}), 1);
}

TEST_F(RedisKeys, TheSessionRecordHasTheSpellingOfTheGoNodes) {
    PresenceCalls calls(store);
    EXPECT_EQ(calls.claim("bob@demo", "sid-1").status, SARA_E_NOTFOUND);
    const std::string record = server.text({"GET", "session_bob@demo"});
    EXPECT_THAT(record,
                HasSubstr(R"({"Sid":"sid-1","Jid":"bob@demo/pc","Status":"login","Nodeid":"n01",)"
                          R"("Channel":"10.0.0.1:4281","Ct":1795336638,)"));
    EXPECT_EQ(server.text({"HGET", "n01_idx", "session_bob@demo"}), record);
    EXPECT_EQ(server.number({"TTL", "session_bob@demo"}), -1);
}

TEST_F(RedisKeys, AClaimGivesWhatItReplacedAlsoWhenAGoNodeWroteIt) {
    PresenceCalls calls(store);
    server.command(
        {"SET", "session_bob@demo",
         R"({"sid":"go-sid","JID":"bob@demo/go","Status":"login","nodeid":"n02","Channel":"h:4281","Ct":1795336638})"});
    const PresenceAnswer before = calls.lookup("bob@demo");
    EXPECT_EQ(before.status, SARA_OK);
    EXPECT_EQ(before.sid, "go-sid");
    EXPECT_EQ(before.since_ms, 1'795'336'638'000u);
    const PresenceAnswer replaced = calls.claim("bob@demo", "ours");
    EXPECT_EQ(replaced.status, SARA_OK);
    EXPECT_EQ(replaced.jid, "bob@demo/go");
    EXPECT_EQ(replaced.node, "n02");
    EXPECT_EQ(replaced.channel, "h:4281");
    EXPECT_EQ(calls.claim("bob@demo", "ours").status, SARA_E_NOTFOUND) << "its own record";
}

TEST_F(RedisKeys, AReleaseTouchesNoOtherSession) {
    PresenceCalls calls(store);
    calls.claim("bob@demo", "first");
    calls.claim("bob@demo", "second");
    EXPECT_EQ(calls.release("bob@demo", "first"), SARA_OK);
    EXPECT_EQ(calls.lookup("bob@demo").sid, "second");
    EXPECT_EQ(calls.release("bob@demo", "second"), SARA_OK);
    EXPECT_EQ(calls.lookup("bob@demo").status, SARA_E_NOTFOUND);
    EXPECT_EQ(server.number({"EXISTS", "n01_idx"}), 0);
}

TEST_F(RedisKeys, ARecordThatIsNoJsonIsNobody) {
    server.command({"SET", "session_bob@demo", "garbage"});
    PresenceCalls calls(store);
    EXPECT_EQ(calls.lookup("bob@demo").status, SARA_E_NOTFOUND);
    EXPECT_EQ(calls.claim("bob@demo", "sid").status, SARA_E_NOTFOUND);
}

TEST_F(RedisKeys, TheNodeIsRegisteredAsGoNodesAreAndLeavesInOrder) {
    ASSERT_TRUE(store.host().runUntil(
        [&] {
            return server.number({"HEXISTS", "sara_idx", "n01"}) == 1;
        },
        3s));
    const std::string value = server.text({"HGET", "sara_idx", "n01"});
    EXPECT_EQ(value.size(), 3u + 13u);
    EXPECT_THAT(value, ::testing::StartsWith("n01"));
    EXPECT_TRUE(store.host().runUntil([&] { return server.text({"GET", "n01"}) == value; }, 3s));
    EXPECT_GT(server.number({"TTL", "node_alive_n01"}), 10);
    store.stop();
    EXPECT_TRUE(store.host().runUntil(
        [&] {
            return server.number({"EXISTS", "sara_idx", "n01", "node_alive_n01"}) == 0;
        },
        2s));
}

TEST_F(RedisKeys, SessionsThatADeadPredecessorLeftAreDeletedAndNoOthers) {
    const std::string dead = R"({"Sid":"x","Jid":"dead@demo/pc","Nodeid":"n01","Ct":1})";
    server.command({"HSET", "n03_idx", "session_dead@demo", dead, "session_moved@demo", dead});
    server.command({"SET", "session_dead@demo", dead});
    server.command({"SET", "session_moved@demo", R"({"Sid":"y","Nodeid":"n02"})"});
    testkit::FakeHost host({.config_json = "{\"dbaddr\": \"" + server.address() + "\"}",
                            .manifest_json = SARA_MANIFEST_JSON,
                            .real_time = true,
                            .node_id = "n03"});
    testkit::PluginInstance plugin(host, roomPlugin());
    ASSERT_EQ(plugin.start(), SARA_OK);
    EXPECT_TRUE(host.runUntil([&] { return server.number({"EXISTS", "n03_idx"}) == 0; }, 3s));
    EXPECT_EQ(server.number({"EXISTS", "session_dead@demo"}), 0);
    EXPECT_EQ(server.number({"EXISTS", "session_moved@demo"}), 1);
}

TEST_F(RedisKeys, UsersWithBracesKeepTheirBacklogsApart) {
    for (const char* user : {"a{b}@demo", "a}b{@demo", "{}@demo", "{a@demo", "}a@demo"}) {
        ASSERT_EQ(client.append(user, "m", user).status, SARA_OK) << user;
    }
    for (const char* user : {"a{b}@demo", "a}b{@demo", "{}@demo", "{a@demo", "}a@demo"}) {
        const auto found = client.fetchAll(user);
        ASSERT_EQ(found.size(), 1u) << user;
        EXPECT_EQ(found[0].packet, user);
    }
}

}  // namespace
}  // namespace sara::store_redis
