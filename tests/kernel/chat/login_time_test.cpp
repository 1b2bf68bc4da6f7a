// Time and numbers at the door: deadlines, idle sessions, limits of connections, drain.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "chat_stage.h"

namespace sara::chat::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Timers are never early, and late by less than this: the wheel has slots of 4 ms.
constexpr uint64_t kWheelMs = 8;

// Defect 46: the login deadline was silent.
TEST(LoginDeadline, IsAnnouncedWithTheReasonTimeout) {
    Stage stage;
    User u(stage, "a@t.com");
    ASSERT_EQ(u.connect(), Status::kOk);
    stage.advance(7999);
    EXPECT_FALSE(u.closed());
    stage.advance(1 + kWheelMs);
    EXPECT_TRUE(u.closed());
    EXPECT_EQ(u.next(), loginFailureText("uuid-0000000000000000000000000000001", "timeout"));
    EXPECT_EQ(u.conn().close_reason, "login_timeout");
}

TEST(LoginDeadline, EndsWithTheLogin) {
    Stage stage;
    User u(stage, "a@t.com");
    u.login().take();
    stage.advance(20'000);
    EXPECT_FALSE(u.closed());
}

TEST(LoginDeadline, BoundsTheAuthServiceToo) {
    Stage stage(1, {.enable_auth = true});
    stage.auth.hold = true;
    User u(stage, "a@t.com");
    u.login();
    stage.advance(4999);
    EXPECT_THAT(u.got(), IsEmpty());
    stage.advance(1 + kWheelMs);
    EXPECT_THAT(u.got(), ElementsAre("login:fail_token"));
    stage.auth.release(Status::kOk);  // too late
    stage.settle();
    stage.advance(2000);
    EXPECT_TRUE(u.closed());
    EXPECT_EQ(stage.room().users().size(), 0u);
}

TEST(LoginDeadline, ALateAuthAnswerTouchesNobody) {
    Stage stage(1, {.enable_auth = true});
    stage.auth.hold = true;
    User gone(stage, "a@t.com");
    gone.login();
    gone.drop();
    User other(stage, "b@t.com");  // takes the slot of the first
    ASSERT_EQ(other.connect(), Status::kOk);
    stage.auth.release(Status::kOk);
    stage.settle();
    EXPECT_THAT(other.got(), IsEmpty());
    EXPECT_EQ(other.session()->state, SessionState::kNew);
    EXPECT_EQ(stage.room().users().size(), 0u);
}

// Defect 17: a client that failed reconnected 72 times in 3 s.
TEST(LoginFailure, ClosesAfterAPauseInWhichNothingIsRead) {
    Stage stage;
    User u(stage, "a@t.com");
    ASSERT_EQ(u.connect(), Status::kOk);
    u.send("junk");
    EXPECT_TRUE(u.conn().paused);
    u.send(loginText("a@t.com", "L", "p"));
    stage.advance(999);
    EXPECT_FALSE(u.closed());
    EXPECT_EQ(stage.room().users().size(), 0u);
    stage.advance(1 + kWheelMs);
    EXPECT_TRUE(u.closed());
    EXPECT_EQ(u.conn().close_reason, "login_failed");
}

// Defect 17: a client that reconnects without pause made 72 connections in 3 s.
TEST(LoginFailure, EachFurtherFailureOfAnAddressOrAUserWaitsLonger) {
    Stage stage;
    stage.settings.enable_auth = true;
    stage.auth.verdict = Status::kDenied;
    const auto heldFor = [&](const std::string& jid, const std::string& ip) {
        User u(stage, jid);
        EXPECT_EQ(u.connect(0, ip), Status::kOk);
        u.send(loginText(jid, "L", "p"));
        uint64_t held = 0;
        while (!u.closed() && held < 60'000) {
            stage.advance(500);
            held += 500;
        }
        return held / 1000 * 1000;
    };
    EXPECT_EQ(heldFor("a@t.com", "192.0.2.1"), 1000u);
    EXPECT_EQ(heldFor("b@t.com", "192.0.2.1"), 2000u);  // another user, the same address
    EXPECT_EQ(heldFor("b@t.com", "192.0.2.2"), 2000u);  // another address, the same user
    EXPECT_EQ(heldFor("c@t.com", "192.0.2.1"), 4000u);
    EXPECT_EQ(heldFor("d@t.com", "192.0.2.1"), 8000u);
    EXPECT_EQ(heldFor("e@t.com", "192.0.2.1"), 16000u);
    EXPECT_EQ(heldFor("f@t.com", "192.0.2.1"), 16000u);
    EXPECT_EQ(heldFor("g@t.com", "192.0.2.3"), 1000u);  // nobody else waits
    stage.advance(600'001);
    EXPECT_EQ(heldFor("f@t.com", "192.0.2.1"), 1000u);
    stage.auth.verdict = Status::kOk;
    User right(stage, "f@t.com");
    EXPECT_THAT(right.login().got(), ElementsAre("login:ok"));
    stage.auth.verdict = Status::kDenied;
    EXPECT_EQ(heldFor("f@t.com", "192.0.2.4"), 1000u);  // forgotten with the login
}

TEST(LoginFailure, AHeartbeatIsNoLogin) {
    Stage stage;
    User u(stage, "a@t.com");
    ASSERT_EQ(u.connect(), Status::kOk);
    u.heartbeat();
    EXPECT_THAT(u.got(), ElementsAre("login:fail_packet"));
}

TEST(Idle, ASilentSessionIsClosedAndAHeartbeatKeepsIt) {
    Stage stage;
    User quiet(stage, "a@t.com");
    User beats(stage, "b@t.com");
    quiet.login().take();
    beats.login().take();
    stage.advance(60'000);
    beats.heartbeat();
    EXPECT_THAT(beats.got(), ElementsAre("<heartbeat>"));
    stage.advance(39'999);
    EXPECT_FALSE(quiet.closed());
    stage.advance(1 + kWheelMs);
    EXPECT_TRUE(quiet.closed());
    EXPECT_EQ(quiet.conn().close_reason, "idle_timeout");
    EXPECT_FALSE(beats.closed());
    stage.advance(60'000 + kWheelMs);
    EXPECT_TRUE(beats.closed());
}

// Defect 49: pings did not count.
TEST(Idle, APingOfTheTransportIsASignOfLife) {
    Stage stage;
    User u(stage, "a@t.com");
    u.login().take();
    stage.advance(60'000);
    stage.on(0, [&] { stage.room().activity(u.conn().session); });
    stage.advance(60'000);
    EXPECT_FALSE(u.closed());
}

TEST(Heartbeat, AClientThatNeverReadsTheEchoesIsCut) {
    Stage stage;
    User u(stage, "a@t.com");
    u.login().take();
    u.conn().holds = true;
    for (int i = 0; i < 10'000 && !u.closed(); ++i) u.heartbeat();
    EXPECT_TRUE(u.closed());
    EXPECT_EQ(u.conn().close_reason, "queue_full");
}

TEST(Heartbeat, AClientThatReadsMayBeatForEver) {
    Stage stage;
    User u(stage, "a@t.com");
    u.login().take();
    for (int i = 0; i < 10'000; ++i) u.heartbeat();
    EXPECT_FALSE(u.closed());
    EXPECT_EQ(u.take().size(), 10'000u);
}

TEST(Door, CountsConnectionsFromAcceptToClose) {
    Stage stage(1, {.connections_max = 2});
    User a(stage, "a@t.com"), b(stage, "b@t.com"), c(stage, "c@t.com");
    EXPECT_EQ(a.connect(), Status::kOk);
    EXPECT_EQ(b.connect(), Status::kOk);
    const int64_t before = counter("chat_refused_connections_max_total");
    EXPECT_EQ(c.connect(), Status::kFull);
    EXPECT_EQ(counter("chat_refused_connections_max_total"), before + 1);
    a.drop();
    EXPECT_EQ(c.connect(), Status::kOk);
}

TEST(Door, LimitsOneAddressAndNotTheOthers) {
    Stage stage(1, {.connections_per_address_max = 2});
    User a(stage, "a@t.com"), b(stage, "b@t.com"), c(stage, "c@t.com");
    EXPECT_EQ(a.connect(0, "192.0.2.1"), Status::kOk);
    EXPECT_EQ(b.connect(0, "192.0.2.1"), Status::kOk);
    EXPECT_EQ(c.connect(0, "192.0.2.1"), Status::kFull);
    EXPECT_EQ(c.connect(0, "192.0.2.2"), Status::kOk);
    b.drop();
    EXPECT_EQ(b.connect(0, "192.0.2.1"), Status::kOk);
}

TEST(Door, LimitsThoseWhoHaveNotLoggedIn) {
    Stage stage(1, {.unauthenticated_max = 1});
    User a(stage, "a@t.com"), b(stage, "b@t.com");
    EXPECT_EQ(a.connect(), Status::kOk);
    EXPECT_EQ(b.connect(), Status::kFull);
    a.login();
    EXPECT_EQ(b.connect(), Status::kOk);
    b.drop();
    stage.store.fetch_status = Status::kIo;  // counted back by a login that fails late
    EXPECT_EQ(b.connect(), Status::kOk);
    b.login();
    User c(stage, "c@t.com");
    EXPECT_EQ(c.connect(), Status::kFull);
    stage.advance(2000);
    EXPECT_EQ(c.connect(), Status::kOk);
}

TEST(Door, AFilterMayRefuseAConnection) {
    Stage stage;
    stage.hooks.want({HookPoint::kConnOpen});
    stage.hooks.script = [](HookPoint, const Packet*) {
        return HookAnswer{Verdict::kReject, {}, {}, {}};
    };
    User u(stage, "a@t.com");
    EXPECT_EQ(u.connect(), Status::kDenied);
    EXPECT_EQ(stage.admission.connections(), 0u);
}

TEST(Door, AFilterThatThinksLongDelaysTheLogin) {
    Stage stage;
    stage.hooks.want({HookPoint::kConnOpen});
    stage.hooks.script = [](HookPoint, const Packet*) {
        return HookAnswer{Verdict::kSuspend, {}, {}, {}};
    };
    User u(stage, "a@t.com");
    ASSERT_EQ(u.connect(), Status::kOk);
    u.send(loginText("a@t.com", "L", "p"));
    EXPECT_THAT(u.got(), IsEmpty());
    stage.on(0, [&] { stage.hooks.proceed({}); });
    stage.settle();
    EXPECT_THAT(u.got(), ElementsAre("login:ok"));
}

TEST(Frames, AreSmallBeforeLoginAndLargerAfterwards) {
    Stage stage;
    User u(stage, "a@t.com");
    ASSERT_EQ(u.connect(), Status::kOk);
    stage.on(0, [&] { EXPECT_EQ(stage.room().frameBytesMax(u.conn().session), 8u << 10); });
    u.login().take();
    stage.on(0, [&] { EXPECT_EQ(stage.room().frameBytesMax(u.conn().session), 1u << 20); });
    u.send(chatText("a@t.com", "a@t.com", "big", 0, std::string(300'000, 'x')));
    EXPECT_THAT(u.got(), ElementsAre("big"));
    u.send(chatText("a@t.com", "a@t.com", "big", 0, std::string(2 << 20, 'x')));
    EXPECT_THAT(u.got(), ElementsAre("notify:packet_too_large"));
    EXPECT_TRUE(u.closed());
}

// G5: 64 MiB without an end were buffered before login.
TEST(Frames, AnOversizedFirstFrameEndsTheConnection) {
    Stage stage;
    User u(stage, "a@t.com");
    ASSERT_EQ(u.connect(), Status::kOk);
    stage.on(0, [&] { stage.room().violation(u.conn().session, "packet_too_large"); });
    EXPECT_TRUE(u.closed());
    EXPECT_THAT(u.got(), ElementsAre("notify:packet_too_large"));
    EXPECT_EQ(stage.admission.connections(), 0u);
}

TEST(Drain, EndsEverySessionWithoutAKillAndKeepsWhatTheyHaveNotAcknowledged) {
    Stage stage(2);
    User a(stage, stage.userOn(0)), b(stage, stage.userOn(1)), c(stage, "c@t.com");
    a.login().take();
    b.login().take();
    a.chat(b.jid(), "m1");
    EXPECT_THAT(b.got(), ElementsAre("m1"));
    for (uint32_t i : {0u, 1u}) stage.on(i, [&] { stage.room(i).drain(); });
    EXPECT_TRUE(a.closed());
    EXPECT_TRUE(b.closed());
    EXPECT_THAT(b.got(), IsEmpty());
    EXPECT_FALSE(stage.room(1).idle());
    stage.settle();
    EXPECT_TRUE(stage.room(0).idle());
    EXPECT_TRUE(stage.room(1).idle());
    EXPECT_THAT(stage.store.idsOf(b.jid()), ElementsAre("m1"));
    EXPECT_EQ(c.connect(), Status::kClosed);
}

}  // namespace
}  // namespace sara::chat::test
