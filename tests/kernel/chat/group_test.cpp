// Group packets: who may send, what each member gets, when the sender is acked, and that nothing of
// his overtakes (protocol 2.7, 2.9; defects 10-12, 21, 24, 50).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "chat_stage.h"
#include "group_stage.h"

namespace sara::chat::test {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

class GroupTest : public testing::TestWithParam<uint32_t> {
  protected:
    GroupTest() : t(GetParam()) {}
    GroupStage t;
};
INSTANTIATE_TEST_SUITE_P(OnOneLoopAndAcrossThree, GroupTest, testing::Values(1u, 3u));

TEST_P(GroupTest, EveryMemberGetsHisOwnCopyAndTheSenderNone) {
    t.group("g1", {"alice", "bob", "carl"});
    t.alice.send(groupText(t.alice.jid() + "/pc", "G1", "g1"));
    const std::string ct = std::to_string(t.clock.wallMs());
    for (User* member : {&t.bob, &t.carl}) {
        const std::vector<std::string> frames = member->take();
        ASSERT_THAT(frames, SizeIs(1));
        const std::string id = wordsOf(frames[0])[0];
        EXPECT_THAT(id, testing::StartsWith("uuid-"));
        EXPECT_EQ(frames[0], R"({"envelope":{"to":")" + member->bare() + R"(","ct":")" + ct +
                                 R"(","id":")" + id + R"(","type":2,"from":")" + t.alice.bare() +
                                 R"(/pc","gid":"g1","ack":1},"payload":{"content":"hi"}})");
    }
    EXPECT_THAT(t.alice.got(), IsEmpty());
}

