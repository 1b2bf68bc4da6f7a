// Limits under pressure: who is slowed, who is cut, what is kept, and that nobody else notices
// (G6; defects 17, 26).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "chat_stage.h"

namespace sara::chat::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Three : Stage {
    explicit Three(Settings s = {}, uint32_t loop_count = 1, loop::EventLoop::Limits limits = {})
        : Stage(loop_count, std::move(s), true, limits) {
        for (User* u : {&alice, &bob, &carl}) u->login().take();
    }
    User alice{*this, userOn(0, 0)};
    User bob{*this, userOn(loops.size() - 1, 1)};
    User carl{*this, userOn(loops.size() - 1, 2)};
};

// G6: one client that did not read stopped the delivery of everybody.
TEST(Pressure, AClientThatDoesNotReadIsCutWithItsMessagesKept) {
    Three t({.queue_bytes_max = 1000});
    t.bob.conn().holds = true;
    std::vector<std::string> ids;
    for (int i = 0; i < 30; ++i) {
        ids.push_back("m" + std::to_string(i));
        t.alice.chat(t.bob.jid(), ids.back(), i % 2);
        t.alice.chat(t.carl.jid(), "c" + std::to_string(i));
    }
    EXPECT_TRUE(t.bob.closed());
    EXPECT_EQ(t.bob.conn().close_reason, "queue_full");
    EXPECT_EQ(t.bob.conn().flush_ms, 0u);
    EXPECT_EQ(t.store.idsOf(t.bob.jid()), ids);
    EXPECT_EQ(t.carl.take().size(), 30u);
    EXPECT_FALSE(t.alice.closed());
    EXPECT_EQ(t.wire.calls_after_close, 0);
}

TEST(Pressure, ALargeLoginReplyIsNoReasonToCut) {
    Stage stage(1, {.queue_bytes_max = 1000});
    for (int i = 0; i < 50; ++i) {
        const std::string id = "o" + std::to_string(i);
        stage.store.put("bob@t.com", id, chatText("a@t.com", "bob@t.com", id));
    }
    User bob(stage, "bob@t.com");
    ASSERT_EQ(bob.connect(), Status::kOk);
    bob.conn().holds = true;
    bob.login();
    EXPECT_FALSE(bob.closed());
    stage.flush(bob.connId());
    EXPECT_EQ(bob.got().size(), 51u);
}

// The notice that a message could not be stored went to the session that was just ending.
TEST(Pressure, AMessageToOneselfThatEndsTheSessionIsKeptAndTouchesNothing) {
    Three t({.queue_bytes_max = 300, .store_inflight_max = 8});
    t.bob.conn().holds = true;
    t.store.hold = true;
    for (int i = 0; i < 20 && !t.bob.closed(); ++i) {
        t.bob.chat(t.bob.jid(), "m" + std::to_string(i), i % 2);
    }
    EXPECT_TRUE(t.bob.closed());
    EXPECT_EQ(t.wire.calls_after_close, 0);
    t.store.hold = false;
    t.store.release();
    t.settle();
    EXPECT_FALSE(t.store.of(t.bob.jid()).empty());
}

TEST(Pressure, AStoreThatIsBehindSlowsItsSendersOnly) {
    Three t({.store_inflight_max = 160}, 2);
    t.store.hold = true;
    for (int i = 0; i < 100; ++i) {
        t.alice.write(chatText(t.alice.jid(), "off@t.com", "m" + std::to_string(i)));
    }
    t.settle();
    EXPECT_TRUE(t.alice.conn().paused);
    EXPECT_FALSE(t.carl.conn().paused);
    EXPECT_THAT(t.alice.got(), IsEmpty());
    t.store.hold = false;
    t.store.release();
    t.settle();
    EXPECT_FALSE(t.alice.conn().paused);
    EXPECT_EQ(t.store.of("off@t.com").size(), 100u);
    EXPECT_EQ(t.alice.take().size(), 100u);
}

TEST(Pressure, AboveStoreInflightMaxTheSenderIsToldBusy) {
    Three t({.store_inflight_max = 4});
    t.store.hold = true;
    // Nobody listens to the pause: frames that were already read.
    for (int i = 0; i < 6; ++i) {
        std::string body = chatText(t.alice.jid(), "off@t.com", "m" + std::to_string(i));
        const size_t size = body.size();
        body.append(64, ' ');
        Move move;
        t.on(0, [&] { (void)t.room().frame(t.alice.conn().session, {body.data(), size}, move); });
    }
    EXPECT_THAT(t.alice.got(), ElementsAre("notify:busy", "notify:busy"));
    t.store.hold = false;
    t.store.release();
    t.settle();
    EXPECT_EQ(t.alice.take().size(), 4u);
}

TEST(Pressure, WhatASessionLeavesBehindIsKeptAlsoAboveStoreInflightMax) {
    Three t({.store_inflight_max = 4});
    for (int i = 0; i < 20; ++i) t.alice.chat(t.bob.jid(), "m" + std::to_string(i));
    t.store.hold = true;
    t.bob.drop();
    t.store.hold = false;
    t.store.release();
    t.settle();
    EXPECT_EQ(t.store.of(t.bob.jid()).size(), 20u);
    EXPECT_EQ(t.alice.take().size(), 20u);
}

