// Answers that no Redis gives: wrong forms, endless redirects, huge lengths, noise. No crash, no
// call without an answer, no answer that is a lie.
#include <gtest/gtest.h>

#include <random>

#include "fake_redis.h"
#include "presence_calls.h"
#include "running_store.h"

namespace sara::store_redis {
namespace {

using namespace std::chrono_literals;
using testkit::StoreClient;

// One append, one fetch and one lookup against a server that always answers the same.
void expectRefused(const std::string& bytes) {
    FakeRedis server([&](int) { return bytes; });
    RunningStore store(server.address(), R"(, "call_timeout_ms": 80, "reply_timeout_ms": 80)");
    ASSERT_TRUE(store.begin());
    StoreClient client = store.client();
    const auto kept = client.append("bob@demo", "m", "{}");
    EXPECT_EQ(kept.completions, 1);
    EXPECT_NE(kept.status, SARA_OK) << bytes.substr(0, 60);
    const auto found = client.fetch("bob@demo");
    EXPECT_EQ(found.completions, 1);
    EXPECT_NE(found.status, SARA_OK) << bytes.substr(0, 60);
    EXPECT_NE(PresenceCalls(store).lookup("bob@demo").status, SARA_OK);
    store.stop();
    EXPECT_EQ(store.host().buffersAlive(), 0);
}

TEST(RedisGarbage, AnswersOfAnotherFormAreErrors) {
    for (const char* bytes :
         {":1\r\n", "+OK\r\n", "$-1\r\n", "*-1\r\n", "*2\r\n$1\r\nF\r\n:1\r\n", "*1\r\n:7\r\n",
          "*3\r\n:0\r\n:0\r\n$1\r\n1\r\n", "*2\r\n$1\r\nx\r\n$1\r\n0\r\n", "*2\r\n*0\r\n*0\r\n"}) {
        expectRefused(bytes);
    }
}

TEST(RedisGarbage, WhatIsNoRedisIsCutOff) {
    for (const char* bytes : {"HTTP/1.1 400 Bad Request\r\n\r\n", "\r\n\r\n\r\n", "*\r\n",
                              "$99999999999999999999\r\n", "*2147483647\r\n", "$-2\r\n",
                              "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n",
                              ":1\r\n:2\r\n:3\r\n:4\r\n"}) {
        expectRefused(bytes);
    }
}

TEST(RedisGarbage, RedirectsWithoutEndAndWithoutSenseEnd) {
    for (const char* bytes :
         {"-MOVED 1 127.0.0.1:1\r\n", "-ASK 1 127.0.0.1:1\r\n", "-MOVED 99999 h:1\r\n",
          "-MOVED 1\r\n", "-MOVED 1 nowhere\r\n", "-ASK x y\r\n", "-MOVED 1 :0\r\n",
          "-NOSCRIPT No matching script.\r\n", "-TRYAGAIN later\r\n", "-CLUSTERDOWN\r\n",
          "-LOADING data\r\n", "-READONLY You can't write\r\n", "-BUSY script\r\n", "-\r\n"}) {
        expectRefused(bytes);
    }
}

TEST(RedisGarbage, HalfAnAnswerIsATimeout) {
    expectRefused("*2\r\n$5\r\nab");
    expectRefused("$70000000\r\nabc");
}

TEST(RedisGarbage, ASlotMapWithoutSenseIsNotUsed) {
    for (const char* slots : {"*1\r\n*3\r\n:0\r\n:99999\r\n*2\r\n$1\r\nh\r\n:1\r\n", "*1\r\n:1\r\n",
                              "*1\r\n*3\r\n:5\r\n:1\r\n*2\r\n$1\r\nh\r\n:1\r\n", "*0\r\n",
                              "*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n$1\r\nh\r\n:70000\r\n",
                              "*1\r\n*3\r\n:0\r\n:1\r\n$-1\r\n"}) {
        FakeRedis server([](int) { return ":1\r\n"; }, slots);
        RunningStore store(server.address(), R"(, "call_timeout_ms": 80)");
        ASSERT_TRUE(store.begin());
        EXPECT_NE(store.client().append("bob@demo", "m", "{}").status, SARA_OK);
        EXPECT_NE(store.health(), SARA_OK) << slots;
    }
}

TEST(RedisGarbage, NoiseOfAllKindsIsSurvived) {
    std::mt19937 random(4711);     // of the calls
    std::mt19937 noise(20140607);  // of the server, in its thread
    const std::string pieces[] = {"*2\r\n",
                                  ":0\r\n",
                                  "$1\r\nF\r\n",
                                  "$-1\r\n",
                                  "-MOVED 5 127.0.0.1:2\r\n",
                                  "-ASK 5 [::1]:3\r\n",
                                  "+OK\r\n",
                                  "*0\r\n",
                                  "$3\r\nab",
                                  "\r\n",
                                  "-NOSCRIPT x\r\n",
                                  "-TRYAGAIN x\r\n",
                                  "$2\r\n17\r\n",
                                  "*7\r\n"};
    FakeRedis server([&](int) {
        std::string bytes;
        for (auto n = noise() % 8; n > 0; --n) {
            if (noise() % 8 == 0) {
                bytes.push_back(static_cast<char>(noise()));
            } else {
                bytes += pieces[noise() % std::size(pieces)];
            }
        }
        return bytes;
    });
    RunningStore store(server.address(), R"(, "call_timeout_ms": 100, "reply_timeout_ms": 100)");
    ASSERT_TRUE(store.begin());
    StoreClient client = store.client();
    std::vector<StoreClient::Answer> answers;
    const auto end = std::chrono::steady_clock::now() + 3s;
    while (std::chrono::steady_clock::now() < end) {
        store.host().loop().run([&] {
            const std::string user = "u" + std::to_string(random() % 5) + "@demo";
            answers.push_back(client.startAppend(user, "m", "{}"));
            answers.push_back(client.startFetch(user));
            answers.push_back(client.startDrop(user, {1, 2}));
        });
        const auto pause = std::chrono::steady_clock::now() + 3ms;
        store.host().runUntil([&] { return std::chrono::steady_clock::now() >= pause; });
    }
    ASSERT_TRUE(client.wait(answers));
    store.stop();
    for (const auto& answer : answers) ASSERT_EQ(answer->completions, 1);
    EXPECT_EQ(store.host().buffersAlive(), 0);
}

}  // namespace
}  // namespace sara::store_redis