// Defect 21: recipients got an empty message.
TEST_P(GroupTest, PayloadAndEverythingUnknownReachTheMembersByteForByte) {
    t.group("g1", {"alice", "bob"});
    t.alice.send(
        R"({"x":[1.0,12345678901234567890],"envelope":{"type":2,"gid":"g1","id":"G1",)"
        R"("future":{"a":null},"to":"old","ack":1}, "payload" : {"content":"\u4f60 é"},"vsn":"7"})");
    const std::vector<std::string> frames = t.bob.take();
    ASSERT_THAT(frames, SizeIs(1));
    EXPECT_THAT(frames[0], testing::StartsWith(R"({"x":[1.0,12345678901234567890],"envelope":{)"));
    EXPECT_THAT(frames[0], HasSubstr(R"("future":{"a":null},"to":"bob@t.com","ack":1})"));
    EXPECT_THAT(frames[0], testing::EndsWith(R"(, "payload" : {"content":"\u4f60 é"},"vsn":"7"})"));
    EXPECT_THAT(frames[0], HasSubstr(R"("from":")" + t.alice.jid() + '"'));
}

// ios and android put the group into "to".
TEST_P(GroupTest, TheGroupMayStandInTo) {
    t.group("g1", {"alice", "bob"});
    t.alice.send(R"({"envelope":{"id":"G1","type":2,"to":"g1@t.com","from":"alice@t.com"}})");
    t.alice.send(R"({"envelope":{"id":"G2","type":2,"to":"g1","gid":"","from":"alice@t.com"}})");
    const std::vector<std::string> frames = t.bob.take();
    ASSERT_THAT(frames, SizeIs(2));
    for (const std::string& frame : frames) {
        EXPECT_THAT(frame, HasSubstr(R"("gid":"g1")"));
        EXPECT_THAT(frame, HasSubstr(R"("to":"bob@t.com")"));
        EXPECT_THAT(frame, Not(HasSubstr(R"("gid":"")")));
    }
}

TEST_P(GroupTest, ACopyAsksForAnAckUnlessTheSenderSaidZero) {
    t.group("g1", {"alice", "bob"});
    t.alice.send(R"({"envelope":{"id":"a","type":2,"gid":"g1"}})");
    t.alice.send(R"({"envelope":{"id":"b","type":2,"gid":"g1","ack":null}})");
    t.alice.send(R"({"envelope":{"id":"c","type":2,"gid":"g1","ack":0}})");
    const std::vector<std::string> frames = t.bob.take();
    ASSERT_THAT(frames, SizeIs(3));
    EXPECT_THAT(frames[0], HasSubstr(R"("ack":1)"));
    EXPECT_THAT(frames[1], HasSubstr(R"("ack":1)"));
    EXPECT_THAT(frames[1], Not(HasSubstr("null")));
    EXPECT_THAT(frames[2], HasSubstr(R"("ack":0)"));
    EXPECT_THAT(t.alice.got(),
                ElementsAre("ack:c"));  // c is with everybody, nobody acknowledges it
}

TEST_P(GroupTest, TheSenderIsAckedOnceTheLastCopyIsSafeAlsoWithoutAckMember) {
    t.group("g1", {"alice", "bob", "carl", "dora"});
    t.alice.send(R"({"envelope":{"id":"G1","type":2,"gid":"g1"}})");  // dora is away: stored
    EXPECT_THAT(t.store.of("dora@t.com"), SizeIs(1));
    t.bob.ack(t.bob.got().at(0));
    EXPECT_THAT(t.alice.got(), IsEmpty());
    const uint64_t sent_at = t.clock.wallMs();
    t.carl.ack(t.carl.got().at(0));
    EXPECT_THAT(t.alice.take(), ElementsAre(serverAckText("G1", sent_at)));
}

TEST_P(GroupTest, CopiesThatNobodyAcknowledgesAreStoredAndThenTheSenderIsAcked) {
    t.group("g1", {"alice", "bob", "carl"});
    t.alice.send(groupText(t.alice.jid(), "G1", "g1"));
    EXPECT_THAT(t.alice.got(), IsEmpty());
    t.advance(48);
    EXPECT_THAT(t.alice.got(), ElementsAre("ack:G1"));
    EXPECT_THAT(t.store.of("bob@t.com"), SizeIs(1));
    EXPECT_THAT(t.store.of("carl@t.com"), SizeIs(1));
}

TEST_P(GroupTest, ACopyThatCannotBeStoredIsANoticeAndNoAck) {
    t.group("g1", {"alice", "bob", "dora"});
    t.store.append_status = Status::kIo;
    t.alice.send(groupText(t.alice.jid(), "G1", "g1"));
    EXPECT_THAT(t.alice.got(), IsEmpty());  // bob may still have it
    t.bob.ack(t.bob.got().at(0));
    EXPECT_THAT(t.alice.take(), ElementsAre(notifyText("G1", "store_error")));
}

TEST_P(GroupTest, AMemberWithAFullBacklogDoesNotMakeTheGroupUnusable) {
    t.group("g1", {"alice", "dora", "emil"});
    t.store.backlog_max = 1;
    t.store.put("dora@t.com", "old", "{}");
    const int64_t before = counter("chat_group_skipped_total");
    t.alice.send(groupText(t.alice.jid(), "G1", "g1"));
    EXPECT_THAT(t.alice.got(), ElementsAre("ack:G1"));
    EXPECT_THAT(t.store.of("emil@t.com"), SizeIs(1));
    EXPECT_EQ(counter("chat_group_skipped_total"), before + 1);
}

TEST_P(GroupTest, FastAcksWhenEverybodysCopyIsOnItsWay) {
    t.settings.ack = AckMode::kFast;
    t.group("g1", {"alice", "bob"});
    t.alice.send(groupText(t.alice.jid(), "G1", "g1"));
    EXPECT_THAT(t.alice.got(), ElementsAre("ack:G1"));
    EXPECT_THAT(t.bob.got(), SizeIs(1));
}

// Defect 12: a user "lic" could post to a group of alice and bob.
TEST_P(GroupTest, AUserWhoseNameIsPartOfAMembersNameIsNoMember) {
    t.group("g1", {"alice", "bob"});
    User lic(t, "lic@t.com");
    lic.login().take();
    lic.send(groupText("lic@t.com", "G1", "g1"));
    EXPECT_THAT(lic.take(), ElementsAre(notifyText("G1", "no_permission")));
    User other(t, "alice@other.com");
    other.login().take();
    t.callback.groups["g1@other.com"] = {"alice@t.com", "bob@t.com"};
    other.send(groupText("alice@other.com", "G2", "g1"));
    EXPECT_THAT(other.take(), ElementsAre(notifyText("G2", "no_permission")));
    EXPECT_THAT(t.bob.got(), IsEmpty());
}

TEST_P(GroupTest, UnknownGroupsAreToldAndTheSessionStaysOpen) {
    t.group("alone", {"alice"});
    t.group("doubled", {"alice", "alice@t.com", "", "alice@t.com/pc"});
    for (const char* gid : {"nobody", "alone", "doubled"}) {
        t.alice.send(groupText(t.alice.jid(), "G1", gid));
        EXPECT_THAT(t.alice.take(), ElementsAre(notifyText("G1", "group_notfound"))) << gid;
    }
    for (const char* envelope : {R"("id":"G1","type":2)", R"("id":"G1","type":2,"to":"@t.com")",
                                 R"("id":"G1","type":2,"gid":"a\u0001b")"}) {
        t.alice.send(std::string(R"({"envelope":{)") + envelope + "}}");
        EXPECT_THAT(t.alice.take(), ElementsAre(notifyText("G1", "group_notfound"))) << envelope;
    }
    EXPECT_FALSE(t.alice.closed());
    for (const Status st : {Status::kIo, Status::kTimeout, Status::kUnsupported}) {
        t.callback.status = st;
        t.alice.send(groupText(t.alice.jid(), "G1", "alone"));
        EXPECT_THAT(t.alice.take(), ElementsAre(notifyText("G1", "group_notfound")));
    }
}

TEST_P(GroupTest, NamesOfTheListAreReadWithCare) {
    t.group("g1", {"alice@t.com", "bob@t.com", "bob", "bob@t.com/pad", "", " ", "a,b", "x@y@z",
                   "no\x01pe", "zoe@far.org", "carl"});
    const int64_t invalid = counter("chat_group_names_invalid_total");
    t.alice.send(groupText(t.alice.jid(), "G1", "g1"));
    EXPECT_EQ(counter("chat_group_names_invalid_total"), invalid + 5);
    EXPECT_THAT(t.bob.got(), SizeIs(1));
    EXPECT_THAT(t.carl.got(), SizeIs(1));
    EXPECT_THAT(t.store.of("zoe@far.org"), SizeIs(1));
    EXPECT_THAT(t.alice.got(), IsEmpty());
}

TEST_P(GroupTest, NamesThatNeedEscapesStayValidJson) {
    const std::string name = R"(o"b\r<)";
    t.group("g\"1", {"alice", name});
    User odd(t, name + "@t.com");
    (void)odd.connect();
    odd.send(R"({"envelope":{"id":"L","type":0,"jid":"o\"b\\r<@t.com"}})").take();
    t.alice.send(R"({"envelope":{"id":"G1","type":2,"to":"g\"1","from":"alice@t.com\/\u0070"}})");
    const std::vector<std::string> frames = odd.take();
    ASSERT_THAT(frames, SizeIs(1));
    EXPECT_THAT(frames[0], HasSubstr(R"("to":"o\"b\\r\u003c@t.com")"));
    EXPECT_THAT(frames[0], HasSubstr(R"("gid":"g\"1")"));
    EXPECT_THAT(frames[0], HasSubstr(R"("from":"alice@t.com\/\u0070")"));
    odd.ack(wordsOf(frames[0])[0]);
    EXPECT_THAT(t.alice.got(), ElementsAre("ack:G1"));
}

TEST_P(GroupTest, TooManyNamesAreRefused) {
    t.settings.group_members_max = 3;
    t.group("g1", {"alice", "bob", "carl", "dora"});
    t.alice.send(groupText(t.alice.jid(), "G1", "g1"));
    EXPECT_THAT(t.alice.got(), ElementsAre("notify:group_too_large"));
}

// Defect 11: a member saw forged senders of group packets.
TEST_P(GroupTest, ASenderCannotSpeakForAnotherMember) {
    t.group("g1", {"alice", "bob", "carl"});
    t.alice.send(groupText("carl@t.com", "G1", "g1"));
    EXPECT_THAT(t.alice.got(), ElementsAre("notify:no_permission"));
    EXPECT_THAT(t.bob.got(), IsEmpty());
    EXPECT_EQ(t.callback.asked, 0);
}

TEST_P(GroupTest, OfflineMembersFindTheirCopyAtTheNextLogin) {
    t.group("g1", {"alice", "dora"});
    t.alice.send(groupText(t.alice.jid(), "G1", "g1"));
    User dora(t, "dora@t.com");
    const std::vector<std::string> got = dora.login().got();
    EXPECT_THAT(got, ElementsAre("login:ok", testing::StartsWith("uuid-")));
}

TEST_P(GroupTest, AFilterMayLeaveOutAMember) {
    t.group("g1", {"alice", "bob", "carl"});
    t.hooks.want({HookPoint::kPacketDeliver});
    t.hooks.script = [](HookPoint, const Packet* p) {
        HookAnswer answer;
        if (p->to() == "bob@t.com") answer.verdict = Verdict::kReject;
        return answer;
    };
    t.alice.send(groupText(t.alice.jid(), "G1", "g1"));
    EXPECT_THAT(t.bob.got(), IsEmpty());
    t.carl.ack(t.carl.got().at(0));
    EXPECT_THAT(t.alice.got(), ElementsAre("ack:G1"));
}

TEST_P(GroupTest, AFilterOfGroupExpandMayGiveTheMembers) {
    t.hooks.want({HookPoint::kGroupExpand});
    t.hooks.script = [](HookPoint, const Packet*) {
        HookAnswer answer;
        answer.verdict = Verdict::kAccept;
        answer.members = "alice@t.com,bob@t.com";
        return answer;
    };
    t.alice.send(groupText(t.alice.jid(), "G1", "anything"));
    EXPECT_THAT(t.bob.got(), SizeIs(1));
    EXPECT_EQ(t.callback.asked, 0);
    t.hooks.script = [](HookPoint, const Packet*) {
        HookAnswer answer;
        answer.verdict = Verdict::kReject;
        answer.reason = "closed_today";
        return answer;
    };
    t.alice.send(groupText(t.alice.jid(), "G2", "anything"));
    EXPECT_THAT(t.alice.got(), ElementsAre("notify:closed_today"));
}

}  // namespace
}  // namespace sara::chat::test
