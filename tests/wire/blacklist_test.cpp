// emsg_black_list as the SDKs call it, and what a block does to messages.
#include <filesystem>

#include "kit/http.h"
#include "kit/wire_test.h"

namespace sara::wire {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class BlacklistTest : public WireTest {
  protected:
    BlacklistTest() { conf_.setText("accesstoken", "tok123").set("login_failure_delay_ms", "20"); }
    void useTokens() {
        const std::string folder = folder_.file("plugins");
        std::filesystem::create_directories(folder);
        std::filesystem::copy_file(SARA_BINARY_DIR "/examples/token-auth.so",
                                   folder + "/token-auth.so");
        conf_.set("plugin_dir",
                  R"([")" SARA_BINARY_DIR R"(/lib/sara/plugins",")" + folder + R"("])");
        conf_.set("plugins.token-auth",
                  R"({"enabled":true,"tokens":"a@t.com=pa b@t.com=pb c@t.com=pc"})");
        conf_.set("enable_auth", "true");
    }
    // As emsg-sdk-java posts it: on /, unencoded, with a trailing &.
    std::string call(const std::string& method, const std::string& params,
                     const std::string& token = "") {
        std::string json = R"({"sn":"1","service":"emsg_black_list","method":")" + method +
                           R"(","params":)" + params;
        if (!token.empty()) json += R"(,"token":")" + token + R"(")";
        return httpSend(server().rpcPort(), "POST", "/",
                        "Content-Type: application/x-www-form-urlencoded\r\n",
                        "body=" + json + "}&")
            .body;
    }
    std::string block(const std::string& from, const std::string& to) {
        return call("append", R"({"from":")" + from + R"(","to":")" + to + R"("})", "tok123");
    }
    static void expectArrival(Client& from, const std::string& sender, Client& to,
                              const std::string& receiver, const std::string& id) {
        from.send(chatPacket(id, sender, receiver, id, false));
        EXPECT_EQ(to.packet().id(), id);
    }
};

const std::string kYes = R"({"sn":"1","success":true})";

TEST_F(BlacklistTest, MessagesOfABlockedSenderAreDroppedAndHeDoesNotNotice) {
    Client a = online("a@t.com/pc");
    Client b = online("b@t.com/pc");
    Client c = online("c@t.com");
    expectArrival(a, "a@t.com", b, "b@t.com", "before");
    EXPECT_EQ(block("a@t.com/anything", "b@t.com/x"), kYes);
    a.send(chatPacket("m1", "a@t.com", "b@t.com", "blocked", true));
    const Packet ack = a.packet();
    EXPECT_EQ(ack.type(), 3);
    EXPECT_EQ(ack.id(), "m1");
    EXPECT_EQ(ack.from(), "server_ack");
    a.send(chatPacket("m2", "a@t.com/pc", "b@t.com/phone", "blocked", false, 3));
    // One direction, one pair.
    expectArrival(b, "b@t.com", a, "a@t.com", "back");
    expectArrival(c, "c@t.com", b, "b@t.com", "other");  // nothing of a came before it
    EXPECT_EQ(call("remove", R"({"from":"a@t.com","to":"b@t.com"})", "tok123"), kYes);
    expectArrival(a, "a@t.com", b, "b@t.com", "after");
    EXPECT_THAT(httpGet(server().rpcPort(), "/metrics").body,
                HasSubstr("\nsara_blacklist_dropped_total 2\n"));
}

TEST_F(BlacklistTest, ListsSurviveKillMinusNineAndNothingBlockedWaits) {
    EXPECT_EQ(block("a@t.com", "b@t.com"), kYes);
    EXPECT_EQ(block("c@t.com", "b@t.com"), kYes);
    EXPECT_EQ(call("remove", R"({"from":"c@t.com","to":"b@t.com"})", "tok123"), kYes);
    restartAfterKill();
    EXPECT_EQ(call("fetch", R"({"to":"b@t.com"})", "tok123"),
              R"({"sn":"1","success":true,"entity":[{"jid":"a@t.com"}]})");
    Client a = online("a@t.com");
    sendAcked(a, "a@t.com", "b@t.com", {"m1"});
    Client c = online("c@t.com");
    sendAcked(c, "c@t.com", "b@t.com", {"m2"});
    Client b = connect();
    EXPECT_EQ(idsOf(b.login("b@t.com").delayed()), std::vector<std::string>{"m2"});
}

TEST_F(BlacklistTest, TheOwnersLoginPasswordIsEnoughAndNobodyElsesIs) {
    useTokens();
    EXPECT_EQ(call("append", R"({"from":"a@t.com","to":"b@t.com","pwd":"pb"})"), kYes);
    EXPECT_EQ(call("fetch", R"({"to":"b@t.com","pwd":"pb"})"),
              R"({"sn":"1","success":true,"entity":[{"jid":"a@t.com"}]})");
    const std::string no = R"({"sn":"1","success":false,"entity":{"reason":"no_permission"}})";
    for (const char* pwd : {"pa", "", "PB", "pbb"}) {
        const std::string mine = std::string(R"("to":"b@t.com","pwd":")") + pwd + "\"}";
        EXPECT_EQ(call("fetch", "{" + mine), no) << pwd;
        EXPECT_EQ(call("remove", R"({"from":"a@t.com",)" + mine), no) << pwd;
    }
    EXPECT_EQ(call("remove", R"({"from":"a@t.com","to":"b@t.com","pwd":"pb"})"), kYes);
    EXPECT_EQ(call("fetch", R"({"to":"b@t.com","pwd":"pb"})"),
              R"({"sn":"1","success":true,"entity":[]})");
    EXPECT_THAT(readFile(folder_.file("sara.log")), Not(HasSubstr("pb")));
}

TEST_F(BlacklistTest, WithoutAuthAPasswordProvesNothing) {
    EXPECT_EQ(call("append", R"({"from":"a@t.com","to":"b@t.com","pwd":"x"})"),
              R"({"sn":"1","success":false,"entity":{"reason":"no_permission"}})");
    EXPECT_EQ(call("fetch", R"({"to":"b@t.com","pwd":""})"),
              R"({"sn":"1","success":false,"entity":{"reason":"no_permission"}})");
}

TEST_F(BlacklistTest, GuessingAPasswordIsSlowedDownAsGuessingTheToken) {
    useTokens();
    conf_.set("plugins.rpc-http", R"({"wrong_tokens_per_minute_max":3})");
    for (int i = 0; i < 3; ++i) {
        EXPECT_THAT(call("fetch", R"({"to":"b@t.com","pwd":"guess"})"), HasSubstr("no_permission"));
    }
    EXPECT_THAT(call("fetch", R"({"to":"b@t.com","pwd":"pb"})"), HasSubstr("error token"));
}

TEST_F(BlacklistTest, WhatIsNoJidIsRefusedWithAWord) {
    EXPECT_THAT(block("a", "b@t.com"), HasSubstr("from_invalid"));
    EXPECT_THAT(block("a@t.com", ""), HasSubstr("to_invalid"));
    EXPECT_THAT(call("append", R"({"to":"b@t.com"})", "tok123"), HasSubstr("from_invalid"));
    EXPECT_THAT(call("append", "[]", "tok123"), HasSubstr("to_invalid"));
    EXPECT_THAT(call("append", R"({"to":"b@t.com","pwd":")" + std::string(5000, 'x') + R"("})"),
                HasSubstr("params_too_large"));
}

}  // namespace
}  // namespace sara::wire
