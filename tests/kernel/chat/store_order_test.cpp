// Appends of one session of which some fail: the backlog keeps the order of delivery all the same
// (decision 0003), and the operator hears of a store that fails, once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "chat_stage.h"

namespace sara::chat::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr uint64_t kHeldMs = 40 + 8;
constexpr uint64_t kRetryMs = 1000 + 8;

class StoreOrder : public testing::Test {
  protected:
    StoreOrder() {
        alice.login().take();
        bob.login().take();
    }
    Stage t{2};
    User alice{t, t.userOn(0)};
    User bob{t, t.userOn(1)};
};

TEST_F(StoreOrder, WhatWasStoredInFrontOfAFailedPacketIsTakenOutAndTriedAgainBehindIt) {
    alice.chat(bob.jid(), "m1");
    alice.chat(bob.jid(), "m2");
    t.store.fail_next = 1;
    t.advance(kHeldMs);
    EXPECT_THAT(t.store.idsOf(bob.jid()), IsEmpty());
    EXPECT_THAT(alice.got(), IsEmpty());
    t.advance(kRetryMs);
    EXPECT_THAT(t.store.idsOf(bob.jid()), ElementsAre("m1", "m2"));
    EXPECT_THAT(alice.got(), ElementsAre("ack:m1", "ack:m2"));
    bob.drop();
    EXPECT_THAT(bob.login().got(), ElementsAre("login:ok", "m1", "m2"));
}

TEST_F(StoreOrder, AnAcknowledgedPacketHoldsBackNobody) {
    alice.chat(bob.jid(), "m1");
    alice.chat(bob.jid(), "m2");
    t.store.hold = true;
    t.store.fail_next = 1;
    t.advance(kHeldMs);
    t.store.release(1);
    t.settle();
    bob.ack("m1");
    t.store.hold = false;
    t.store.release();
    t.settle();
    EXPECT_THAT(t.store.idsOf(bob.jid()), ElementsAre("m2"));
    EXPECT_THAT(alice.got(), ElementsAre("ack:m1", "ack:m2"));
}

TEST_F(StoreOrder, HoldsAlsoWhenTheSessionEndsBetweenTheFailureAndTheSuccess) {
    alice.chat(bob.jid(), "m1");
    alice.chat(bob.jid(), "m2");
    t.store.hold = true;
    t.store.fail_next = 1;
    t.advance(kHeldMs);
    t.store.release(1);  // m1 has failed, m2 is on its way
    t.settle();
    bob.drop();
    t.store.hold = false;
    t.store.release();
    t.settle();
    EXPECT_THAT(t.store.idsOf(bob.jid()), ElementsAre("m1", "m2"));
    EXPECT_THAT(bob.login().got(), ElementsAre("login:ok", "m1", "m2"));
}

TEST_F(StoreOrder, HoldsAlsoForANextSessionThatIsHereAlready) {
    alice.chat(bob.jid(), "m1");
    alice.chat(bob.jid(), "m2");
    t.store.hold = true;
    t.store.fail_next = 1;
    t.advance(kHeldMs);
    t.store.release(1);
    t.settle();
    User again(t, bob.jid());
    again.login();
    t.store.hold = false;
    t.store.release();
    t.settle();
    t.advance(kHeldMs);
    EXPECT_THAT(again.got(), ElementsAre("login:ok", "m1", "m2"));
    EXPECT_THAT(alice.got(), ElementsAre("ack:m1", "ack:m2"));
}

// A held packet was tried again each second, and nobody heard of it.
TEST_F(StoreOrder, AStoreThatFailsIsSaidOnceAndCounted) {
    const int64_t before = counter("chat_held_retried_total");
    t.log.lines.clear();
    t.store.append_status = Status::kIo;
    alice.chat(bob.jid(), "m1");
    t.advance(kHeldMs);
    for (int i = 0; i < 5; ++i) t.advance(kRetryMs);
    EXPECT_EQ(counter("chat_held_retried_total"), before + 6);
    ASSERT_EQ(t.log.lines.size(), 1u);
    EXPECT_THAT(t.log.lines[0], HasSubstr("the store takes no messages"));
    t.store.append_status = Status::kOk;
    t.advance(kRetryMs);
    ASSERT_EQ(t.log.lines.size(), 2u);
    EXPECT_THAT(t.log.lines[1], HasSubstr("takes messages again"));
}

}  // namespace
}  // namespace sara::chat::test
