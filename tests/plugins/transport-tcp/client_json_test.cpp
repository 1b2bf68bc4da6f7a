// What clients of 2014 get instead of JSON that they cannot read.
#include "client_json.h"

#include <gtest/gtest.h>

namespace sara::tcp {
namespace {

std::string ascii(std::string_view json) {
    std::string out;
    appendAscii(json, out);
    return out;
}
std::string attrs(std::string_view json) {
    std::string out;
    appendStringAttrs(json, out);
    return out;
}

TEST(AsciiJson, LeavesAsciiAsItIs) {
    EXPECT_EQ(ascii(R"({"a":"b\u00e4\n"})"), R"({"a":"b\u00e4\n"})");
    EXPECT_EQ(ascii(""), "");
}

TEST(AsciiJson, EscapesEveryOtherCharacter) {
    EXPECT_EQ(ascii("\"\xc3\xa4\""), R"("\u00e4")");
    EXPECT_EQ(ascii("\"\xe4\xbd\xa0\xe5\xa5\xbd!\""), R"("\u4f60\u597d!")");
    EXPECT_EQ(ascii("\"\xf0\x9f\x98\x80\""), R"("\ud83d\ude00")");
    EXPECT_EQ(ascii("\"\x7f\""), "\"\x7f\"");
}

TEST(AsciiJson, CopiesWhatIsNoUtf8) {
    EXPECT_EQ(ascii("\"\xff\xc3\""), "\"\xff\xc3\"");
    EXPECT_EQ(ascii("\xe4\xbd"), "\xe4\xbd");
}

TEST(StringifyAttrs, TurnsEveryValueThatIsNoStringIntoItsJsonText) {
    EXPECT_EQ(
        attrs(R"({"payload":{"attrs":{"n":1.50,"t":true,"z":null,"s":"x","l":["a",{"b":"\\"}]}}})"),
        R"({"payload":{"attrs":{"n":"1.50","t":"true","z":"null","s":"x","l":"[\"a\",{\"b\":\"\\\\\"}]"}}})");
}

TEST(StringifyAttrs, WorksInThePacketsOfADelayList) {
    EXPECT_EQ(
        attrs(
            R"({"delay":{"total":2,"packets":[{"payload":{"attrs":{"n":1}}},{"payload":{"attrs":{"n":2}}}]}})"),
        R"({"delay":{"total":2,"packets":[{"payload":{"attrs":{"n":"1"}}},{"payload":{"attrs":{"n":"2"}}}]}})");
}

TEST(StringifyAttrs, LeavesEverythingElseByteForByte) {
    for (const char* json : {
             R"({"envelope":{"id":"1","type":1,"attrs":{"n":1}},"vsn":"0.0.1"})",
             R"({"attrs":{"n":1}})",
             R"({"payload":{"content":"attrs","attrs":"text"}})",
             R"({"payload":{"attrs":[1,2]}})",
             R"({"payload":{"attrs":{}}})",
             R"({"payload":{"attrs":{"a":"{\"n\":1}","b":"]"}}})",
             R"({"payload":{"deep":{"attrs":{"n":1}}}})",
             R"({"entity":{"attrs":{"n":1}}})",
             R"( { "payload" : { "attrs" : { "a" : "b" } } } )",
             R"({"delay":{"packets":[]}})",
             "[]",
             "1",
             "",
             "{",
             R"({"payload":{"attrs":{"n":)",
             R"({"payload":{"attrs":{"n)",
             R"({"payload":{"attrs":{"n":"\)",
         }) {
        EXPECT_EQ(attrs(json), json);
    }
}

TEST(StringifyAttrs, KeepsSpacesOutsideTheValue) {
    EXPECT_EQ(attrs("{ \"payload\" : { \"attrs\" : { \"a\" : 1 , \"b\" : [ 1,\n2 ] } } }"),
              "{ \"payload\" : { \"attrs\" : { \"a\" : \"1\" , \"b\" : \"[ 1, 2 ]\" } } }");
}

}  // namespace
}  // namespace sara::tcp
