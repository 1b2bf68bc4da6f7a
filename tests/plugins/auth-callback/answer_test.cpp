// Which answers of a backend mean yes.
#include "auth-callback/answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sara::auth_callback {
namespace {

using Said = Answer::Kind;
using ::testing::ElementsAre;

Said kindOf(std::string_view body) { return readAnswer(body, 100).kind; }

TEST(AnswerTest, TrueAndTheDocumentedTextMeanYes) {
    for (const char* body :
         {R"({"success":true})", R"({"Success":true})", R"({"success":"true"})",
          R"({"sn":"1","success":true,"entity":{"a":1}})", R"({"sn":5,"success":true})",
          R"({"sn":null,"success":true})", " \r\n{\"success\" : true}\n",
          R"({"SUCCESS":true,"entity":[]})", R"({"entity":"text","success":true})"}) {
        EXPECT_EQ(kindOf(body), Said::kYes) << body;
    }
}

TEST(AnswerTest, FalseMeansNo) {
    EXPECT_EQ(kindOf(R"({"success":false})"), Said::kNo);
    EXPECT_EQ(kindOf(R"({"sn":"1","success":"false","entity":{"code":"1","reason":"x"}})"),
              Said::kNo);
}

TEST(AnswerTest, EverythingElseIsJunk) {
    for (const char* body : {"",
                             "[]",
                             "true",
                             "{}",
                             "null",
                             R"({"success":1})",
                             R"({"success":"TRUE"})",
                             R"({"success":"True"})",
                             R"({"success":null})",
                             R"({"success":{}})",
                             R"({"success":true} x)",
                             R"({"success":true}{"success":true})",
                             R"({"success":true)",
                             R"(x{"success":true})",
                             R"({"success":true,"success":true})",
                             R"({"success":false,"Success":true})",
                             R"({"success":true,})",
                             R"({'success':true})",
                             "<html>success: true</html>",
                             R"({"entity":{"success":true}})",
                             R"({"sn":{},"success":true})",
                             "{\"success\":true,\"a\":\"\xff\"}"}) {
        EXPECT_EQ(kindOf(body), Said::kJunk) << body;
    }
}

TEST(AnswerTest, UsersKeepTheirOrderAndNumbersBecomeText) {
    const Answer answer = readAnswer(
        R"({"success":true,"entity":{"users":["alice","bob@t.com",7,"",-3,18446744073709551615,1.5,"alice"]}})",
        100);
    EXPECT_EQ(answer.kind, Said::kYes);
    EXPECT_TRUE(answer.has_users);
    EXPECT_THAT(answer.users, ElementsAre("alice", "bob@t.com", "7", "", "-3",
                                          "18446744073709551615", "1.5", "alice"));
}

TEST(AnswerTest, ListsWithOtherThingsInThemAreJunk) {
    for (const char* users : {"[null]", "[true]", "[[]]", "[{}]"}) {
        EXPECT_EQ(kindOf(std::string(R"({"success":true,"entity":{"users":)") + users + "}}"),
                  Said::kJunk)
            << users;
    }
    EXPECT_FALSE(readAnswer(R"({"success":true,"entity":{"users":"alice,bob"}})", 100).has_users);
}

TEST(AnswerTest, ListBeyondTheLimitIsJunk) {
    const std::string_view two = R"({"success":true,"entity":{"users":["a","b"]}})";
    EXPECT_EQ(readAnswer(two, 2).kind, Said::kYes);
    EXPECT_EQ(readAnswer(two, 1).kind, Said::kJunk);
}

TEST(AnswerTest, DeepNestingIsJunkAndNeverTheEndOfTheStack) {
    std::string body = R"({"success":true,"entity":)";
    body += std::string(100'000, '[') + std::string(100'000, ']') + "}";
    EXPECT_EQ(kindOf(body), Said::kJunk);
}

}  // namespace
}  // namespace sara::auth_callback
