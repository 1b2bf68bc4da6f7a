// Redis stops, hangs, forgets, refuses and restarts: nothing lies, nothing is completed twice, and
// the store is back by itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "presence_calls.h"
#include "redis_server.h"
#include "running_store.h"

namespace sara::store_redis {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using testkit::StoreAnswer;
using testkit::StoreClient;

int64_t msSince(Clock::time_point begin) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin).count();
}

struct RedisFaults : ::testing::Test {
    RedisServer server;
    RunningStore store{server.address(), "", 2};
    void SetUp() override { store.start(); }
    void TearDown() override {
        store.stop();
        EXPECT_EQ(store.host().buffersAlive(), 0);
    }
};

TEST_F(RedisFaults, AStoppedServerIsAnErrorAndAnUnhealthyStoreWithinTwoSeconds) {
    StoreClient client = store.client();
    ASSERT_EQ(client.append("bob@demo", "a", "{}").status, SARA_OK);
    const auto begin = Clock::now();
    server.kill();
    EXPECT_TRUE(store.waitHealth(false, 2s));
    const StoreAnswer answer = client.append("bob@demo", "b", "{}");
    EXPECT_TRUE(answer.status == SARA_E_IO || answer.status == SARA_E_TIMEOUT) << answer.status;
    EXPECT_EQ(answer.completions, 1);
    EXPECT_EQ(client.fetch("bob@demo").packets.size(), 0u);
    EXPECT_LT(msSince(begin), 6000);
}

TEST_F(RedisFaults, AHungServerCostsNoCallMoreThanTwoSeconds) {
    StoreClient client = store.client();
    ASSERT_EQ(client.append("bob@demo", "a", "{}").status, SARA_OK);
    server.pause();
    const auto begin = Clock::now();
    const StoreAnswer answer = client.append("bob@demo", "b", "{}");
    EXPECT_EQ(answer.status, SARA_E_TIMEOUT);
    EXPECT_LT(msSince(begin), 2500);
    EXPECT_TRUE(store.waitHealth(false, 2s));
    server.resume();
    const auto resumed = Clock::now();
    EXPECT_TRUE(store.waitHealth(true, 4s));
    EXPECT_LT(msSince(resumed), 3500);
    EXPECT_EQ(client.append("bob@demo", "c", "{}").status, SARA_OK);
    const auto found = client.fetchAll("bob@demo");
    ASSERT_GE(found.size(), 2u);
    EXPECT_EQ(found.front().id, "a");
    EXPECT_EQ(found.back().id, "c");
}

TEST_F(RedisFaults, AServerThatComesBackEmptyGetsTheLiveSessionsAgain) {
    PresenceCalls calls(store);
    for (int i = 0; i < 200; ++i) {
        const std::string user = "user" + std::to_string(i) + "@demo";
        ASSERT_EQ(calls.claim(user, "sid" + std::to_string(i)).status, SARA_E_NOTFOUND);
    }
    server.kill();
    ASSERT_TRUE(store.waitHealth(false, 2s));
    server.forget();
    server.start();
    ASSERT_EQ(server.number({"HLEN", "n01_idx"}), 0);
    const auto back = Clock::now();
    EXPECT_TRUE(store.host().runUntil(
        [&] {
            return server.number({"HLEN", "n01_idx"}) == 200;
        },
        10s));
    EXPECT_LT(msSince(back), 4000);
    EXPECT_EQ(calls.lookup("user7@demo").sid, "sid7");
}

TEST_F(RedisFaults, AfterFlushAllTheLiveSessionsAreWrittenAgainAndReleasedOnesAreNot) {
    PresenceCalls calls(store);
    calls.claim("amy@demo", "sid-amy");
    calls.claim("bob@demo", "sid-bob");
    ASSERT_EQ(calls.release("bob@demo", "sid-bob"), SARA_OK);
    ASSERT_TRUE(store.host().runUntil(
        [&] {
            return server.number({"EXISTS", "node_alive_n01"}) == 1;
        },
        3s));
    server.command({"FLUSHALL"});
    EXPECT_TRUE(store.host().runUntil(
        [&] {
            return server.number({"EXISTS", "session_amy@demo"}) == 1;
        },
        5s));
    EXPECT_EQ(server.number({"EXISTS", "session_bob@demo"}), 0);
    EXPECT_TRUE(store.host().runUntil(
        [&] {
            return server.number({"HEXISTS", "sara_idx", "n01"}) == 1;
        },
        3s));
}

