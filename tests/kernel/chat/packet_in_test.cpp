// What a logged-in client may send and how it reaches the other (protocol 2.1, 2.6, 2.9, 4, 5.7;
// defects 5, 8-11, 13, 33).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "chat_stage.h"

namespace sara::chat::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Two : Stage {
    explicit Two(Settings s = {}) : Stage(1, std::move(s)) {
        alice.login().take();
        bob.login().take();
    }
    User alice{*this, "alice@t.com/pc"};
    User bob{*this, "bob@t.com"};
    std::string stamp() { return std::to_string(clock.wallMs()); }
};

TEST(Relay, StampsTheTimeAndKeepsEveryOtherByte) {
    Two t;
    t.alice.send(
        "\n {\"vsn\" : \"0.0.1\",  \"envelope\" : {\"id\":\"m1\", \"type\":1,\"from\":"
        "\"alice@t.com/pc\",\"to\":\"bob@t.com/x\",\"ack\":1,\"odd\":[1e400,{\"k\":null}]},"
        "\"payload\":{\"n\":12345678901234567890,\"f\":1.0,\"s\":\"\\u00e9\\/ü\"},\"new\":{}}  ");
    EXPECT_EQ(t.bob.next(),
              "\n {\"vsn\" : \"0.0.1\",  \"envelope\" : {\"ct\":\"" + t.stamp() +
                  "\",\"id\":\"m1\", \"type\":1,\"from\":"
                  "\"alice@t.com/pc\",\"to\":\"bob@t.com/x\",\"ack\":1,\"odd\":[1e400,{\"k\":null}]"
                  "},\"payload\":{\"n\":12345678901234567890,\"f\":1.0,\"s\":\"\\u00e9\\/ü\"},"
                  "\"new\":{}}  ");
}

TEST(Relay, ReplacesAStampOfTheClient) {
    Two t;
    t.alice.send(R"({"envelope":{"id":"m1","type":1,"ct":"1111111111111","to":"bob@t.com"}})");
    EXPECT_EQ(t.bob.next(), R"({"envelope":{"from":"alice@t.com/pc","id":"m1","type":1,"ct":")" +
                                t.stamp() + R"(","to":"bob@t.com"}})");
}

TEST(Relay, LeavesStampsAloneWhenToldSo) {
    Two t({.stamp_ct = false});
    const std::string text = chatText("alice@t.com/pc", "bob@t.com", "m1");
    t.alice.send(text);
    EXPECT_EQ(t.bob.next(), text);
    t.bob.ack("m1");
    EXPECT_EQ(t.alice.next(), serverAckText("m1", t.clock.wallMs()));
}

TEST(Relay, StampsWhatIsStoredToo) {
    Two t;
    t.alice.chat("nobody@t.com", "m1");
    ASSERT_EQ(t.store.of("nobody@t.com").size(), 1u);
    const StoredPacket& p = t.store.of("nobody@t.com")[0];
    EXPECT_THAT(p.text, testing::HasSubstr("\"ct\":\"" + t.stamp() + "\""));
    EXPECT_EQ(p.from, "alice@t.com");
    EXPECT_EQ(p.expires_ms, t.clock.wallMs() + t.settings.backlog_age_ms);
}

TEST(Relay, FillsInAMissingSenderAndAMissingId) {
    Two t;
    for (const std::string from : {R"("from":null,)", R"("from":"",)", ""}) {
        t.alice.send(R"({"envelope":{)" + from + R"("id":null,"type":1,"to":"bob@t.com"}})");
        const std::string got = t.bob.next();
        EXPECT_THAT(got, testing::HasSubstr(R"("from":"alice@t.com/pc")"));
        EXPECT_THAT(got, testing::HasSubstr(R"("id":"uuid-00)"));
        EXPECT_EQ(wordsOf(got)[0].size(), 36u);
    }
}

TEST(Relay, EscapesAFilledInSender) {
    Stage stage;
    User odd(stage, R"(a<b\"@t.com/r\\s)");
    odd.login().take();
    odd.send(R"({"envelope":{"id":"m","type":1,"to":"a<b\"@t.com"}})");
    EXPECT_THAT(odd.next(), testing::HasSubstr(R"("from":"a\u003cb\"@t.com/r\\s")"));
}

