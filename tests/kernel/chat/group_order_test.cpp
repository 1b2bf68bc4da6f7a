// A group packet takes its time: its members are asked for and its copies are made in slices. What
// happens meanwhile: the sender's order, late answers, a sender who leaves, a store that is behind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "chat_stage.h"
#include "group_stage.h"

namespace sara::chat::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class GroupOrder : public testing::TestWithParam<uint32_t> {
  protected:
    GroupStage& start() {
        stage = std::make_unique<GroupStage>(GetParam(), settings);
        return *stage;
    }
    Settings settings;
    std::unique_ptr<GroupStage> stage;
};
INSTANTIATE_TEST_SUITE_P(OnOneLoopAndAcrossThree, GroupOrder, testing::Values(1u, 3u));

std::string contentOf(const std::string& frame) {
    const size_t at = frame.find("\"content\":\"") + 11;
    return frame.substr(at, frame.find('"', at) - at);
}
std::vector<std::string> contentsOf(User& user) {
    std::vector<std::string> out;
    for (const std::string& frame : user.take()) out.push_back(contentOf(frame));
    return out;
}
std::string groupSaying(const std::string& from, const std::string& id, const std::string& gid,
                        const std::string& content) {
    return R"({"envelope":{"id":")" + id + R"(","type":2,"from":")" + from + R"(","gid":")" + gid +
           R"("},"payload":{"content":")" + content + R"("}})";
}

TEST_P(GroupOrder, WhatASenderWritesAfterAGroupPacketDoesNotOvertakeIt) {
    GroupStage& t = start();
    t.group("g1", {"alice", "bob", "carl"});
    t.callback.hold = true;
    t.alice.write(chatText(t.alice.jid(), t.bob.jid(), "m1", 1, "1"));
    t.alice.write(groupSaying(t.alice.jid(), "G1", "g1", "2"));
    t.alice.write(chatText(t.alice.jid(), t.bob.jid(), "m2", 1, "3"));
    t.alice.write(groupSaying(t.alice.jid(), "G2", "g1", "4"));
    t.alice.write(chatText(t.alice.jid(), t.carl.jid(), "m3", 1, "5"));
    t.settle();
    EXPECT_THAT(contentsOf(t.bob), ElementsAre("1"));
    t.callback.release();  // G1
    t.settle();
    EXPECT_THAT(contentsOf(t.bob), ElementsAre("2", "3"));
    EXPECT_THAT(contentsOf(t.carl), ElementsAre("2"));
    t.callback.release();
    t.settle();
    EXPECT_THAT(contentsOf(t.bob), ElementsAre("4"));
    EXPECT_THAT(contentsOf(t.carl), ElementsAre("4", "5"));
}

// Found by a wire test: 6 came behind 7 and 8.
TEST_P(GroupOrder, TheAckOfAGroupPacketDoesNotSetFreeASenderWhoWaitsForHisNext) {
    GroupStage& t = start();
    t.group("g1", {"alice", "bob"});
    t.callback.hold = true;
    t.alice.write(groupSaying(t.alice.jid(), "G1", "g1", "1"));
    t.alice.write(groupSaying(t.alice.jid(), "G2", "g1", "2"));
    t.alice.write(chatText(t.alice.jid(), t.bob.jid(), "m1", 1, "3"));
    t.settle();
    t.callback.release();
    t.settle();
    EXPECT_THAT(contentsOf(t.bob), ElementsAre("1"));
    t.advance(100);  // G1 is stored and acked while G2 waits for its members
    EXPECT_THAT(t.alice.got(), ElementsAre("ack:G1"));
    EXPECT_THAT(t.bob.got(), IsEmpty());
    t.callback.release();
    t.settle();
    EXPECT_THAT(contentsOf(t.bob), ElementsAre("2", "3"));
}

TEST_P(GroupOrder, NobodyElseWaitsForASlowBackend) {
    GroupStage& t = start();
    t.group("g1", {"alice", "bob", "carl"});
    t.callback.hold = true;
    t.alice.send(groupText(t.alice.jid(), "G1", "g1"));
    t.bob.chat(t.carl.jid(), "m1");
    EXPECT_THAT(t.carl.got(), ElementsAre("m1"));
}

