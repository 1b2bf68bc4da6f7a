// Who gets in, what he is told when he does not, and that nobody else notices (protocol 2.2, 2.3,
// 3.2, 4).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "chat_stage.h"

namespace sara::chat::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr char kUuid1[] = "uuid-0000000000000000000000000000001";

// What a fresh connection is answered for its first frame.
std::string answerTo(Stage& stage, const std::string& frame) {
    User u(stage, "x@t.com");
    EXPECT_EQ(u.connect(), Status::kOk);
    u.send(frame);
    EXPECT_EQ(u.conn().frames.size(), 1u);
    return u.next();
}

TEST(Login, AnswersWithTheDocumentedBytes) {
    Stage stage;
    User a(stage, "alice@t.com/pc");
    a.login("L1");
    EXPECT_EQ(a.next(),
              R"({"envelope":{"id":"L1","type":0},"entity":{"result":"ok"},"delay":{"total":0}})");
    EXPECT_FALSE(a.conn().paused);
}

TEST(Login, RefusesWhatIsNoPacketWithAnIdOfItsOwn) {
    for (const std::string frame :
         {"junk", "{}", "[]", R"({"payload":{}})", R"({"envelope":null})",
          R"({"envelope":{"id":"a","type":"0","jid":"a@t.com"}})",
          R"({"envelope":{"id":"a","type":0,"jid":7}})", "{\"envelope\":{\"id\":\"a\xff\"}}"}) {
        Stage stage;
        EXPECT_EQ(answerTo(stage, frame), loginFailureText(kUuid1, "fail_packet")) << frame;
    }
}

TEST(Login, TellsEveryReasonInTheOrderOfTheChecks) {
    Stage stage;
    // Each frame violates its own rule and all later ones.
    EXPECT_EQ(answerTo(stage, R"({"envelope":{"id":"bad id","type":1,"jid":"nobody"}})"),
              loginFailureText("bad id", "fail_type"));
    EXPECT_EQ(answerTo(stage, R"({"envelope":{"id":"bad id","type":0,"jid":"nobody"}})"),
              loginFailureText("bad id", "fail_packet"));
    EXPECT_EQ(answerTo(stage, R"({"envelope":{"id":"i1","type":0}})"),
              loginFailureText("i1", "fail_packet"));
    EXPECT_EQ(answerTo(stage, R"({"envelope":{"id":"i2","type":0,"jid":"a@b@c"}})"),
              loginFailureText("i2", "fail_param"));
    EXPECT_EQ(answerTo(stage, R"({"envelope":{"id":"bad id","type":0,"jid":"a@t.com"}})"),
              loginFailureText("bad id", "fail_param"));
    EXPECT_EQ(stage.auth.asked, 0);
}

TEST(Login, RefusesJidsOutsideOfTheGrammar) {
    Stage stage;
    for (const std::string jid :
         {"@d", "u@", "u@/r", "a@b@c/d", "sp ace@d", "a/b@c", "a,b@c", "a:b@c", "a@b,c", "a@b c"}) {
        EXPECT_EQ(answerTo(stage, loginText(jid, "i", "p")), loginFailureText("i", "fail_param"))
            << jid;
    }
    EXPECT_EQ(answerTo(stage, loginText(std::string(129, 'u') + "@d", "i", "p")),
              loginFailureText("i", "fail_param"));
    EXPECT_EQ(answerTo(stage, loginText("u@d/" + std::string(129, 'r'), "i", "p")),
              loginFailureText("i", "fail_param"));
}

TEST(Login, TakesJidsInsideOfTheGrammar) {
    for (const std::string jid : {"a@b", "U@D", "x@y/r1/r2", "a@host:5222/my phone", "ü@ö/ä"}) {
        Stage stage;
        User u(stage, jid);
        EXPECT_THAT(u.login().got(), ElementsAre("login:ok")) << jid;
    }
}

// Defect 13: ids became keys of the store, so an id could overwrite another user's session.
TEST(Login, RefusesIdsThatNameKeysOfOtherNodes) {
    Stage stage;
    for (const std::string id : {"session_a@t.com", "offline_x", "group_g1@t.com", "keep_1",
                                 "sara_idx", "saraX", "any_idx", "n01", "tab\\tid"}) {
        EXPECT_THAT(answerTo(stage, loginText("a@t.com", id, "p")),
                    testing::HasSubstr("fail_param"))
            << id;
    }
}

TEST(Login, EchoesAnEmptyId) {
    Stage stage;
    EXPECT_EQ(answerTo(stage, R"({"envelope":{"type":0,"jid":"a@t.com"}})"),
              R"({"envelope":{"id":"","type":0},"entity":{"result":"ok"},"delay":{"total":0}})");
}