// Defect 11: from was not bound to the session.
TEST(Relay, RefusesAnotherUsersName) {
    Two t;
    for (const std::string from : {"bob@t.com", "alice@t.comx", "alice@t.co", "lice@t.com",
                                   "Alice@t.com", "alice@t.com.evil/pc"}) {
        t.alice.send(chatText(from, "bob@t.com", "m1"));
        EXPECT_EQ(t.alice.next(), notifyText("m1", "no_permission")) << from;
        t.alice.send(chatText(from, "alice@t.com", "m2"));  // to oneself
        EXPECT_EQ(t.alice.next(), notifyText("m2", "no_permission")) << from;
    }
    EXPECT_THAT(t.bob.got(), IsEmpty());
    t.alice.send(chatText("alice@t.com/other", "bob@t.com", "m3"));
    EXPECT_THAT(t.bob.got(), ElementsAre("m3"));
}

TEST(Relay, ReadsAnEscapedSenderAsWhatItSays) {
    Two t;
    t.alice.send(chatText("\\u0062ob@t.com", "bob@t.com", "m1"));
    EXPECT_EQ(t.alice.next(), notifyText("m1", "no_permission"));
    t.alice.send(chatText("\\u0061lice@t.com", "\\u0062ob@t.com", "m2"));
    EXPECT_THAT(t.bob.got(), ElementsAre("m2"));
}

// Defect 5: a jid without @ crashed the handler; the rest of the read was lost.
TEST(Relay, RefusesBrokenJidsAndGoesOn) {
    Two t;
    for (const std::string to : {"bob", "", "@t.com", "bob@", "b@b@t.com", "a b@t.com",
                                 "bob@t.com/\\u0001", "x,y@t.com"}) {
        t.alice.send(chatText("alice@t.com/pc", to, "m1"));
        EXPECT_EQ(t.alice.next(), notifyText("m1", "error_jid")) << to;
    }
    t.alice.send(chatText("junk", "bob@t.com", "m2"));
    EXPECT_EQ(t.alice.next(), notifyText("m2", "error_jid"));
    for (const std::string resource : {"@", "\\u0007", "a@b", "\\u0000"}) {
        t.alice.send(chatText("alice@t.com/" + resource, "bob@t.com", "m3"));
        EXPECT_EQ(t.alice.next(), notifyText("m3", "error_jid")) << resource;
    }
    t.alice.chat("bob@t.com", "m4");
    EXPECT_THAT(t.bob.got(), ElementsAre("m4"));
    EXPECT_FALSE(t.alice.closed());
}

TEST(Relay, RefusesIdsThatAreNoIds) {
    Two t;
    for (const std::string id :
         {"session_bob@t.com", "group_g", "x_idx", "n01", "a b", "\\u00e9"}) {
        t.alice.chat("bob@t.com", id);
        EXPECT_THAT(t.alice.next(), testing::HasSubstr("error_id")) << id;
    }
    t.alice.chat("bob@t.com", std::string(129, 'i'));
    EXPECT_THAT(t.alice.next(), testing::HasSubstr("error_id"));
    t.alice.chat("bob@t.com", std::string(127, 'i') + "üü");
    EXPECT_THAT(wordsOf(t.alice.next()), ElementsAre("notify:error_id"));  // still valid UTF-8
    EXPECT_THAT(t.bob.got(), IsEmpty());
    t.alice.chat("bob@t.com", std::string(128, 'i'));
    EXPECT_THAT(t.bob.got(), ElementsAre(std::string(128, 'i')));
}

// Defect 10: types 0, 4 and 7 were relayed: fake login failures, fake notices.
TEST(Relay, RefusesTheTypesOfTheServer) {
    Two t;
    for (const std::string type : {"4", "7"}) {
        t.alice.send(R"({"envelope":{"id":"m","type":)" + type + R"(,"to":"bob@t.com"}})");
        EXPECT_EQ(t.alice.next(), notifyText("m", "no_permission"));
    }
    t.alice.send(R"({"envelope":{"id":"m","type":0,"to":"bob@t.com"}})");
    EXPECT_EQ(t.alice.next(), notifyText("m", "fail_type"));
    t.alice.send(R"({"envelope":{"id":"m","to":"bob@t.com"}})");  // missing is 0
    EXPECT_EQ(t.alice.next(), notifyText("m", "fail_type"));
    t.alice.send(R"({"envelope":{}})");
    EXPECT_EQ(t.alice.next(), notifyText("", "fail_type"));
    EXPECT_THAT(t.bob.got(), IsEmpty());
    EXPECT_FALSE(t.alice.closed());
}

