// Requests and answers of the lightrpc form.
#include <gtest/gtest.h>

#include "rpc_answer.h"
#include "rpc_request.h"

namespace sara::rpc_http {
namespace {

TEST(RpcRequestText, KeepsParamsAsTheCallerWroteThem) {
    const std::string params =
        R"({ "n" : 12345678901234567890123 , "f":1.0,"e":1E5, "s":"\u00e4\/", "x":{"a":[null]} })";
    const auto request =
        RpcRequest::parse(R"({"params": )" + params + R"( ,"service":"s","method":"m"})");
    // A number that no double holds is refused as a whole or kept: never changed.
    if (request) {
        EXPECT_EQ(request->params, params);
    }
    const std::string plain = R"({"f":1.0,"e":1E5, "big":1234567890123456789, "s":"\u00e4\/"})";
    const auto kept = RpcRequest::parse(R"({"params":)" + plain + R"(,"service":"s"})");
    ASSERT_TRUE(kept.has_value());
    EXPECT_EQ(kept->params, plain);
}

TEST(RpcRequestText, ParamsOfAnotherKindAreEmpty) {
    for (const char* params : {"null", "7", "\"x\"", "[1]", "true"}) {
        const auto request = RpcRequest::parse(std::string(R"({"params":)") + params + "}");
        ASSERT_TRUE(request.has_value()) << params;
        EXPECT_EQ(request->params, "{}") << params;
    }
}

TEST(RpcRequestText, IsStrictJson) {
    for (const char* body : {"", " ", "{", "{}x", "{} {}", R"({"a":1,})", R"({'a':1})",
                             R"({"a":01})", "[]", "nul", R"({"a":"\x"})", "{\"a\":\"\n\"}",
                             "{\"a\":\"\xff\"}", R"({"x":{"y":nope}})", "\xEF\xBB\xBF{"}) {
        EXPECT_FALSE(RpcRequest::parse(body).has_value()) << body;
    }
}

TEST(RpcRequestText, DepthIsBounded) {
    const auto nested = [](size_t depth) {
        return R"({"params":{"x":)" + std::string(depth, '[') + std::string(depth, ']') + "}}";
    };
    EXPECT_TRUE(RpcRequest::parse(nested(RpcRequest::kDepthMax - 8)).has_value());
    EXPECT_FALSE(RpcRequest::parse(nested(RpcRequest::kDepthMax + 1)).has_value());
    EXPECT_FALSE(RpcRequest::parse(nested(100'000)).has_value());
}

TEST(RpcRequestText, MethodLosesOnlyItsFirstCapital) {
    const auto method = [](const std::string& m) {
        return RpcRequest::parse(R"({"method":")" + m + R"("})")->method;
    };
    EXPECT_EQ(method("IsOnline"), "isOnline");
    EXPECT_EQ(method("isonline"), "isonline");
    EXPECT_EQ(method(""), "");
    EXPECT_EQ(method("\\u0000x"), std::string("\0x", 2));
}

TEST(RpcAnswerText, HasItsMembersInOrder) {
    EXPECT_EQ(rpcAnswer("1", true, "{}"), R"({"sn":"1","success":true,"entity":{}})");
    EXPECT_EQ(rpcAnswer(std::nullopt, false, ""), R"({"success":false})");
    EXPECT_EQ(rpcError("1002", "a\"b"),
              R"({"success":false,"entity":{"errCode":"1002","reason":"a\"b"}})");
}

TEST(RpcAnswerText, EscapesAsTheEarlierServer) {
    std::string out;
    appendQuoted(
        out, std::string("<a>&\"\\\n\r\t\x01\x7f\xC3\xA4\xE2\x80\xA8\xE2\x80\xA9\xE2\x80\0", 22));
    EXPECT_EQ(out,
              "\"\\u003ca\\u003e\\u0026\\\"\\\\\\n\\r\\t\\u0001\x7f\xC3\xA4\\u2028\\u2029\xE2"
              "\x80\\u0000\"");
}

}  // namespace
}  // namespace sara::rpc_http
