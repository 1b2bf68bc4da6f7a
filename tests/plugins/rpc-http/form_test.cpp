// Form fields as the clients write them.
#include "form.h"

#include <gtest/gtest.h>

namespace sara::rpc_http {
namespace {

std::string field(const std::string& form) { return formField(form, "body").value_or("(none)"); }

TEST(RpcForm, DecodesPercentSignsAndPlusSigns) {
    EXPECT_EQ(field("body=a+b%20c%2B%c3%A4"), "a b c+\xC3\xA4");
    EXPECT_EQ(field("b%6Fdy=x"), "x");
    EXPECT_EQ(field("body=%00x"), std::string("\0x", 2));
}

TEST(RpcForm, TakesTheFirstGoodFieldOfTheName) {
    EXPECT_EQ(field("x=1&body=2&body=3"), "2");
    EXPECT_EQ(field("body&body=3"), "");
    EXPECT_EQ(field("body=%zz&body=3"), "3");
    EXPECT_EQ(field("bod=1&bodyy=2&Body=3"), "(none)");
    EXPECT_EQ(field(""), "(none)");
    EXPECT_EQ(field("&&&"), "(none)");
    EXPECT_EQ(field("=1"), "(none)");
}

TEST(RpcForm, LeavesSemicolonsEqualSignsAndJsonAlone) {
    EXPECT_EQ(field(R"(body={"a":"b;c=d"}&)"), R"({"a":"b;c=d"})");
    EXPECT_EQ(field("a=1;body=2"), "(none)");
    EXPECT_EQ(field("body=a;body=b"), "a;body=b");
}

TEST(RpcForm, AWrongPercentSignMakesTheFieldMissing) {
    for (const char* form : {"body=%", "body=%2", "body=%2g", "body=%g2", "body=ok%"}) {
        EXPECT_EQ(field(form), "(none)") << form;
    }
}

TEST(RpcForm, KnowsItsContentType) {
    EXPECT_TRUE(isForm("application/x-www-form-urlencoded"));
    EXPECT_TRUE(isForm("Application/X-WWW-Form-Urlencoded ; charset=utf-8"));
    for (const char* other : {"", "application/json", "multipart/form-data; boundary=x",
                              "application/x-www-form-urlencoded2", "x"}) {
        EXPECT_FALSE(isForm(other)) << other;
    }
}

}  // namespace
}  // namespace sara::rpc_http
