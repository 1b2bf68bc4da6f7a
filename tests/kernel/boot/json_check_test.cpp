#include <gtest/gtest.h>

#include "boot/json_text.h"
#include "boot/nearest_name.h"

namespace sara::boot {
namespace {

std::string wrong(const std::string& text, JsonLimits limits = {}) {
    JsonError error;
    return checkJsonObject(text, limits, &error) ? "" : error.where();
}

TEST(JsonText, SaysLineAndColumnOfTheFirstWrongByte) {
    EXPECT_EQ(wrong("{\n  \"a\": 1,\n  \"b\" 2\n}"),
              "line 3, column 7: found '2', expected ':' behind the key");
    EXPECT_EQ(wrong("{\"a\": 1,}"), "line 1, column 9: found '}', expected a key in double quotes");
    EXPECT_EQ(wrong("{\"a\": [1, 2}"), "line 1, column 12: found '}', expected ',' or ']'");
    EXPECT_EQ(wrong("{\"a\": 1} x"),
              "line 1, column 10: found 'x', expected the end of the file behind the object");
    EXPECT_EQ(wrong(""), "line 1, column 1: found the end of the file, expected '{'");
    EXPECT_EQ(wrong("[1]"), "line 1, column 1: found '[', expected '{'");
    EXPECT_EQ(wrong("{\"a\": tru}"), "line 1, column 7: found 't', expected a value");
    EXPECT_EQ(wrong("{\"a\": \"x\ny\"}"),
              "line 1, column 7: found a string that does not end on its line, expected '\"'");
}

TEST(JsonText, CountsColumnsInCharacters) {
    EXPECT_EQ(wrong("{\"\xc3\xa9\xc3\xa9\": x}"), "line 1, column 8: found 'x', expected a value");
}

TEST(JsonText, RefusesAKeyThatComesTwiceAlsoWhenItIsEscaped) {
    EXPECT_EQ(wrong("{\"port\": 1, \"p\\u006frt\": 2}"),
              "line 1, column 13: found the key \"port\" twice, expected each key once");
    EXPECT_EQ(wrong("{\"a\": {\"port\": 1}, \"port\": 2}"), "");
}

TEST(JsonText, RefusesWhatIsNotUtf8) {
    for (const char* bytes : {"\xff", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82"}) {
        EXPECT_NE(wrong(std::string("{\"a\": \"") + bytes + "\"}"), "") << bytes;
    }
    EXPECT_EQ(wrong("{\"a\": \"\xf0\x9f\x98\x84\"}"), "");
}

TEST(JsonText, RefusesHalfASurrogatePairAndAZeroCharacter) {
    EXPECT_NE(wrong(R"({"a": "\ud83d"})"), "");
    EXPECT_NE(wrong(R"({"a": "\ude04"})"), "");
    EXPECT_NE(wrong(R"({"a": "\u0000"})"), "");
    EXPECT_EQ(wrong(R"({"a": "\ud83d\ude04"})"), "");
}

TEST(JsonText, RefusesDepthAndSizeBeyondItsLimits) {
    std::string deep = "{\"a\": ";
    for (int i = 0; i < 100; ++i) deep += '[';
    EXPECT_NE(wrong(deep).find("found nesting deeper than 32"), std::string::npos);
    EXPECT_NE(wrong("{}" + std::string(100, ' '), {50, 4}).find("expected at most 50"),
              std::string::npos);
}

TEST(JsonText, RefusesNumbersThatAreNone) {
    for (const char* number : {"01", "1.", ".5", "-", "1e", "+1", "0x10", "NaN", "Infinity"}) {
        EXPECT_NE(wrong(std::string("{\"a\": ") + number + "}"), "") << number;
    }
}

TEST(JsonText, WritesWhatItRead) {
    const std::string text =
        R"({"a":[true,null,-3,"x\"\\\u000a"],"o":{"n":18446744073709551615},"z":1})";
    JsonError error;
    const auto object = parseJsonObject(text, {}, &error);
    ASSERT_TRUE(object) << error.where();
    EXPECT_EQ(jsonText(object), text);
}

TEST(NearestName, FindsTheWordThatWasMeant) {
    const std::vector<std::string> words = {"port", "tlsport", "loglevel", "nodeid"};
    EXPECT_EQ(nearestName("prot", words), "port");
    EXPECT_EQ(nearestName("logLevel", words), "loglevel");
    EXPECT_EQ(nearestName("node_id", words), "nodeid");
    EXPECT_EQ(nearestName("completely_else", words), "");
    EXPECT_EQ(nearestName("", words), "");
}

}  // namespace
}  // namespace sara::boot