TEST_P(GroupOrder, ABackendThatDoesNotAnswerIsANoticeAndALateAnswerTouchesNobody) {
    GroupStage& t = start();
    t.group("g1", {"alice", "bob"});
    t.callback.hold = true;
    t.alice.send(groupText(t.alice.jid(), "G1", "g1"));
    t.alice.write(chatText(t.alice.jid(), t.bob.jid(), "m1"));
    t.advance(4'990);
    EXPECT_THAT(t.bob.got(), IsEmpty());
    t.advance(20);
    EXPECT_THAT(t.alice.got(), ElementsAre("notify:group_notfound"));
    EXPECT_THAT(t.bob.got(), ElementsAre("m1"));  // the wait is over for what came behind
    t.callback.release();
    t.settle();
    EXPECT_THAT(t.bob.got(), IsEmpty());
    EXPECT_THAT(t.alice.got(), IsEmpty());
    t.callback.hold = false;
    t.alice.send(groupText(t.alice.jid(), "G2", "g1"));
    EXPECT_THAT(t.bob.got(), SizeIs(1));
}

TEST_P(GroupOrder, AnAnswerForASenderWhoHasLeftTouchesNobodyAlsoWhenHeIsBack) {
    GroupStage& t = start();
    t.group("g1", {"alice", "bob"});
    t.callback.hold = true;
    t.alice.send(groupText(t.alice.jid(), "G1", "g1"));
    t.alice.drop();
    User again(t, t.alice.jid());
    again.login().take();
    t.callback.release();
    t.settle();
    EXPECT_THAT(again.got(), IsEmpty());
    EXPECT_THAT(t.bob.got(), IsEmpty());
    t.advance(6'000);
    EXPECT_THAT(again.got(), IsEmpty());
    EXPECT_EQ(t.wire.calls_after_close, 0);
}

TEST_P(GroupOrder, WhoLeavesAfterHisCopiesAreOnTheirWayMissesOnlyHisAck) {
    GroupStage& t = start();
    t.group("g1", {"alice", "bob"});
    t.alice.send(groupText(t.alice.jid(), "G1", "g1"));
    t.alice.drop();
    User again(t, t.alice.jid());
    again.login().take();
    t.bob.ack(t.bob.got().at(0));
    t.advance(100);
    EXPECT_THAT(again.got(), IsEmpty());
}

TEST_P(GroupOrder, AGroupPacketThatAFilterHoldsKeepsItsPlaceToo) {
    GroupStage& t = start();
    t.group("g1", {"alice", "bob"});
    t.hooks.want({HookPoint::kPacketIn, HookPoint::kGroupExpand});
    t.hooks.script = [](HookPoint p, const Packet* packet) {
        HookAnswer answer;
        const bool group = p == HookPoint::kGroupExpand || packet->facts().type == 2;
        if (group) answer.verdict = Verdict::kSuspend;
        return answer;
    };
    t.alice.write(groupSaying(t.alice.jid(), "G1", "g1", "1"));
    t.alice.write(chatText(t.alice.jid(), t.bob.jid(), "m1", 1, "2"));
    t.settle();
    ASSERT_EQ(t.hooks.suspended(), 1u);
    t.on(t.hooks.suspendedLoop(), [&] { t.hooks.proceed({}); });  // packet.in
    t.settle();
    EXPECT_THAT(t.bob.got(), IsEmpty());
    ASSERT_EQ(t.hooks.suspended(), 1u);
    t.on(t.hooks.suspendedLoop(), [&] { t.hooks.proceed({}); });  // group.expand
    t.settle();
    EXPECT_THAT(contentsOf(t.bob), ElementsAre("1", "2"));
}

TEST_P(GroupOrder, ALargeGroupIsCopiedInSlicesAndOthersChatInBetween) {
    GroupStage& t = start();
    std::vector<std::string> names{"alice", "bob"};
    for (int i = 0; i < 5'000; ++i) names.push_back("away" + std::to_string(i));
    t.group("big", names);
    t.store.hold = true;  // so that appends stay under way
    t.settings.store_inflight_max = 200'000;
    t.alice.write(groupSaying(t.alice.jid(), "G1", "big", "1"));
    t.alice.write(chatText(t.alice.jid(), t.bob.jid(), "m1", 1, "2"));
    uint64_t copied = 0;
    int turns = 0;
    for (; copied < 5'000 && turns < 200; ++turns) {
        while (t.deliverOne(t.alice.connId())) continue;
        const uint64_t before = t.store.appends();
        for (uint32_t i = 0; i < t.loops.size(); ++i) t.loops.at(i).turn(0);
        // The turns of all loops, and what the sender's own made when he was read.
        EXPECT_LE(t.store.appends() - before, uint64_t{Portions::kTurnCopies} * t.loops.size());
        copied = t.store.appends();
    }
    EXPECT_GE(turns, static_cast<int>(5'000 / (Portions::kTurnCopies * t.loops.size())));
    EXPECT_EQ(copied, 5'000u);
    t.settle();
    EXPECT_THAT(contentsOf(t.bob), ElementsAre("1", "2"));
    t.store.release();
    t.store.hold = false;
    t.settle();
    t.advance(100);
    EXPECT_THAT(t.alice.got(), testing::Contains("ack:G1"));
}

TEST_P(GroupOrder, ASmallGroupDoesNotWaitForALargeOne) {
    GroupStage& t = start();
    std::vector<std::string> names{"alice"};
    for (int i = 0; i < 10'000; ++i) names.push_back("away" + std::to_string(i));
    t.group("big", names);
    t.group("small", {"bob", "carl"});
    t.settings.store_inflight_max = 200'000;
    t.alice.write(groupText(t.alice.jid(), "G1", "big"));
    while (t.deliverOne(t.alice.connId())) continue;
    t.bob.write(groupText(t.bob.jid(), "G2", "small"));
    while (t.deliverOne(t.bob.connId())) continue;
    for (int turn = 0; turn < 3; ++turn) {
        for (uint32_t i = 0; i < t.loops.size(); ++i) t.loops.at(i).turn(0);
    }
    EXPECT_THAT(t.carl.got(), SizeIs(1));
    t.settle();
}

TEST_P(GroupOrder, AFanOutWaitsForAStoreThatIsBehindAndGoesOn) {
    settings.store_inflight_max = 80;  // a fan-out waits from 10 on
    GroupStage& t = start();
    std::vector<std::string> names{"alice", "bob"};
    for (int i = 0; i < 200; ++i) names.push_back("away" + std::to_string(i));
    t.group("g1", names);
    t.store.hold = true;
    t.alice.send(groupText(t.alice.jid(), "G1", "g1"));
    EXPECT_LE(t.store.appends(), 10u * t.loops.size());
    for (int i = 0; i < 100 && t.store.waiting() > 0; ++i) {
        t.store.release();
        t.advance(8);
    }
    EXPECT_EQ(t.store.appends(), 200u + 1);  // and bob's copy, which he did not acknowledge
    EXPECT_THAT(t.alice.got(), ElementsAre("ack:G1"));
}

// A packet of 1 MiB to 10,000 members would take 10 GiB, and with it the memory of everybody.
TEST_P(GroupOrder, LargePacketsToManyMembersAreCopiedAsTheEarlierCopiesAreSafe) {
    GroupStage& t = start();
    std::vector<std::string> names{"alice"};
    for (int i = 0; i < 100; ++i) names.push_back("away" + std::to_string(i));
    t.group("g1", names);
    t.store.hold = true;
    const std::string text(1'000'000, 'x');
    t.alice.send(groupSaying(t.alice.jid(), "G1", "g1", text));
    EXPECT_LE(t.store.appends(), t.loops.size() * (Portions::kCopiesBytes / text.size()));
    EXPECT_GE(t.store.appends(), 60u);
    for (int i = 0; i < 100 && t.store.waiting() > 0; ++i) {
        t.store.release();
        t.advance(8);
    }
    EXPECT_EQ(t.store.appends(), 100u);
    EXPECT_THAT(t.alice.got(), ElementsAre("ack:G1"));
}

TEST_P(GroupOrder, AStoreThatHangsEndsTheWaitWithBusy) {
    settings.store_inflight_max = 80;
    GroupStage& t = start();
    std::vector<std::string> names{"alice"};
    for (int i = 0; i < 200; ++i) names.push_back("away" + std::to_string(i));
    t.group("g1", names);
    t.store.hold = true;
    t.alice.send(groupText(t.alice.jid(), "G1", "g1"));
    t.alice.write("\x02");
    t.advance(4'000);
    EXPECT_THAT(t.alice.take(), IsEmpty());
    for (int i = 0; i < 20; ++i) t.advance(100);
    EXPECT_THAT(t.alice.take(), ElementsAre("<heartbeat>"));  // he is read again
    t.store.release();
    t.settle();
    EXPECT_THAT(t.alice.got(), ElementsAre("notify:busy"));
}

TEST_P(GroupOrder, QuestionsAndFanOutsAreBounded) {
    settings.group_fanouts_max = 1;
    GroupStage& t = start();
    t.group("g1", {"alice", "bob", "carl"});
    t.callback.hold = true;
    User same(t, t.userOn(t.homeOf(t.alice.bare()), 7));
    same.login().take();
    t.alice.send(groupText(t.alice.jid(), "G1", "g1"));
    same.send(groupText(same.jid(), "G2", "g1"));
    EXPECT_THAT(same.got(), ElementsAre("notify:busy"));
    t.callback.hold = false;
    t.callback.release();
    t.settle();
    EXPECT_THAT(t.bob.got(), SizeIs(1));
}

struct NoticeStage : GroupStage {
    NoticeStage() : GroupStage(2) { settings.enable_offline_callback = true; }
};

TEST(OfflineNotice, IsGivenOnceForEachPacketThatIsStoredBecauseItsUserIsAway) {
    NoticeStage t;
    t.group("g1", {"alice", "bob", "dora", "emil"});
    t.store.hold = true;
    t.alice.chat("dora@t.com", "m1");
    EXPECT_THAT(t.callback.notices, IsEmpty());  // not stored yet
    t.store.hold = false;
    t.store.release();
    t.settle();
    EXPECT_THAT(t.callback.notices, ElementsAre("dora@t.com m1"));
    t.callback.notices.clear();
    t.alice.send(groupText(t.alice.jid(), "G1", "g1"));
    EXPECT_THAT(t.callback.notices,
                testing::UnorderedElementsAre(testing::StartsWith("dora@t.com uuid-"),
                                              testing::StartsWith("emil@t.com uuid-")));
    t.callback.notices.clear();
    t.store.append_status = Status::kIo;
    t.alice.chat("dora@t.com", "m2");
    EXPECT_THAT(t.callback.notices, IsEmpty());
}

// Defect 38: no callback for what was stored when a session ended.
TEST(OfflineNotice, IsGivenForWhatASessionLeavesBehind) {
    NoticeStage t;
    t.alice.chat(t.bob.jid(), "m1");
    t.advance(48);  // in the store, for bob does not acknowledge
    EXPECT_THAT(t.callback.notices, IsEmpty());
    t.alice.chat(t.bob.jid(), "m2");
    t.store.hold = true;
    t.alice.chat(t.bob.jid(), "m3");
    t.advance(48);  // on its way
    t.alice.chat(t.bob.jid(), "m4");
    t.bob.drop();
    t.store.release();
    t.settle();
    EXPECT_THAT(t.callback.notices, testing::UnorderedElementsAre("bob@t.com m1", "bob@t.com m2",
                                                                  "bob@t.com m3", "bob@t.com m4"));
}

TEST(OfflineNotice, IsNotGivenWhenTheUsersNextSessionIsHereAlready) {
    NoticeStage t;
    t.alice.chat(t.bob.jid(), "m1");
    t.advance(48);
    t.alice.chat(t.bob.jid(), "m2");
    User again(t, t.bob.jid());
    EXPECT_THAT(again.login().got(), ElementsAre("login:ok", "m1", "m2"));
    EXPECT_THAT(t.callback.notices, IsEmpty());
}

TEST(OfflineNotice, IsNotGivenUnlessAskedFor) {
    GroupStage t(1);
    t.alice.chat("dora@t.com", "m1");
    EXPECT_THAT(t.store.of("dora@t.com"), SizeIs(1));
    EXPECT_THAT(t.callback.notices, IsEmpty());
}

}  // namespace
}  // namespace sara::chat::test
