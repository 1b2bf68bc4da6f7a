// Params of emsg_black_list, also from strangers.
#include "params.h"

#include <gtest/gtest.h>

namespace sara::blacklist {
namespace {

std::string word(const std::string& json, bool wants_from = true) {
    const auto params = Params::read(json, wants_from);
    return params ? "ok" : std::string(params.text());
}

TEST(BlacklistParams, AreReadAsTheClientsSendThem) {
    const auto params =
        Params::read(R"({"from":"a@t.com/pc","to":"b@t.com/x","pwd":"secret"})", true);
    ASSERT_TRUE(params.ok());
    EXPECT_EQ(params->owner, "b@t.com");
    EXPECT_EQ(params->to, "b@t.com/x");
    EXPECT_EQ(params->blocked, "a@t.com");
    EXPECT_EQ(params->password, "secret");
    EXPECT_EQ(word(R"({"to":"b@t.com"})", false), "ok");
}

TEST(BlacklistParams, WhatIsWrongHasAWord) {
    EXPECT_EQ(word(R"({"from":"a@t.com"})"), "to_invalid");
    EXPECT_EQ(word(R"({"from":"a@t.com","to":7})"), "to_invalid");
    EXPECT_EQ(word(R"({"from":"a@t.com","to":"b"})"), "to_invalid");
    EXPECT_EQ(word(R"({"to":"b@t.com"})"), "from_invalid");
    EXPECT_EQ(word(R"({"from":["a@t.com"],"to":"b@t.com"})"), "from_invalid");
    EXPECT_EQ(word(R"({"from":"a b@t.com","to":"b@t.com"})"), "from_invalid");
    for (const char* json : {"", "[]", "7", "nonsense", "{", "null"}) {
        EXPECT_EQ(word(json), "params_invalid") << json;
    }
}

TEST(BlacklistParams, ALoopDoesNotReadLongTextsOfStrangers) {
    const std::string pwd(Params::kBytesMax, 'x');
    EXPECT_EQ(word(R"({"to":"b@t.com","pwd":")" + pwd + R"("})", false), "params_too_large");
    EXPECT_EQ(word(R"({"to":"b@t.com","x":[[[[[[[[[[[]]]]]]]]]]]})", false), "params_invalid");
}

}  // namespace
}  // namespace sara::blacklist
