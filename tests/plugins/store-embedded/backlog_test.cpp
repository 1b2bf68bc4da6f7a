// Limits, expiry and what is remembered about users, also when little of it fits into memory.
#include <gtest/gtest.h>

#include "room_plugin.h"
#include "store_fixture.h"

namespace sara::store_embedded {
namespace {

struct Backlog : ::testing::Test {
    TempFolder folder;
    std::unique_ptr<RunningStore> store;
    void begin(const std::string& config = {}) {
        const uint64_t wall = store ? store->host().clock().wallMs() : 0;
        store.reset();
        store = std::make_unique<RunningStore>(roomPlugin(), folder.datadir(), config);
        if (wall != 0) store->host().clock().setWall(wall);
        ASSERT_EQ(store->start(), SARA_OK) << store->host().error();
    }
    testkit::StoreClient& client() { return store->client(); }
    testkit::FakeHost& host() { return store->host(); }
    sara_status append(const std::string& user, size_t bytes = 10,
                       uint64_t expires_ms = UINT64_MAX / 2) {
        return client()
            .append(user, "m", std::string(bytes, 'x'), {.expires_ms = expires_ms})
            .status;
    }
};

TEST_F(Backlog, SaysWithEachAppendHowManyPacketsWait) {
    begin();
    struct Asked {
        const sara_store* api;
        void* self;
        uint64_t waiting = 999;
    } asked{store->api(), store->plugin().self()};
    const auto appendAndAsk = [&](const std::string& user) {
        asked.waiting = 999;
        host().loop().run([&] {
            sara_buf* buf = host().buffer("x");
            sara_store_packet p{};
            p.struct_size = sizeof p;
            p.user = p.from = testkit::toStr(user);
            p.id = testkit::toStr("m");
            p.expires_ms = UINT64_MAX / 2;
            p.packet = buf;
            const auto done = [](void* to, sara_status, uint64_t) noexcept {
                auto& a = *static_cast<Asked*>(to);
                a.waiting = a.api->waiting(a.self);
            };
            asked.api->append(asked.self, &p, done, &asked);
            host().unref(buf);
        });
        EXPECT_TRUE(host().runUntil([&] { return asked.waiting != 999; }));
        return asked.waiting;
    };
    EXPECT_EQ(appendAndAsk("bob@demo"), 1u);
    EXPECT_EQ(appendAndAsk("bob@demo"), 2u);
    EXPECT_EQ(appendAndAsk("amy@demo"), 1u);
    const auto first = client().fetch("bob@demo", 0, 1).packets.at(0);
    EXPECT_EQ(client().drop("bob@demo", {first.seq}).status, SARA_OK);
    EXPECT_EQ(appendAndAsk("bob@demo"), 2u);
    begin();
    asked = {store->api(), store->plugin().self()};
    EXPECT_EQ(appendAndAsk("bob@demo"), 3u);
}

TEST_F(Backlog, IsLimitedInBytesPerUser) {
    begin(R"("backlog_bytes_max": 10000)");
    EXPECT_EQ(append("bob@demo", 6000), SARA_OK);
    EXPECT_EQ(append("bob@demo", 6000), SARA_E_FULL);
    EXPECT_EQ(append("amy@demo", 6000), SARA_OK);
    EXPECT_EQ(host().metric("store_backlog_full_total"), 1);
}

TEST_F(Backlog, LimitsHoldAfterARestartWithoutAnAppendInBetween) {
    const std::string config = R"("backlog_messages_max": 5)";
    begin(config);
    for (int i = 0; i < 5; ++i) ASSERT_EQ(append("bob@demo"), SARA_OK);
    begin(config);
    EXPECT_EQ(append("bob@demo"), SARA_E_FULL);
    const auto first = client().fetch("bob@demo", 0, 1).packets.at(0);
    EXPECT_EQ(client().drop("bob@demo", {first.seq}).status, SARA_OK);
    EXPECT_EQ(append("bob@demo"), SARA_OK);
    EXPECT_EQ(append("bob@demo"), SARA_E_FULL);
}

TEST_F(Backlog, LimitsHoldForMoreUsersThanFitIntoMemory) {
    begin(R"("backlog_messages_max": 3, "tail_users_max": 16, "tail_entries_max": 1024)");
    for (int round = 0; round < 4; ++round) {
        for (int u = 0; u < 60; ++u) {
            const std::string user = "user" + std::to_string(u);
            EXPECT_EQ(append(user), round < 3 ? SARA_OK : SARA_E_FULL) << user;
        }
    }
    for (int u = 0; u < 60; ++u) {
        EXPECT_EQ(client().fetchAll("user" + std::to_string(u)).size(), 3u);
    }
}

TEST_F(Backlog, ExpiredPacketsDoNotFillABacklog) {
    begin(R"("backlog_messages_max": 3)");
    const uint64_t soon = host().clock().wallMs() + 1000;
    for (int i = 0; i < 3; ++i) ASSERT_EQ(append("bob@demo", 10, soon), SARA_OK);
    EXPECT_EQ(append("bob@demo"), SARA_E_FULL);
    host().clock().advance(3000);
    EXPECT_EQ(append("bob@demo"), SARA_OK);
    EXPECT_EQ(client().fetchAll("bob@demo").size(), 1u);
}

// Defect 30: what had expired stayed for ever, and was delivered.
TEST_F(Backlog, TheSweepDeletesWhatExpiredAndNothingElse) {
    begin(R"("sweep_interval_s": 60, "tail_users_max": 16)");
    const uint64_t soon = host().clock().wallMs() + 10'000;
    for (int u = 0; u < 40; ++u) {
        const std::string user = "user" + std::to_string(u);
        ASSERT_EQ(append(user, 10, soon), SARA_OK);
        if (u % 2 != 0) continue;
        ASSERT_EQ(append(user, 20), SARA_OK);
    }
    host().advance(61'000);
    EXPECT_TRUE(host().runUntil([&] { return host().metric("store_expired_total") == 40; }));
    for (int u = 0; u < 40; ++u) {
        const auto left = client().fetchAll("user" + std::to_string(u));
        ASSERT_EQ(left.size(), u % 2 == 0 ? 1u : 0u);
    }
    // A second pass takes the marks of users without a backlog; appends must still be found
    // afterwards.
    host().advance(61'000);
    host().advance(61'000);
    for (int u = 0; u < 40; ++u) ASSERT_EQ(append("user" + std::to_string(u), 30), SARA_OK);
    begin();
    for (int u = 0; u < 40; ++u) {
        EXPECT_EQ(client().fetchAll("user" + std::to_string(u)).size(), u % 2 == 0 ? 2u : 1u);
    }
}

TEST_F(Backlog, AHotUserStaysCheapToReadAfterManyDrops) {
    begin();
    for (int round = 0; round < 200; ++round) {
        ASSERT_EQ(append("bob@demo"), SARA_OK);
        const auto found = client().fetch("bob@demo");
        ASSERT_EQ(found.packets.size(), 1u);
        ASSERT_EQ(client().drop("bob@demo", {found.packets[0].seq}).status, SARA_OK);
    }
    ASSERT_EQ(append("bob@demo", 77), SARA_OK);
    begin();
    const auto left = client().fetchAll("bob@demo");
    ASSERT_EQ(left.size(), 1u);
    EXPECT_EQ(left[0].packet.size(), 77u);
}

TEST_F(Backlog, ALongBacklogComesInPagesOfBoundedSize) {
    begin(R"("page_bytes_max": 10000)");
    std::vector<testkit::StoreClient::Answer> answers;
    host().loop().run([&] {
        for (int i = 0; i < 500; ++i) {
            answers.push_back(
                client().startAppend("bob@demo", std::to_string(i), std::string(300, 'x')));
        }
    });
    ASSERT_TRUE(client().wait(answers));
    const auto page = client().fetch("bob@demo");
    EXPECT_LE(page.packets.size(), 34u);
    EXPECT_EQ(page.more, 1u);
    const auto all = client().fetchAll("bob@demo", 100'000);
    ASSERT_EQ(all.size(), 500u);
    for (size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all[i].id, std::to_string(i));
}

TEST_F(Backlog, CountsWhatItDoes) {
    begin();
    for (int i = 0; i < 10; ++i) append("bob@demo");
    EXPECT_EQ(host().metric("store_appends_total"), 10);
    EXPECT_GE(host().metric("store_batches_total"), 1);
    EXPECT_GT(host().metric("store_sync_us_total"), 0);
    EXPECT_EQ(host().metric("store_queue_operations"), 0);
    EXPECT_EQ(host().metric("store_errors_total"), 0);
}

}  // namespace
}  // namespace sara::store_embedded
