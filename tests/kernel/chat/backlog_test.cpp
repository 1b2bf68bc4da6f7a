// What waits for a user who comes back: order, acknowledgement, sizes, and packets that arrive
// while it is read (protocol 2.2, 3.4; defects 29, 31, 34, 37).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "chat_stage.h"

namespace sara::chat::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::string id(int i) { return "o" + std::to_string(i); }

struct Away : Stage {
    explicit Away(Settings s = {}) : Stage(1, std::move(s)) { alice.login().take(); }
    // Stored packets o0, o1, ...
    void waiting(int n, int ack = 1) {
        for (int i = 0; i < n; ++i)
            store.put(bob.jid(), id(i), chatText("alice@t.com", bob.jid(), id(i), ack));
    }
    User alice{*this, "alice@t.com"};
    User bob{*this, "bob@t.com"};
};

TEST(Backlog, ComesInTheLoginReplyByteForByteAndInOrder) {
    Away t;
    t.store.put("bob@t.com", "o1", R"({"envelope":{"id":"o1","x":12345678901234567890}, "n":1.0})");
    t.store.put("bob@t.com", "o2", R"({"envelope":{"id":"o2"},"pubsub":{}})");
    t.bob.login("L");
    EXPECT_EQ(t.bob.next(),
              R"({"envelope":{"id":"L","type":0},"entity":{"result":"ok"},"delay":{"total":2,)"
              R"("packets":[{"envelope":{"id":"o1","x":12345678901234567890}, "n":1.0},)"
              R"({"envelope":{"id":"o2"},"pubsub":{}}]}})");
}

TEST(Backlog, StaysUntilTheLoginIsAcknowledged) {
    Away t;
    t.waiting(3);
    EXPECT_THAT(t.bob.login().got(), ElementsAre("login:ok", "o0", "o1", "o2"));
    t.bob.drop();
    EXPECT_THAT(t.bob.login("L2").got(), ElementsAre("login:ok", "o0", "o1", "o2"));
    t.bob.ack("L2");
    EXPECT_THAT(t.store.idsOf("bob@t.com"), IsEmpty());
}

TEST(Backlog, IsAcknowledgedOneByOneToo) {
    Away t;
    t.waiting(3);
    t.bob.login();
    t.bob.ack("o1");
    t.bob.ack("o2");
    EXPECT_THAT(t.store.idsOf("bob@t.com"), ElementsAre("o0"));
}

// Defect 31: the table of batches was global and keyed by the client's login id.
TEST(Backlog, TwoUsersMayUseOneLoginId) {
    Away t;
    t.waiting(1);
    t.store.put("carl@t.com", "c1", chatText("alice@t.com", "carl@t.com", "c1"));
    User carl(t, "carl@t.com");
    t.bob.login("1234567890");
    carl.login("1234567890");
    t.bob.ack("1234567890");
    EXPECT_THAT(t.store.idsOf("bob@t.com"), IsEmpty());
    EXPECT_THAT(t.store.idsOf("carl@t.com"), ElementsAre("c1"));
}

TEST(Backlog, AnAckOfTheLoginDoesNotReachWhatCameLater) {
    Away t;
    t.waiting(1);
    t.bob.login("L");
    t.alice.chat("bob@t.com", "m1");
    t.bob.ack("L");
    t.bob.drop();
    EXPECT_THAT(t.store.idsOf("bob@t.com"), ElementsAre("m1"));
}

TEST(Backlog, WhatArrivesWhileItIsReadComesBehindIt) {
    Away t;
    t.waiting(2);
    t.store.hold = true;
    t.bob.login();
    t.alice.chat("bob@t.com", "m1");
    t.alice.chat("bob@t.com", "m2", 0);
    EXPECT_THAT(t.bob.got(), IsEmpty());
    t.store.hold = false;
    t.store.release();
    t.settle();
    EXPECT_THAT(t.bob.got(), ElementsAre("login:ok", "o0", "o1", "m1", "m2"));
    EXPECT_THAT(t.alice.got(), ElementsAre("ack:m1"));
    t.alice.chat("bob@t.com", "m3");
    EXPECT_THAT(t.bob.got(), ElementsAre("m3"));
    for (const char* ack : {"L1", "m1", "m3"}) t.bob.ack(ack);
    t.advance(100);
    EXPECT_THAT(t.store.idsOf("bob@t.com"), IsEmpty());
}

TEST(Backlog, LargerThanTheReplyFollowsInOrder) {
    Away t({.unacked_max = 10, .delay_packets_max = 4});
    t.waiting(30);
    t.bob.login();
    std::vector<std::string> expected{"login:ok"};
    for (int i = 0; i < 30; ++i) expected.push_back(id(i));
    std::vector<std::string> got;
    for (int round = 0; round < 20 && got.size() < expected.size(); ++round) {
        for (std::string& word : t.bob.got()) got.push_back(word);
        // Unacknowledged ones never exceed unacked_max by more than one read of the store.
        for (const std::string& word : got) t.bob.ack(word == "login:ok" ? "L1" : word);
        t.advance(30);
    }
    EXPECT_EQ(got, expected);
    EXPECT_THAT(t.store.idsOf("bob@t.com"), IsEmpty());
}

