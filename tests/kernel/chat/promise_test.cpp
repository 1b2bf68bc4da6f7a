// The promise: the sender's ack means that the recipient has the message or the store does
// (architecture 4; protocol 2.4, 3.4; defects 24, 27, 32-36; G7, G8).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "chat_stage.h"

namespace sara::chat::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr uint64_t kHoldMs = 40 + 8;  // and a slot of the wheel

struct Pair : Stage {
    explicit Pair(Settings s = {}, bool across = false) : Stage(across ? 2 : 1, std::move(s)) {
        alice.login().take();
        bob.login().take();
    }
    User alice{*this, userOn(0, 0)};
    User bob{*this, userOn(loops.size() - 1, 1)};
};

class Promise : public testing::TestWithParam<bool> {
  protected:
    Settings settings;
    std::unique_ptr<Pair> pair;
    Pair& start() {
        pair = std::make_unique<Pair>(settings, GetParam());
        return *pair;
    }
};
INSTANTIATE_TEST_SUITE_P(OnOneLoopAndAcrossTwo, Promise, testing::Bool());

TEST_P(Promise, AnOnlineMessageIsAckedWhenTheRecipientHasIt) {
    Pair& t = start();
    const uint64_t sent_at = t.clock.wallMs();
    t.alice.chat(t.bob.jid(), "m1");
    EXPECT_THAT(t.bob.got(), ElementsAre("m1"));
    EXPECT_THAT(t.alice.got(), IsEmpty());
    t.clock.advance(10);
    t.bob.ack("m1");
    EXPECT_EQ(t.alice.next(), serverAckText("m1", sent_at));
    t.advance(kHoldMs);
    EXPECT_EQ(t.store.appends(), 0u);
    EXPECT_THAT(t.alice.got(), IsEmpty());
}

TEST_P(Promise, AnUnacknowledgedMessageIsStoredAfterTheHoldAndThenAcked) {
    Pair& t = start();
    t.alice.chat(t.bob.jid(), "m1");
    t.advance(39);
    EXPECT_EQ(t.store.appends(), 0u);
    t.store.hold = true;
    t.advance(9);
    EXPECT_EQ(t.store.appends(), 1u);
    EXPECT_THAT(t.alice.got(), IsEmpty());  // not durable yet
    t.store.release();
    t.settle();
    EXPECT_THAT(t.alice.got(), ElementsAre("ack:m1"));
    EXPECT_THAT(t.store.idsOf(t.bob.jid()), ElementsAre("m1"));
}

TEST_P(Promise, TheRecipientsAckForgetsTheStoredCopy) {
    Pair& t = start();
    t.alice.chat(t.bob.jid(), "m1");
    t.advance(kHoldMs);
    EXPECT_THAT(t.alice.got(), ElementsAre("ack:m1"));
    t.bob.ack("m1");
    EXPECT_THAT(t.store.idsOf(t.bob.jid()), IsEmpty());
    EXPECT_THAT(t.alice.got(), IsEmpty());  // once
}

TEST_P(Promise, TheRecipientsAckMayOvertakeTheStore) {
    Pair& t = start();
    t.store.hold = true;
    t.alice.chat(t.bob.jid(), "m1");
    t.advance(kHoldMs);
    t.bob.ack("m1");
    EXPECT_THAT(t.alice.got(), ElementsAre("ack:m1"));
    t.store.release();
    t.settle();
    t.store.release();
    t.settle();
    EXPECT_THAT(t.store.idsOf(t.bob.jid()), IsEmpty());
    EXPECT_THAT(t.alice.got(), IsEmpty());
}

TEST_P(Promise, AnOfflineMessageIsStoredFirst) {
    Pair& t = start();
    t.bob.drop();
    t.store.hold = true;
    t.alice.chat(t.bob.jid(), "m1");
    EXPECT_THAT(t.alice.got(), IsEmpty());
    t.store.release();
    t.settle();
    EXPECT_THAT(t.alice.got(), ElementsAre("ack:m1"));
}

// G8, defect 27: a store that failed looked like success.
TEST_P(Promise, AFailingStoreIsANoticeAndNoAck) {
    Pair& t = start();
    t.bob.drop();
    t.store.append_status = Status::kIo;
    t.alice.chat(t.bob.jid(), "m1");
    EXPECT_THAT(t.alice.got(), ElementsAre("notify:store_error"));
    t.store.append_status = Status::kFull;
    t.alice.chat(t.bob.jid(), "m2");
    EXPECT_THAT(t.alice.got(), ElementsAre("notify:backlog_full"));
    t.store.append_status = Status::kAgain;
    t.alice.chat(t.bob.jid(), "m3");
    EXPECT_THAT(t.alice.got(), ElementsAre("notify:busy"));
    t.store.append_status = Status::kOk;
    t.alice.chat(t.bob.jid(), "m4");
    EXPECT_THAT(t.alice.got(), ElementsAre("ack:m4"));
}