TEST_F(RedisFaults, ManySessionsAreBackWithinSeconds) {
    constexpr int kSessions = 10'000;
    PresenceCalls calls(store);
    calls.claimMany(kSessions);
    ASSERT_EQ(server.number({"HLEN", "n01_idx"}), kSessions);
    ASSERT_TRUE(store.host().runUntil(
        [&] {
            return server.number({"EXISTS", "node_alive_n01"}) == 1;
        },
        3s));
    const auto begin = Clock::now();
    server.command({"FLUSHALL"});
    EXPECT_TRUE(store.host().runUntil(
        [&] {
            return server.number({"HLEN", "n01_idx"}) == kSessions;
        },
        20s));
    RecordProperty("sessions_back_ms", static_cast<int>(msSince(begin)));
    EXPECT_EQ(calls.lookup("many4711@demo").sid, "sid4711");
}

TEST_F(RedisFaults, AKeyOfAnotherTypeIsAnErrorForItsUserOnly) {
    server.command({"SET", "offline_bob@demo_idx", "garbage"});
    server.command({"LPUSH", "session_bob@demo", "x"});
    StoreClient client = store.client();
    EXPECT_EQ(client.append("bob@demo", "a", "{}").status, SARA_E_IO);
    EXPECT_EQ(client.fetch("bob@demo").status, SARA_E_IO);
    EXPECT_EQ(PresenceCalls(store).lookup("bob@demo").status, SARA_E_IO);
    EXPECT_EQ(client.append("amy@demo", "a", "{}").status, SARA_OK);
    EXPECT_TRUE(store.host().logged("WRONGTYPE"));
}

TEST_F(RedisFaults, ScriptsThatRedisHasForgottenAreSentAgain) {
    StoreClient client = store.client();
    ASSERT_EQ(client.append("bob@demo", "a", "{}").status, SARA_OK);
    server.command({"SCRIPT", "FLUSH"});
    EXPECT_EQ(client.append("bob@demo", "b", "{}").status, SARA_OK);
    EXPECT_EQ(client.fetchAll("bob@demo").size(), 2u);
}

TEST_F(RedisFaults, AServerWithoutMemoryRefusesAndTheStoreSaysSo) {
    server.command({"CONFIG", "SET", "maxmemory", "1"});
    EXPECT_EQ(store.client().append("bob@demo", "a", "{}").status, SARA_E_FULL);
    EXPECT_TRUE(store.waitHealth(false, 2s));
    server.command({"CONFIG", "SET", "maxmemory", "0"});
    EXPECT_TRUE(store.waitHealth(true, 4s));
    EXPECT_EQ(store.client().append("bob@demo", "a", "{}").status, SARA_OK);
}

TEST_F(RedisFaults, AReplicaIsNoStoreUntilItIsPromoted) {
    server.command({"REPLICAOF", "127.0.0.1", "1"});
    const StoreAnswer refused = store.client().append("bob@demo", "a", "{}");
    EXPECT_TRUE(refused.status == SARA_E_TIMEOUT || refused.status == SARA_E_IO);
    server.command({"REPLICAOF", "NO", "ONE"});
    EXPECT_TRUE(store.host().runUntil(
        [&] { return store.client().append("bob@demo", "b", "{}").status == SARA_OK; }));
}