TEST(Login, NeverEchoesHalfACharacterOrAnIdWithoutEnd) {
    Stage stage;
    std::string id(127, 'x');
    for (int i = 0; i < 1000; ++i) id += "ü";
    const std::string answer = answerTo(stage, loginText("a@t.com", id, "p"));
    EXPECT_EQ(wordsOf(answer), std::vector<std::string>{"login:fail_param"}) << answer;
    EXPECT_LT(answer.size(), 300u);
}

TEST(Login, AsksAuthWithEverythingItKnows) {
    Stage stage(1, {.enable_auth = true});
    User a(stage, "alice@t.com/pc");
    EXPECT_EQ(a.connect(0, "192.0.2.77"), Status::kOk);
    a.login("L1", "pa\\\"ss");
    EXPECT_THAT(a.got(), ElementsAre("login:ok"));
    EXPECT_EQ(stage.auth.user, "alice");
    EXPECT_EQ(stage.auth.domain, "t.com");
    EXPECT_EQ(stage.auth.jid, "alice@t.com/pc");
    EXPECT_EQ(stage.auth.password, "pa\"ss");
    EXPECT_EQ(stage.auth.peer_ip, "192.0.2.77");
    EXPECT_EQ(stage.auth.transport, "tcp");
}

TEST(Login, IsRefusedWhenNobodyIsThereToCheckIt) {
    Stage stage(1, {.enable_auth = true}, false);
    User a(stage, "alice@t.com");
    EXPECT_THAT(a.login().got(), ElementsAre("login:fail_token"));
}

// Defect 7, G3: a wrong token disconnected the user whose name it carried.
TEST(Login, NobodyIsKickedByAStrangerWithAWrongToken) {
    Stage stage(1, {.enable_auth = true});
    User a(stage, "alice@t.com");
    a.login().take();
    stage.auth.verdict = Status::kDenied;
    User mallory(stage, "alice@t.com/evil");
    EXPECT_THAT(mallory.login().got(), ElementsAre("login:fail_token"));
    stage.advance(5000);
    EXPECT_TRUE(mallory.closed());
    EXPECT_FALSE(a.closed());
    EXPECT_THAT(a.got(), IsEmpty());
    a.chat("alice@t.com", "self1");
    EXPECT_THAT(a.got(), ElementsAre("self1"));
}

TEST(Login, NobodyIsKickedWhileAuthIsStillAsked) {
    Stage stage(1, {.enable_auth = true});
    User a(stage, "alice@t.com");
    a.login().take();
    stage.auth.hold = true;
    User b(stage, "alice@t.com");
    b.login();
    EXPECT_FALSE(a.closed());
    stage.auth.release(Status::kOk);
    stage.settle();
    EXPECT_TRUE(a.closed());
    EXPECT_THAT(a.got(), ElementsAre("<kill>"));
    EXPECT_THAT(b.got(), ElementsAre("login:ok"));
}

TEST(Login, ReplacesTheEarlierSessionWithAKill) {
    Stage stage;
    User a(stage, "alice@t.com/one");
    User b(stage, "alice@t.com/two");
    a.login().take();
    EXPECT_THAT(b.login().got(), ElementsAre("login:ok"));
    EXPECT_THAT(a.got(), ElementsAre("<kill>"));
    EXPECT_EQ(a.conn().close_reason, "replaced");
    EXPECT_EQ(a.conn().flush_ms, stage.settings.close_flush_ms);  // the kill must not be lost
}

// Defect 36: logins in parallel left several live sessions of one jid.
TEST(Login, ParallelLoginsOfOneJidLeaveOneSession) {
    Stage stage(2, {.enable_auth = true});
    stage.auth.hold = true;
    std::vector<std::unique_ptr<User>> users;
    for (uint32_t i = 0; i < 4; ++i) {
        users.push_back(std::make_unique<User>(stage, "alice@t.com/" + std::to_string(i)));
        ASSERT_EQ(users.back()->connect(i % 2), Status::kOk);
        users.back()->login();
    }
    stage.auth.release(Status::kOk);
    stage.settle();
    stage.auth.hold = false;
    int open = 0;
    for (auto& u : users) open += u->closed() ? 0 : 1;
    EXPECT_EQ(open, 1);
    EXPECT_FALSE(users.back()->closed());
    User bob(stage, "bob@t.com");
    bob.login().take();
    users.back()->take();
    bob.chat("alice@t.com", "m1");
    EXPECT_THAT(users.back()->got(), ElementsAre("m1"));
}