TEST(Pressure, ARateAboveTheLimitPausesTheSenderForTheRestOfTheSecond) {
    Three t({.messages_per_second_max = 10});
    for (int i = 0; i < 25; ++i) {
        t.alice.write(chatText(t.alice.jid(), t.bob.jid(), "m" + std::to_string(i), 0));
    }
    t.settle();
    EXPECT_EQ(t.bob.take().size(), 10u);
    EXPECT_TRUE(t.alice.conn().paused);
    t.advance(990);
    EXPECT_TRUE(t.alice.conn().paused);
    t.advance(20);
    EXPECT_EQ(t.bob.take().size(), 10u);
    t.advance(1010);
    EXPECT_EQ(t.bob.take().size(), 5u);
    EXPECT_FALSE(t.alice.conn().paused);
}

TEST(Pressure, BytesAboveTheLimitPauseTheSenderToo) {
    Three t({.bytes_per_second_max = 5000});
    for (int i = 0; i < 4; ++i) {
        t.alice.write(chatText(t.alice.jid(), t.bob.jid(), "m" + std::to_string(i), 0,
                               std::string(3000, 'x')));
    }
    t.settle();
    EXPECT_EQ(t.bob.take().size(), 2u);
    t.advance(1010);
    EXPECT_EQ(t.bob.take().size(), 2u);
}

// Defect 26: an overload was ignored, the message lost.
TEST(Pressure, AFullMailboxIsToldBusy) {
    Three t({}, 2, {.mailbox_max = 8});
    for (int i = 0; i < 20; ++i) {
        t.alice.write(chatText(t.alice.jid(), t.bob.jid(), "m" + std::to_string(i)));
    }
    while (t.deliverOne(t.alice.connId())) {
    }
    t.settle();
    const size_t delivered = t.bob.take().size();
    const std::vector<std::string> told = t.alice.got();
    EXPECT_GE(delivered, 8u);
    EXPECT_EQ(delivered + told.size(), 20u);
    EXPECT_THAT(told, testing::Each("notify:busy"));
}

TEST(Pressure, ExhaustedPacketMemoryIsToldBusy) {
    Three t;
    loop::setBufferBytesMax(1);
    t.alice.chat(t.bob.jid(), "m1");
    loop::setBufferBytesMax(0);
    EXPECT_THAT(t.alice.got(), ElementsAre("notify:busy"));
    t.alice.chat(t.bob.jid(), "m2");
    EXPECT_THAT(t.bob.got(), ElementsAre("m2"));
}

TEST(Filters, ASuspendedPacketKeepsTheOrderOfItsSender) {
    Three t;
    t.hooks.want({HookPoint::kPacketIn, HookPoint::kPacketRoute});
    int calls = 0;
    t.hooks.script = [&](HookPoint, const Packet*) {
        return HookAnswer{++calls <= 2 ? Verdict::kSuspend : Verdict::kPass, {}, {}, {}};
    };
    for (const char* id : {"m1", "m2", "m3"}) {
        t.alice.write(chatText(t.alice.jid(), t.bob.jid(), id));
    }
    t.settle();
    EXPECT_TRUE(t.alice.conn().paused);
    EXPECT_THAT(t.bob.got(), IsEmpty());
    t.on(0, [&] { t.hooks.proceed({}); });  // packet.in lets it pass, packet.route suspends again
    t.settle();
    EXPECT_TRUE(t.alice.conn().paused);
    t.on(0, [&] { t.hooks.proceed({}); });
    t.settle();
    EXPECT_THAT(t.bob.got(), ElementsAre("m1", "m2", "m3"));
    EXPECT_FALSE(t.alice.conn().paused);
}

TEST(Filters, ASenderWhoLeavesWhileSuspendedTouchesNobody) {
    Three t;
    t.hooks.want({HookPoint::kPacketIn});
    t.hooks.script = [](HookPoint, const Packet*) {
        return HookAnswer{Verdict::kSuspend, {}, {}, {}};
    };
    t.alice.chat(t.bob.jid(), "m1");
    t.alice.drop();
    t.on(0, [&] { t.hooks.proceed({}); });
    t.settle();
    EXPECT_THAT(t.bob.got(), IsEmpty());
    EXPECT_EQ(t.wire.calls_after_close, 0);
}

TEST(Filters, MayRejectTakeOverRewriteAndRedirect) {
    Three t;
    HookAnswer answer;
    t.hooks.want({HookPoint::kPacketIn});
    t.hooks.script = [&](HookPoint, const Packet*) { return answer; };
    answer = {Verdict::kReject, "spam", {}, {}};
    t.alice.chat(t.bob.jid(), "m1");
    EXPECT_EQ(t.alice.next(), notifyText("m1", "spam"));
    answer = {Verdict::kDone, {}, {}, {}};
    t.alice.chat(t.bob.jid(), "m2");
    EXPECT_THAT(t.alice.got(), ElementsAre("ack:m2"));
    const std::string rewritten = chatText(t.alice.jid(), t.bob.jid(), "m3", 1, "censored");
    answer = {Verdict::kPass, {}, {}, rewritten};
    t.alice.chat(t.bob.jid(), "m3");
    EXPECT_EQ(t.bob.next(), rewritten);
    const std::string forged = chatText("eve@t.com", t.bob.jid(), "m4");
    answer = {Verdict::kPass, {}, {}, forged};
    t.alice.chat(t.bob.jid(), "m4");
    EXPECT_EQ(t.alice.next(), notifyText("m4", "rejected"));
    const std::string carl = t.carl.jid();
    answer = {Verdict::kPass, {}, carl, {}};
    t.alice.chat(t.bob.jid(), "m5");
    EXPECT_THAT(t.carl.got(), ElementsAre("m5"));
    EXPECT_THAT(t.bob.got(), IsEmpty());
    t.carl.ack("m5");
    EXPECT_THAT(t.alice.got(), ElementsAre("ack:m5"));
}

}  // namespace
}  // namespace sara::chat::test