TEST_F(RedisFaults, UnderLoadEachCallCompletesOnceThroughKillAndRestart) {
    StoreClient client = store.client();
    std::vector<StoreClient::Answer> answers;
    for (int round = 0; round < 60; ++round) {
        for (uint32_t loop = 0; loop < 2; ++loop) {
            store.host().loop(loop).run([&] {
                for (int i = 0; i < 10; ++i) {
                    const std::string user = "u" + std::to_string(i) + "@demo";
                    answers.push_back(client.startAppend(user, "m" + std::to_string(round), "{}"));
                    answers.push_back(client.startFetch(user));
                }
            });
        }
        if (round == 20) server.kill();
        if (round == 40) server.start();
        const auto pause = Clock::now() + 10ms;
        store.host().runUntil([&] { return Clock::now() >= pause; });
    }
    ASSERT_TRUE(client.wait(answers));
    store.host().settle();
    uint64_t fine = 0;
    for (const auto& answer : answers) {
        ASSERT_EQ(answer->completions, 1);
        fine += answer->status == SARA_OK ? 1 : 0;
    }
    EXPECT_GT(fine, 0u);
    EXPECT_TRUE(store.waitHealth(true));
}

TEST(RedisStart, WithoutAServerTheStoreStartsUnhealthyAndIsThereWhenItIs) {
    RedisServer server;
    server.kill();
    RunningStore store(server.address());
    ASSERT_TRUE(store.begin());
    EXPECT_NE(store.health(), SARA_OK);
    EXPECT_NE(store.client().append("bob@demo", "a", "{}").status, SARA_OK);
    EXPECT_TRUE(store.host().logged("no Redis answers now"));
    server.start();
    EXPECT_TRUE(store.waitHealth(true, 3s));
    EXPECT_EQ(store.client().append("bob@demo", "a", "{}").status, SARA_OK);
}

TEST(RedisStart, SaysWhatThePromiseIsWorth) {
    RedisServer server;
    RunningStore store(server.address());
    store.start();
    EXPECT_EQ(store.api()->promise(store.plugin().self()), uint32_t{SARA_PROMISE_SHARED});
    EXPECT_TRUE(store.host().logged("without an append-only file"));
    RedisServer durable({"--appendonly", "yes", "--appendfsync", "always"});
    RunningStore second(durable.address());
    second.start();
    EXPECT_EQ(second.api()->promise(second.plugin().self()),
              uint32_t{SARA_PROMISE_SHARED | SARA_PROMISE_DURABLE});
}

TEST(RedisStart, TheFirstAddressThatAnswersIsTaken) {
    RedisServer dead, alive;
    dead.kill();
    RunningStore store(dead.address() + ", " + alive.address());
    store.start();
    EXPECT_EQ(store.client().append("bob@demo", "a", "{}").status, SARA_OK);
    EXPECT_EQ(alive.number({"HLEN", "offline_bob@demo_idx"}), 1);
}

TEST(RedisStart, WaitForReplicasGivesNoAckWithoutThem) {
    RedisServer server;
    RunningStore store(server.address(), R"(, "wait_replicas": 1, "wait_timeout_ms": 50)");
    store.start();
    EXPECT_TRUE(store.host().logged("asks for replicas and Redis has none"));
    EXPECT_EQ(store.client().append("bob@demo", "a", "{}").status, SARA_E_IO);
    EXPECT_EQ(store.client().fetch("bob@demo").status, SARA_OK) << "what follows is in step";
}

TEST(RedisStart, AWrongPasswordIsSaidAndARightOneWorks) {
    RedisServer server({"--requirepass", "secret-word"});
    RunningStore wrong(server.address(), R"(, "password": "nope-word")");
    ASSERT_TRUE(wrong.begin());
    EXPECT_TRUE(wrong.host().runUntil([&] { return wrong.host().logged("AUTH: WRONGPASS"); }, 5s));
    EXPECT_FALSE(wrong.host().logged("nope-word"));
    EXPECT_NE(wrong.health(), SARA_OK);
    RunningStore right(server.address(), R"(, "user": "default", "password": "secret-word")");
    right.start();
    EXPECT_EQ(right.client().append("bob@demo", "a", "{}").status, SARA_OK);
}

}  // namespace
}  // namespace sara::store_redis