// A client that gave up waiting and came back was thrown out by the answer to its first try:
// reading is paused while a login is checked, so the server did not know that the client had left.
TEST(Login, LateYesForAnEarlierConnectionDoesNotThrowOutTheLaterOne) {
    Stage stage(1, {.enable_auth = true});
    stage.auth.hold = true;
    User first(stage, "alice@t.com/pc");
    first.login();
    stage.auth.hold = false;
    User second(stage, "alice@t.com/pc");
    EXPECT_THAT(second.login().got(), ElementsAre("login:ok"));
    second.take();
    stage.auth.release(Status::kOk);
    stage.settle();
    EXPECT_TRUE(first.closed());
    EXPECT_THAT(first.got(), ElementsAre("<kill>"));
    EXPECT_FALSE(second.closed());
    EXPECT_THAT(second.got(), IsEmpty());
    User bob(stage, "bob@t.com");
    bob.login().take();
    bob.chat("alice@t.com", "m1");
    EXPECT_THAT(second.got(), ElementsAre("m1"));
}

// G4: the close of the old session removed the record of the new one.
TEST(Login, AReconnectedUserIsReachableWhenTheOldConnectionClosesLate) {
    Stage stage;
    User bob(stage, "bob@t.com");
    bob.login().take();
    for (int i = 0; i < 40; ++i) {
        User old(stage, "alice@t.com");
        old.login();
        User fresh(stage, "alice@t.com");
        fresh.login();
        old.drop();
        fresh.take();
        bob.chat("alice@t.com", "m" + std::to_string(i));
        ASSERT_THAT(fresh.got(), ElementsAre("m" + std::to_string(i)));
        fresh.ack("m" + std::to_string(i));
        fresh.drop();
    }
}

TEST(Login, MovesToTheHomeLoopOfTheUser) {
    Stage stage(2);
    for (uint32_t home : {0u, 1u}) {
        User u(stage, stage.userOn(home) + "/pc");
        ASSERT_EQ(u.connect(1 - home), Status::kOk);
        EXPECT_THAT(u.login().got(), ElementsAre("login:ok"));
        EXPECT_EQ(u.conn().loop, home);
        ASSERT_NE(u.session(), nullptr);
        EXPECT_EQ(u.session()->jid, u.jid());
        EXPECT_EQ(u.session()->peer_ip, "192.0.2.1");
    }
    EXPECT_EQ(stage.room(0).sessions().live(), 1u);
    EXPECT_EQ(stage.room(1).sessions().live(), 1u);
}

TEST(Login, AConnectionLostBetweenTwoLoopsIsNotCountedForEver) {
    Stage stage(2, {.connections_max = 1});
    User u(stage, stage.userOn(1));
    ASSERT_EQ(u.connect(0), Status::kOk);
    std::string body = loginText(u.jid(), "L", "p");
    const size_t size = body.size();
    body.append(64, ' ');
    Move move;
    stage.on(0, [&] {
        EXPECT_EQ(stage.room(0).frame(u.conn().session, {body.data(), size}, move), Status::kMoved);
    });
    EXPECT_EQ(u.connect(0), Status::kFull);
    Room::abandon(stage.world, move.ticket);
    EXPECT_EQ(u.connect(0), Status::kOk);
}

TEST(Login, ASecondLoginPacketOfTheSameUserIsAnsweredAndOthersAreRefused) {
    Stage stage;
    User a(stage, "alice@t.com/pc");
    a.login("L1").take();
    a.send(loginText("alice@t.com/pc", "L2", "x"));
    EXPECT_EQ(a.next(),
              R"({"envelope":{"id":"L2","type":0},"entity":{"result":"ok"},"delay":{"total":0}})");
    a.send(loginText("bob@t.com", "L3", "x"));
    EXPECT_EQ(a.next(), notifyText("L3", "fail_type"));
    EXPECT_FALSE(a.closed());
}

TEST(Login, ASecondLoginPacketCannotMakeTheServerWriteALongId) {
    Stage stage;
    User a(stage, "alice@t.com");
    a.login().take();
    a.send(loginText("alice@t.com", std::string(100'000, '<'), "x"));
    EXPECT_LT(a.next().size(), 2000u);
}

TEST(Login, FailsWhenTheBacklogCannotBeRead) {
    Stage stage;
    stage.store.fetch_status = Status::kIo;
    User a(stage, "alice@t.com");
    EXPECT_THAT(a.login().got(), ElementsAre("login:store_error"));
    stage.advance(2000);
    EXPECT_TRUE(a.closed());
    EXPECT_EQ(stage.room().users().size(), 0u);
    stage.store.fetch_status = Status::kOk;
    EXPECT_THAT(User(stage, "alice@t.com").login().got(), ElementsAre("login:ok"));
}

}  // namespace
}  // namespace sara::chat::test
