// What goes to the backend, byte for byte.
#include "auth-callback/request_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "auth-callback/reload_params.h"
#include "auth-callback/signature.h"

namespace sara::auth_callback {
namespace {

TEST(RequestTextTest, LoginAsksWithSortedParams) {
    EXPECT_EQ(authBody("e4ea1cb3", {"alice", "t.com", "alice@t.com/pc", "tok"}),
              R"({"sn":"e4ea1cb3","service":"emsg_auth","method":"auth","params":{)"
              R"("domain":"t.com","jid":"alice@t.com/pc","token":"tok","uid":"alice"}})");
}

TEST(RequestTextTest, GroupAsksForItsGidAlone) {
    EXPECT_EQ(
        groupBody("s", "g1"),
        R"({"sn":"s","service":"emsg_group","method":"get_user_list","params":{"gid":"g1"}})");
}

TEST(RequestTextTest, TextIsEscapedAsTheEarlierServerDid) {
    std::string out;
    appendJsonText("<b>&\"\\\n\r\t\x01\x7f", &out);
    EXPECT_EQ(out, "\"\\u003cb\\u003e\\u0026\\\"\\\\\\n\\r\\t\\u0001\x7f\"");
}

TEST(RequestTextTest, BytesThatAreNoUtf8BecomeTheReplacementCharacter) {
    std::string out;
    appendJsonText("a\xff\xc3\xa9\xc0\x80\xed\xa0\x80\xf4\x90\x80\x80", &out);
    EXPECT_EQ(
        out, "\"a\\ufffd\xc3\xa9\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\"");
}

TEST(RequestTextTest, LineSeparatorsAreEscaped) {
    std::string out;
    appendJsonText("\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa", &out);
    EXPECT_EQ(out, "\"\\u2028\\u2029\xe2\x80\xaa\"");
}

TEST(RequestTextTest, FormHasPlusForASpaceAndPercentForTheRest) {
    EXPECT_EQ(formOf("{\"a b\":1}~-_.\xc3\xa9"), "body=%7B%22a+b%22%3A1%7D~-_.%C3%A9");
}

TEST(RequestTextTest, OfflineNoticeIsThePacketItselfWithItsTotal) {
    const auto body = offlineBody(
        "s",
        R"({"envelope":{"id":"1","to":"b@t.com"},"payload":{"content":"<i> 1.0"},"vsn":"0.0.1"})",
        3);
    EXPECT_EQ(body,
              R"({"sn":"s","service":"user_message","method":"offline","params":{)"
              R"("envelope":{"id":"1","to":"b@t.com"},"payload":{"content":"\u003ci\u003e 1.0"},)"
              R"("total":3,"vsn":"0.0.1"}})");
}

TEST(RequestTextTest, OfflineNoticeKeepsNumbersAndUnknownMembersAsTheyWere) {
    const auto body = offlineBody(
        "s",
        R"({ "z" : 1.50e3 , "payload":{"n":12345678901234567890,"s":"}\",{"}, "a":[1,{"b":null}] })",
        0);
    EXPECT_EQ(
        body,
        R"({"sn":"s","service":"user_message","method":"offline","params":{)"
        R"("a":[1,{"b":null}],"payload":{"n":12345678901234567890,"s":"}\",{"},"z":1.50e3}})");
}

TEST(RequestTextTest, TotalOfTheServerWinsOverOneInThePacket) {
    EXPECT_EQ(
        offlineBody("s", R"({"total":9,"vsn":"1"})", 2),
        R"({"sn":"s","service":"user_message","method":"offline","params":{"total":2,"vsn":"1"}})");
}

TEST(RequestTextTest, WhatIsNoObjectHasNoNotice) {
    for (const char* packet :
         {"", "[]", "1", "{", "{\"a\"}", "{\"a\":}", "{\"a\":1", "{1:2}", "{\"a\":1,}"}) {
        EXPECT_FALSE(offlineBody("s", packet, 1)) << packet;
    }
    EXPECT_TRUE(offlineBody("s", " { } ", 1));
}

TEST(RequestTextTest, SerialNumbersAreUuidsOfVersionFourAndNeverTheSame) {
    std::set<std::string> seen;
    for (int i = 0; i < 1000; ++i) {
        const std::string sn = newSn();
        ASSERT_EQ(sn.size(), 36u);
        EXPECT_EQ(sn[14], '4');
        EXPECT_THAT(std::string("89ab"), ::testing::HasSubstr(std::string(1, sn[19])));
        seen.insert(sn);
    }
    EXPECT_EQ(seen.size(), 1000u);
}

TEST(SignatureTest, IsTheHmacOfTimestampFullStopAndBody) {
    // printf '1700000000.body=x' | openssl dgst -sha256 -hmac secret
    EXPECT_EQ(signatureOf("secret", 1700000000, "body=x"),
              "79d000971f47ac46591e4207ccd6bff651e123d23cb46369ce8472d86ae681fc");
    EXPECT_NE(signatureOf("secret", 1700000001, "body=x"),
              signatureOf("secret", 1700000000, "body=x"));
}

TEST(ReloadParamsTest, NumbersCountAsText) {
    const auto read = readReloadParams(R"({"gid":7,"domain":"t.com"})");
    EXPECT_EQ(read.gid, "7");
    EXPECT_EQ(read.domain, "t.com");
}

TEST(ReloadParamsTest, WhateverElseIsGivenCountsAsNothing) {
    for (const char* json :
         {"", "null", "[]", "{}", R"({"gid":{},"domain":[]})", R"({"gid":true})"}) {
        const auto read = readReloadParams(json);
        EXPECT_EQ(read.gid, "") << json;
        EXPECT_EQ(read.domain, "") << json;
    }
}

}  // namespace
}  // namespace sara::auth_callback