TEST_P(Promise, TrafficBetweenOnlineUsersGoesOnWithoutAStore) {
    Pair& t = start();
    t.store.append_status = Status::kIo;
    t.alice.chat(t.bob.jid(), "m1");
    t.advance(kHoldMs);
    EXPECT_THAT(t.alice.got(), IsEmpty());
    EXPECT_THAT(t.bob.got(), ElementsAre("m1"));
    t.bob.ack("m1");
    EXPECT_THAT(t.alice.got(), ElementsAre("ack:m1"));
}

TEST_P(Promise, AHeldMessageIsTriedAgainAfterTheStoreFailed) {
    Pair& t = start();
    t.store.append_status = Status::kIo;
    t.alice.chat(t.bob.jid(), "m1");
    t.advance(kHoldMs);
    t.store.append_status = Status::kOk;
    t.advance(1000 + 8);
    EXPECT_THAT(t.alice.got(), ElementsAre("ack:m1"));
    EXPECT_THAT(t.store.idsOf(t.bob.jid()), ElementsAre("m1"));
}

TEST_P(Promise, TheHoldOfAMessageIsNotMadeLongerByAnEarlierFailure) {
    Pair& t = start();
    t.store.append_status = Status::kIo;
    t.alice.chat(t.bob.jid(), "m1");
    t.advance(kHoldMs);
    t.store.append_status = Status::kOk;
    t.alice.chat(t.bob.jid(), "m2");
    t.advance(kHoldMs);
    EXPECT_THAT(t.alice.got(), testing::Contains("ack:m2"));
    // And the earlier one has not been overtaken in the store.
    EXPECT_THAT(t.store.idsOf(t.bob.jid()), ElementsAre("m1", "m2"));
}

TEST_P(Promise, NoAckIsSentToWhoDidNotAskForOne) {
    Pair& t = start();
    t.alice.chat(t.bob.jid(), "m1", 0);
    EXPECT_THAT(t.bob.got(), ElementsAre("m1"));
    t.bob.ack("m1");  // ws.html acks everything
    t.advance(kHoldMs);
    t.bob.drop();
    t.alice.chat(t.bob.jid(), "m2", 0);
    EXPECT_THAT(t.alice.got(), IsEmpty());
    EXPECT_THAT(t.store.idsOf(t.bob.jid()), ElementsAre("m2"));
}

// Defect 33: everything delivered was kept until acked, also what wanted no ack.
TEST_P(Promise, AWrittenMessageWithoutAckIsNotDeliveredAgain) {
    Pair& t = start();
    t.alice.chat(t.bob.jid(), "m1", 0);
    t.bob.drop();
    EXPECT_THAT(t.store.idsOf(t.bob.jid()), IsEmpty());
}

TEST_P(Promise, AnyAckOtherThanZeroCounts) {
    Pair& t = start();
    t.alice.send(R"({"envelope":{"id":"m7","type":1,"to":")" + t.bob.jid() + R"(","ack":7}})");
    t.bob.ack("m7");
    EXPECT_THAT(t.alice.got(), ElementsAre("ack:m7"));
}

TEST_P(Promise, UnknownAcksAreSilent) {
    Pair& t = start();
    t.bob.ack("nothing");
    t.bob.ack("");
    t.bob.send(R"({"envelope":{"type":3,"to":"server_ack"}})");
    EXPECT_THAT(t.bob.got(), IsEmpty());
    EXPECT_FALSE(t.bob.closed());
}

TEST_P(Promise, AnAckOfAnotherUserReleasesNothing) {
    Pair& t = start();
    User eve(t, "eve@t.com");
    eve.login().take();
    t.alice.chat(t.bob.jid(), "m1");
    eve.ack("m1");
    EXPECT_THAT(t.alice.got(), IsEmpty());
}

// Defect 32: in flight was keyed by id only, so two senders with one id lost a message.
TEST_P(Promise, TwoSendersMayUseOneId) {
    Pair& t = start();
    User carl(t, "carl@t.com");
    carl.login().take();
    t.alice.chat(t.bob.jid(), "same");
    carl.chat(t.bob.jid(), "same");
    EXPECT_THAT(t.bob.got(), ElementsAre("same", "same"));
    t.bob.ack("same");
    EXPECT_THAT(t.alice.got(), ElementsAre("ack:same"));
    EXPECT_THAT(carl.got(), IsEmpty());
    t.bob.drop();
    EXPECT_THAT(t.store.idsOf(t.bob.jid()), ElementsAre("same"));
    EXPECT_THAT(carl.got(), ElementsAre("ack:same"));
}

