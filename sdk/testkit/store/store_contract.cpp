#include "testkit/store/store_contract.h"

#include <map>
#include <random>

namespace sara::testkit {

void PrintTo(const StoreFactory& factory, std::ostream* out) { *out << factory.name; }

StoreContract::StoreContract() : store_(GetParam().make(kLoops)) {
    client_ = std::make_unique<StoreClient>(store_->host(), store_->api(), store_->self());
}

StoreContract::~StoreContract() = default;

bool StoreContract::durable() {
    return (store_->api()->promise(store_->self()) & SARA_PROMISE_DURABLE) != 0;
}

void StoreContract::restart(uint64_t wall_ms) {
    client_.reset();
    store_->stop();
    store_->restart(wall_ms);
    client_ = std::make_unique<StoreClient>(store_->host(), store_->api(), store_->self());
}

namespace {

std::string text(const char* prefix, uint64_t n) { return prefix + std::to_string(n); }

std::vector<std::string> idsOf(const std::vector<StoredPacket>& packets) {
    std::vector<std::string> ids;
    for (const StoredPacket& p : packets) ids.push_back(p.id);
    return ids;
}

using Ids = std::vector<std::string>;

TEST_P(StoreContract, GivesAPacketBackByteForByte) {
    std::string packet = "{\"payload\":\"\\u0000 \xc3\xa4\"}";
    packet.push_back('\0');
    packet += std::string(5000, 'x');
    const auto kept = client().append("bob@demo", "id-1", packet, {.from = "amy@demo"});
    ASSERT_EQ(kept.status, SARA_OK);
    const auto found = client().fetch("bob@demo");
    ASSERT_EQ(found.status, SARA_OK);
    EXPECT_EQ(found.more, 0u);
    ASSERT_EQ(found.packets.size(), 1u);
    EXPECT_EQ(found.packets[0], (StoredPacket{kept.seq, "id-1", "amy@demo", packet}));
}

TEST_P(StoreContract, AnEmptyBacklogIsOkAndEmpty) {
    const auto found = client().fetch("nobody@demo");
    EXPECT_EQ(found.status, SARA_OK);
    EXPECT_TRUE(found.packets.empty());
    EXPECT_EQ(found.more, 0u);
}

TEST_P(StoreContract, KeepsTheOrderOfArrivalAndGrowingPlaces) {
    uint64_t last = 0;
    Ids ids;
    for (uint64_t i = 0; i < 300; ++i) {
        const auto kept = client().append("bob@demo", text("m", i), "{}");
        ASSERT_EQ(kept.status, SARA_OK);
        ASSERT_GT(kept.seq, last);
        last = kept.seq;
        ids.push_back(text("m", i));
    }
    EXPECT_EQ(idsOf(client().fetchAll("bob@demo", 7)), ids);
    EXPECT_EQ(idsOf(client().fetchAll("bob@demo", 1000)), ids);
}

TEST_P(StoreContract, FetchStartsBehindThePlaceGiven) {
    std::vector<uint64_t> seqs;
    for (uint64_t i = 0; i < 5; ++i) {
        seqs.push_back(client().append("bob@demo", text("m", i), "{}").seq);
    }
    EXPECT_EQ(idsOf(client().fetch("bob@demo", seqs[2]).packets), (Ids{"m3", "m4"}));
    EXPECT_TRUE(client().fetch("bob@demo", seqs[4]).packets.empty());
}

TEST_P(StoreContract, FetchIsCutByCountAndSaysWhetherMoreWaits) {
    for (uint64_t i = 0; i < 5; ++i) client().append("bob@demo", text("m", i), "{}");
    const auto cut = client().fetch("bob@demo", 0, 4);
    EXPECT_EQ(cut.packets.size(), 4u);
    EXPECT_EQ(cut.more, 1u);
    const auto exact = client().fetch("bob@demo", 0, 5);
    EXPECT_EQ(exact.packets.size(), 5u);
    EXPECT_EQ(exact.more, 0u);
}

TEST_P(StoreContract, FetchIsCutByBytesButAlwaysGivesOne) {
    for (uint64_t i = 0; i < 4; ++i) {
        client().append("bob@demo", text("m", i), std::string(1000, 'p'));
    }
    const auto one = client().fetch("bob@demo", 0, 10, 10);
    EXPECT_EQ(one.packets.size(), 1u);
    EXPECT_EQ(one.more, 1u);
    const auto three = client().fetch("bob@demo", 0, 10, 3000);
    EXPECT_EQ(three.packets.size(), 3u);
    EXPECT_EQ(three.more, 1u);
}

TEST_P(StoreContract, DropForgetsExactlyThePacketsNamed) {
    std::vector<uint64_t> seqs;
    for (uint64_t i = 0; i < 6; ++i) {
        seqs.push_back(client().append("bob@demo", text("m", i), "{}").seq);
    }
    EXPECT_EQ(client().drop("bob@demo", {seqs[0], seqs[3], seqs[5]}).status, SARA_OK);
    EXPECT_EQ(idsOf(client().fetchAll("bob@demo")), (Ids{"m1", "m2", "m4"}));
    EXPECT_EQ(client().drop("bob@demo", {seqs[1], seqs[2], seqs[4]}).status, SARA_OK);
    EXPECT_TRUE(client().fetchAll("bob@demo").empty());
    EXPECT_EQ(client().append("bob@demo", "again", "{}").status, SARA_OK);
    EXPECT_EQ(idsOf(client().fetchAll("bob@demo")), (Ids{"again"}));
}

TEST_P(StoreContract, DroppingWhatIsNotThereIsFine) {
    const auto kept = client().append("bob@demo", "m", "{}");
    EXPECT_EQ(client().drop("bob@demo", {kept.seq + 100, kept.seq - 1}).status, SARA_OK);
    EXPECT_EQ(client().drop("amy@demo", {kept.seq}).status, SARA_OK);
    EXPECT_EQ(client().drop("bob@demo", {}).status, SARA_OK);
    EXPECT_EQ(client().fetchAll("bob@demo").size(), 1u);
    EXPECT_EQ(client().drop("bob@demo", {kept.seq}).status, SARA_OK);
    EXPECT_EQ(client().drop("bob@demo", {kept.seq}).status, SARA_OK);
}

TEST_P(StoreContract, DropWithoutACompletionWorks) {
    const auto kept = client().append("bob@demo", "m", "{}");
    host().loop().run([&] { client().dropSilently("bob@demo", {kept.seq}); });
    EXPECT_TRUE(client().fetchAll("bob@demo").empty());
}

TEST_P(StoreContract, UsersWithSimilarNamesDoNotSeeEachOther) {
    const Ids users{"a@d", "a@dd", "a@d.", "aa@d", "a@d/", "A@d", "a@", "a"};
    for (const auto& user : users) client().append(user, "of-" + user, "{}");
    for (const auto& user : users) {
        EXPECT_EQ(idsOf(client().fetchAll(user)), (Ids{"of-" + user})) << user;
    }
}

TEST_P(StoreContract, CallsOfOneTurnTakeEffectInTheirOrder) {
    const auto first = client().append("bob@demo", "m0", "{}");
    StoreClient::Answer a, before, drop, after, b, last;
    host().loop().run([&] {
        a = client().startAppend("bob@demo", "m1", "{}");
        before = client().startFetch("bob@demo");
        drop = client().startDrop("bob@demo", {first.seq});
        after = client().startFetch("bob@demo");
        b = client().startAppend("bob@demo", "m2", "{}");
        last = client().startFetch("bob@demo");
    });
    ASSERT_TRUE(client().wait({a, before, drop, after, b, last}));
    EXPECT_EQ(idsOf(before->packets), (Ids{"m0", "m1"}));
    EXPECT_EQ(idsOf(after->packets), (Ids{"m1"}));
    EXPECT_EQ(idsOf(last->packets), (Ids{"m1", "m2"}));
    EXPECT_LT(a->place, before->place);
    EXPECT_LT(before->place, drop->place);
    EXPECT_LT(drop->place, after->place);
    EXPECT_LT(b->place, last->place);
}

TEST_P(StoreContract, CompletesOnceOnTheAskingLoopAndNeverInsideTheCall) {
    std::vector<StoreClient::Answer> answers;
    for (uint32_t loop = 0; loop < kLoops; ++loop) {
        host().loop(loop).run([&] {
            const std::string user = text("user@", loop);
            answers.push_back(client().startAppend(user, "m", "{}"));
            answers.push_back(client().startFetch(user));
            answers.push_back(client().startDrop(user, {1, 2, 3}));
        });
    }
    ASSERT_TRUE(client().wait(answers));
    host().settle();
    for (size_t i = 0; i < answers.size(); ++i) {
        EXPECT_EQ(answers[i]->completions, 1) << i;
        EXPECT_FALSE(answers[i]->inside_call) << i;
        EXPECT_EQ(answers[i]->loop, i / 3) << i;
        EXPECT_EQ(answers[i]->status, SARA_OK) << i;
    }
}

TEST_P(StoreContract, GivesEveryBufferBack) {
    for (uint64_t i = 0; i < 20; ++i) client().append("bob@demo", text("m", i), "{}");
    client().fetchAll("bob@demo");
    host().settle();
    EXPECT_EQ(host().buffersAlive(), 0);
    client_.reset();
    store_->stop();
    EXPECT_EQ(host().buffersAlive(), 0);
}

TEST_P(StoreContract, ExpiredPacketsAreSkipped) {
    const uint64_t now = host().clock().wallMs();
    client().append("bob@demo", "short", "{}", {.expires_ms = now + 1000});
    client().append("bob@demo", "long", "{}", {.expires_ms = now + 100'000});
    client().append("bob@demo", "short2", "{}", {.expires_ms = now + 1000});
    EXPECT_EQ(client().fetch("bob@demo").packets.size(), 3u);
    host().clock().advance(999);
    EXPECT_EQ(client().fetch("bob@demo").packets.size(), 3u);
    host().clock().advance(1);
    EXPECT_EQ(idsOf(client().fetch("bob@demo").packets), (Ids{"long"}));
    const auto cut = client().fetch("bob@demo", 0, 1);
    EXPECT_EQ(cut.more, 0u) << "what has expired is not more";
}

TEST_P(StoreContract, AFullBacklogRefusesAndAcceptsAgainAfterADrop) {
    const uint64_t max = store_->backlogMessagesMax();
    std::vector<StoreClient::Answer> answers;
    host().loop().run([&] {
        for (uint64_t i = 0; i <= max; ++i) {
            answers.push_back(client().startAppend("bob@demo", text("m", i), "{}"));
        }
    });
    ASSERT_TRUE(client().wait(answers));
    for (uint64_t i = 0; i < max; ++i) ASSERT_EQ(answers[i]->status, SARA_OK) << i;
    EXPECT_EQ(answers[max]->status, SARA_E_FULL);
    EXPECT_EQ(client().append("amy@demo", "m", "{}").status, SARA_OK) << "others are not touched";
    EXPECT_EQ(client().drop("bob@demo", {answers[10]->seq}).status, SARA_OK);
    EXPECT_EQ(client().append("bob@demo", "last", "{}").status, SARA_OK);
    EXPECT_EQ(client().append("bob@demo", "too many", "{}").status, SARA_E_FULL);
    EXPECT_EQ(client().fetchAll("bob@demo").size(), max);
}

TEST_P(StoreContract, ACompletionMayCallTheStoreAgain) {
    struct Chain {
        StoreContract* test;
        const sara_store* api;
        void* self;
        FakeHost* host;
        int left = 5;
        int found = -1;
    } chain{this, store_->api(), store_->self(), &host()};
    struct Steps {
        static void append(Chain* c) {
            sara_buf* buf = c->host->buffer("{}");
            sara_store_packet p{};
            p.struct_size = sizeof p;
            p.user = toStr("bob@demo");
            p.id = toStr("m");
            p.from = toStr("amy@demo");
            p.expires_ms = UINT64_MAX / 2;
            p.packet = buf;
            c->api->append(c->self, &p, appended, c);
            c->host->unref(buf);
        }
        static void appended(void* user, sara_status, uint64_t) noexcept {
            auto* c = static_cast<Chain*>(user);
            if (--c->left > 0) return append(c);
            c->api->fetch(c->self, toStr("bob@demo"), 0, 100, 1 << 20, fetched, c);
        }
        static void fetched(void* user, sara_status, const sara_stored*, uint32_t n,
                            uint32_t) noexcept {
            static_cast<Chain*>(user)->found = static_cast<int>(n);
        }
    };
    host().loop().run([&] { Steps::append(&chain); });
    EXPECT_TRUE(host().runUntil([&] { return chain.found >= 0; }));
    EXPECT_EQ(chain.found, 5);
}

TEST_P(StoreContract, IsHealthyAndItsPromiseIsConstant) {
    EXPECT_EQ(store_->api()->health(store_->self()), SARA_OK);
    const uint32_t promise = store_->api()->promise(store_->self());
    client().append("bob@demo", "m", "{}");
    EXPECT_EQ(store_->api()->promise(store_->self()), promise);
    if ((promise & SARA_PROMISE_SHARED) != 0) {
        EXPECT_NE(store_->api()->claim, nullptr);
    }
}

TEST_P(StoreContract, WhatIsUnderWayAtTheEndCompletesOnce) {
    std::vector<StoreClient::Answer> answers;
    for (uint32_t loop = 0; loop < kLoops; ++loop) {
        host().loop(loop).run([&] {
            for (uint64_t i = 0; i < 200; ++i) {
                const std::string user = text("user", loop * 10 + i % 10);
                answers.push_back(client().startAppend(user, text("m", i), "{}"));
                if (i % 3 == 0) answers.push_back(client().startFetch(user));
                if (i % 5 == 0) answers.push_back(client().startDrop(user, {i}));
            }
        });
    }
    store_->stop();
    host().settle();
    for (const auto& answer : answers) {
        ASSERT_EQ(answer->completions, 1);
        EXPECT_TRUE(answer->status == SARA_OK || answer->status == SARA_E_CLOSED) << answer->status;
    }
    EXPECT_EQ(host().buffersAlive(), 0);
}

TEST_P(StoreContract, KeepsEverythingAcrossARestartAlsoWhenTheClockWentBack) {
    if (!durable()) GTEST_SKIP() << "this store does not promise it";
    const uint64_t wall = host().clock().wallMs();
    uint64_t last = 0;
    Ids ids;
    for (int round = 0; round < 4; ++round) {
        for (int i = 0; i < 20; ++i) {
            const std::string id = text("r", static_cast<uint64_t>(round * 100 + i));
            const auto kept = client().append("bob@demo", id, "body of " + id);
            ASSERT_EQ(kept.status, SARA_OK);
            ASSERT_GT(kept.seq, last) << "places only grow";
            last = kept.seq;
            ids.push_back(id);
        }
        // Drop the oldest one of each round, so that a restart meets holes as well.
        const auto head = client().fetch("bob@demo", 0, 1);
        ASSERT_EQ(head.packets.size(), 1u);
        ASSERT_EQ(client().drop("bob@demo", {head.packets[0].seq}).status, SARA_OK);
        ids.erase(ids.begin());
        restart(round % 2 == 0 ? wall - 3'600'000 : wall + 60'000);
        ASSERT_EQ(idsOf(client().fetchAll("bob@demo")), ids) << "round " << round;
    }
}

TEST_P(StoreContract, AgreesWithAModelOverARandomHistory) {
    std::mt19937 random(20240607);
    std::map<std::string, std::vector<StoredPacket>> model;
    for (int step = 0; step < 1500; ++step) {
        const std::string user = text("user", random() % 12) + "@demo";
        auto& backlog = model[user];
        const auto what = random() % 10;
        if (what < 6) {
            const std::string id = text("m", static_cast<uint64_t>(step));
            const std::string body(random() % 300, 'b');
            const auto kept = client().append(user, id, body);
            ASSERT_EQ(kept.status, SARA_OK);
            backlog.push_back({kept.seq, id, "sender@demo", body});
        } else if (what < 9 && !backlog.empty()) {
            std::vector<uint64_t> seqs;
            const size_t n = 1 + random() % backlog.size();
            for (size_t i = 0; i < n; ++i) {
                const size_t at = random() % 3 == 0 ? random() % backlog.size() : 0;
                seqs.push_back(backlog[at].seq);
                backlog.erase(backlog.begin() + static_cast<std::ptrdiff_t>(at));
            }
            ASSERT_EQ(client().drop(user, seqs).status, SARA_OK);
        } else {
            ASSERT_EQ(client().fetchAll(user, static_cast<uint32_t>(1 + random() % 20)), backlog)
                << "step " << step;
        }
        if (step % 500 == 499 && durable()) restart(host().clock().wallMs() + 1000);
    }
    for (const auto& [user, backlog] : model) EXPECT_EQ(client().fetchAll(user), backlog) << user;
}

}  // namespace
}  // namespace sara::testkit