TEST(Backlog, TheReplyStaysWithinItsLimits) {
    Away t({.delay_packets_max = 3});
    t.waiting(5);
    t.bob.login();
    EXPECT_THAT(wordsOf(t.bob.next()), ElementsAre("login:ok", "o0", "o1", "o2"));
    Away u({.delay_bytes_max = 1});
    u.waiting(5);
    u.bob.login();
    EXPECT_THAT(wordsOf(u.bob.next()), ElementsAre("login:ok", "o0"));
}

TEST(Backlog, AReplyOfMorePagesThanASendTakesComesWhole) {
    Away t;
    constexpr int kPackets = 40 * 1024;  // a page has at most 1,024
    t.waiting(kPackets);
    t.bob.login();
    const std::vector<std::string> words = wordsOf(t.bob.next());
    ASSERT_EQ(words.size(), kPackets + 1u);
    for (int i = 0; i < kPackets; ++i) ASSERT_EQ(words[static_cast<size_t>(i) + 1], id(i));
}

TEST(Backlog, LiveMessagesStayBehindABacklogThatIsStillFollowing) {
    Away t({.delay_packets_max = 1});
    t.waiting(3);
    t.bob.login();
    t.bob.conn().holds = true;  // the rest cannot be sent yet
    t.alice.chat("bob@t.com", "m1");
    t.flush(t.bob.connId());
    t.bob.conn().holds = false;
    t.advance(30);
    EXPECT_THAT(t.bob.got(), ElementsAre("login:ok", "o0", "o1", "o2", "m1"));
}

TEST(Backlog, PacketsWithoutAckAreForgottenWhenTheyHaveLeft) {
    Away t({.delay_packets_max = 1});
    t.waiting(3, 0);
    t.bob.login();
    t.advance(30);
    EXPECT_THAT(t.bob.got(), ElementsAre("login:ok", "o0", "o1", "o2"));
    t.advance(30);
    EXPECT_THAT(t.store.idsOf("bob@t.com"),
                ElementsAre("o0"));  // of the reply: wants the login ack
    t.bob.ack("L1");
    EXPECT_THAT(t.store.idsOf("bob@t.com"), IsEmpty());
}

TEST(Backlog, AReadThatFailsWhileFollowingIsTriedAgain) {
    Away t({.delay_packets_max = 1});
    t.waiting(3);
    t.store.hold = true;
    t.bob.login();
    t.store.fetch_status = Status::kIo;  // of the second read
    t.store.release();
    t.store.hold = false;
    t.settle();
    EXPECT_THAT(t.bob.got(), ElementsAre("login:ok", "o0"));
    t.store.fetch_status = Status::kOk;
    t.advance(1100);
    EXPECT_THAT(t.bob.got(), ElementsAre("o1", "o2"));
}

TEST(Backlog, AboveUnackedMaxMessagesGoThroughTheStoreInOrderAndOnce) {
    Away t({.unacked_max = 4});
    t.bob.login();
    std::vector<std::string> expected{"login:ok"};
    for (int i = 0; i < 20; ++i) {
        expected.push_back("m" + std::to_string(i));
        t.alice.chat("bob@t.com", expected.back(), i % 3 != 0);
    }
    std::vector<std::string> got;
    for (int round = 0; round < 40; ++round) {
        for (std::string& word : t.bob.got()) {
            t.bob.ack(word == "login:ok" ? "L1" : word);
            got.push_back(word);
        }
        t.advance(30);
    }
    EXPECT_EQ(got, expected);
    EXPECT_THAT(t.store.idsOf("bob@t.com"), IsEmpty());
}

TEST(Batch, FindsAnIdAmongManyAndGivesTakenRowsBack) {
    Batch batch;
    for (int i = 0; i < 100'000; ++i) {
        batch.add(Batch::Kind::kLoginReply, static_cast<uint64_t>(i) + 1, id(i), 0);
    }
    StoredRef ref;
    for (int i = 99'999; i >= 0; i -= 7) {  // against the order
        ASSERT_TRUE(batch.takeId(id(i), ref));
        ASSERT_EQ(ref.seq, static_cast<uint64_t>(i) + 1);
        ASSERT_FALSE(batch.takeId(id(i), ref));
    }
    std::vector<StoredRef> rest;
    batch.takeLoginReply(rest);
    EXPECT_EQ(rest.size(), 100'000u - 14'286u);
    EXPECT_TRUE(batch.empty());
}

TEST(Batch, GivesTwinsInTheirOrder) {
    Batch batch;
    for (uint64_t seq = 1; seq <= 200; ++seq) {
        batch.add(Batch::Kind::kWantsAck, seq, seq % 100 == 0 ? "twin" : id(static_cast<int>(seq)),
                  0);
    }
    StoredRef ref;
    ASSERT_TRUE(batch.takeId("twin", ref));
    EXPECT_EQ(ref.seq, 100u);
    ASSERT_TRUE(batch.takeId("twin", ref));
    EXPECT_EQ(ref.seq, 200u);
    EXPECT_EQ(batch.wantingAck(), 198u);
}

}  // namespace
}  // namespace sara::chat::test