TEST_P(Promise, FastAcksAtOnce) {
    settings.ack = AckMode::kFast;
    Pair& t = start();
    t.alice.chat(t.bob.jid(), "m1");
    EXPECT_THAT(t.alice.got(), ElementsAre("ack:m1"));
    t.bob.ack("m1");
    t.advance(kHoldMs);
    EXPECT_THAT(t.alice.got(), IsEmpty());
    t.alice.chat(t.bob.jid(), "m2");
    t.advance(1000);
    EXPECT_EQ(t.store.appends(), 0u);  // only at close
    t.bob.drop();
    EXPECT_THAT(t.store.idsOf(t.bob.jid()), ElementsAre("m2"));
    EXPECT_THAT(t.alice.got(), ElementsAre("ack:m2"));
}

TEST_P(Promise, FastDeliversAlsoWhenTheAckCutsItsSender) {
    settings.ack = AckMode::kFast;
    settings.queue_bytes_max = 10;
    Pair& t = start();
    t.alice.conn().holds = true;
    t.alice.chat(t.bob.jid(), "m1");
    EXPECT_TRUE(t.alice.closed());
    EXPECT_THAT(t.bob.got(), testing::Not(IsEmpty()));
}

TEST_P(Promise, ASenderWhoIsGoneMissesOnlyHisAck) {
    Pair& t = start();
    t.alice.chat(t.bob.jid(), "m1");
    t.alice.drop();
    t.bob.ack("m1");
    t.advance(kHoldMs);
    EXPECT_THAT(t.bob.got(), ElementsAre("m1"));
    EXPECT_EQ(t.wire.calls_after_close, 0);
}

// G7: 0 of 50 live but unacknowledged messages were in the next login's delay.
TEST_P(Promise, WhatWasNotAcknowledgedComesAgainInOrder) {
    Pair& t = start();
    std::vector<std::string> expected{"login:ok"};
    for (int i = 0; i < 50; ++i) {
        expected.push_back("m" + std::to_string(i));
        t.alice.chat(t.bob.jid(), expected.back());
        if (i == 20) t.advance(kHoldMs);  // some are in the store by then
    }
    t.bob.drop();
    EXPECT_EQ(t.alice.take().size(), 50u);
    EXPECT_EQ(t.bob.login().got(), expected);
}

TEST_P(Promise, UnwrittenMessagesWithoutAckAreKeptInTheirPlace) {
    Pair& t = start();
    t.alice.chat(t.bob.jid(), "w1", 0);  // leaves at once
    t.bob.conn().holds = true;
    t.alice.chat(t.bob.jid(), "a1");
    t.alice.chat(t.bob.jid(), "w2", 0);
    t.alice.chat(t.bob.jid(), "a2");
    t.alice.chat(t.bob.jid(), "w3", 0);
    t.bob.drop();
    EXPECT_THAT(t.store.idsOf(t.bob.jid()), ElementsAre("a1", "w2", "a2", "w3"));
}

// Defect 34: the kicked session's messages were stored after the new one had read its backlog.
TEST_P(Promise, AKickedSessionsMessagesComeWithTheNewSessionsLogin) {
    Pair& t = start();
    t.alice.chat(t.bob.jid(), "m1");
    t.alice.chat(t.bob.jid(), "m2");
    User again(t, t.bob.jid());
    EXPECT_THAT(again.login().got(), ElementsAre("login:ok", "m1", "m2"));
    EXPECT_THAT(t.bob.got(), ElementsAre("m1", "m2", "<kill>"));
    EXPECT_THAT(t.alice.got(), ElementsAre("ack:m1", "ack:m2"));
}

TEST_P(Promise, AMessageOnItsWayToTheStoreIsNotStoredTwiceAtClose) {
    Pair& t = start();
    t.store.hold = true;
    t.alice.chat(t.bob.jid(), "m1");
    t.advance(kHoldMs);
    t.bob.drop();
    t.store.release();
    t.settle();
    EXPECT_THAT(t.store.idsOf(t.bob.jid()), ElementsAre("m1"));
    EXPECT_THAT(t.alice.got(), ElementsAre("ack:m1"));
}

TEST_P(Promise, ASendThatIsRefusedIsKept) {
    Pair& t = start();
    t.bob.conn().refuses = true;
    t.alice.chat(t.bob.jid(), "m1");
    t.alice.chat(t.bob.jid(), "m2", 0);
    t.bob.drop("io_error");
    EXPECT_THAT(t.store.idsOf(t.bob.jid()), ElementsAre("m1", "m2"));
    EXPECT_THAT(t.alice.got(), ElementsAre("ack:m1"));
}

}  // namespace
}  // namespace sara::chat::test