TEST(Relay, CarriesEveryOtherType) {
    Two t;
    for (const std::string type : {"1", "3", "5", "6", "8", "100", "101", "999999999"}) {
        t.alice.send(R"({"envelope":{"id":"t)" + type + R"(","type":)" + type +
                     R"(,"to":"bob@t.com"}})");
        EXPECT_THAT(t.bob.got(), ElementsAre("t" + type));
    }
}

TEST(Relay, AnswersAGroupPacketWithoutACallbackPlugin) {
    Two t;
    t.alice.send(R"({"envelope":{"id":"g","type":2,"from":"alice@t.com/pc","gid":"g1","ack":1}})");
    EXPECT_EQ(t.alice.next(), notifyText("g", "group_notfound"));
    EXPECT_FALSE(t.alice.closed());
}

TEST(Relay, DeliversToOneself) {
    Two t;
    t.alice.chat("alice@t.com", "self");
    EXPECT_THAT(t.alice.got(), ElementsAre("self"));
    t.alice.ack("self");
    EXPECT_THAT(t.alice.got(), ElementsAre("ack:self"));
}

TEST(Relay, KeepsTheOrderOfAPairAcrossLoops) {
    Stage stage(2);
    User a(stage, stage.userOn(0)), b(stage, stage.userOn(1));
    a.login().take();
    b.login().take();
    std::vector<std::string> ids;
    for (int i = 0; i < 300; ++i) {
        ids.push_back("m" + std::to_string(i));
        a.write(chatText(a.jid(), b.jid(), ids.back()));
    }
    stage.settle();
    EXPECT_EQ(b.got(), ids);
}

// Defects 8 and 9: what one side reads differently from another smuggles senders and frames.
TEST(Malformed, EndsTheSessionWithErrorPacket) {
    for (const std::string& frame : {
             std::string("junk"),
             std::string("{"),
             std::string("[]"),
             std::string(R"({"envelope":null})"),
             std::string(R"({"envelope":[]})"),
             std::string(R"({"payload":{}})"),
             std::string(R"({"envelope":{"id":"m","type":1,"to":"bob@t.com"}} x)"),
             std::string(R"({"envelope":{"id":"m","type":1,"to":"bob@t.com"},"envelope":{}})"),
             std::string(R"({"envelope":{"id":"m","type":1,"to":"bob@t.com"},"Envelope":{}})"),
             std::string(R"({"envelope":{"id":"m","type":1},"\u0065nvelope":{}})"),
             std::string(R"({"envelope":{"id":"m","from":"a@b","from":"alice@t.com/pc"}})"),
             std::string(R"({"envelope":{"id":"m","type":1,"From":"bob@t.com"}})"),
             std::string(
                 R"({"envelope":{"id":"m","from":"alice@t.com/pc","fr\u006fm":"b@t.com"}})"),
             std::string(R"({"envelope":{"id":"m","type":1,"ct":1111111111111}})"),
             std::string(R"({"envelope":{"id":"m","type":"1"}})"),
             std::string(R"({"envelope":{"id":"m","type":-1}})"),
             std::string(R"({"envelope":{"id":"m","type":1.0}})"),
             std::string(R"({"envelope":{"id":5,"type":1}})"),
             std::string(R"({"envelope":{"id":"m","type":1,"ack":"1"}})"),
             std::string("{\"envelope\":{\"id\":\"m\",\"type\":1},\"p\":\"\x01\"}"),
             std::string("{\"envelope\":{\"id\":\"m\",\"type\":1},\"p\":\"\xc3\"}"),
             std::string("{\"envelope\":{\"id\":\"m\",\"type\":1},\"p\":\"\xed\xa0\x80\"}"),
             R"({"envelope":{"id":"m","type":1},"p":)" + std::string(64, '[') +
                 std::string(64, ']') + "}",
         }) {
        Two t;
        t.alice.send(frame);
        EXPECT_THAT(t.alice.got(), ElementsAre("notify:error_packet")) << frame;
        EXPECT_TRUE(t.alice.closed()) << frame;
        EXPECT_THAT(t.bob.got(), IsEmpty());
        EXPECT_FALSE(t.bob.closed());
    }
}

TEST(Malformed, WhatFollowsInTheSameReadIsNotRead) {
    Two t;
    t.alice.write("junk");
    t.alice.write(chatText("alice@t.com/pc", "bob@t.com", "m1"));
    t.settle();
    EXPECT_THAT(t.bob.got(), IsEmpty());
}

}  // namespace
}  // namespace sara::chat::test
