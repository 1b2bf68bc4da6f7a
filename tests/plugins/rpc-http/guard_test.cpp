// Who has the token, and who asks too often.
#include <gtest/gtest.h>

#include "token_guard.h"

namespace sara::rpc_http {
namespace {

using Answer = TokenGuard::Answer;

TEST(RpcTokenGuard, ComparesWholeTexts) {
    EXPECT_TRUE(TokenGuard::same("secret", "secret"));
    for (const char* other : {"", "s", "secre", "secrets", "Secret", "secret\n", "terces"}) {
        EXPECT_FALSE(TokenGuard::same("secret", other)) << other;
    }
    EXPECT_FALSE(TokenGuard::same("secret", std::string_view("secret\0", 7)));
    EXPECT_FALSE(TokenGuard::same("ab", "abab"));
    EXPECT_FALSE(TokenGuard::same("", "x"));
}

TEST(RpcTokenGuard, WithoutATokenEverybodyIsTrusted) {
    TokenGuard guard("", 1);
    guard.wrong("1.2.3.4", 0);
    guard.wrong("1.2.3.4", 0);
    EXPECT_EQ(guard.ask("1.2.3.4", "anything", 0), Answer::kTrusted);
}

TEST(RpcTokenGuard, TooManyWrongTokensBarAnAddressUntilTimeGivesSomeBack) {
    TokenGuard guard("right", 6);
    for (int i = 0; i < 6; ++i) {
        EXPECT_EQ(guard.ask("1.2.3.4", "wrong", 1000), Answer::kWrong);
        guard.wrong("1.2.3.4", 1000);
    }
    EXPECT_EQ(guard.ask("1.2.3.4", "right", 1000), Answer::kBarred);
    EXPECT_EQ(guard.ask("1.2.3.5", "right", 1000), Answer::kTrusted);
    EXPECT_EQ(guard.ask("1.2.3.4", "right", 10'999), Answer::kBarred);
    EXPECT_EQ(guard.ask("1.2.3.4", "right", 11'001), Answer::kTrusted);  // one in ten seconds
    guard.wrong("1.2.3.4", 11'001);
    EXPECT_EQ(guard.ask("1.2.3.4", "right", 11'001), Answer::kBarred);
    EXPECT_EQ(guard.ask("1.2.3.4", "right", 10'000'000), Answer::kTrusted);
}

TEST(RpcTokenGuard, RightTokensCostNothing) {
    TokenGuard guard("right", 2);
    for (int i = 0; i < 1000; ++i) {
        EXPECT_EQ(guard.ask("1.2.3.4", "right", 0), Answer::kTrusted);
    }
}

TEST(RpcTokenGuard, ANetworkOfIpv6IsOneAddress) {
    EXPECT_EQ(TokenGuard::groupOf("2001:db8:1:2::1"), TokenGuard::groupOf("2001:db8:1:2:ffff::9"));
    EXPECT_NE(TokenGuard::groupOf("2001:db8:1:2::1"), TokenGuard::groupOf("2001:db8:1:3::1"));
    EXPECT_NE(TokenGuard::groupOf("::ffff:1.2.3.4"), TokenGuard::groupOf("::ffff:1.2.3.5"));
    EXPECT_NE(TokenGuard::groupOf("1.2.3.4"), TokenGuard::groupOf("1.2.3.5"));
}

TEST(RpcTokenGuard, RemembersABoundedNumberOfAddresses) {
    TokenGuard guard("right", 1);
    guard.wrong("9.9.9.9", 0);
    for (size_t i = 0; i < TokenGuard::kAddressesMax; ++i) {
        guard.wrong("10." + std::to_string(i / 65536) + "." + std::to_string(i / 256 % 256) + "." +
                        std::to_string(i % 256),
                    0);
    }
    EXPECT_EQ(guard.ask("9.9.9.9", "right", 0), Answer::kTrusted);  // forgotten, the oldest
    EXPECT_EQ(guard.ask("10.0.0.7", "right", 0), Answer::kBarred);
}

TEST(RpcTokenGuard, ZeroSwitchesTheLimitOff) {
    TokenGuard guard("right", 0);
    for (int i = 0; i < 1000; ++i) guard.wrong("1.2.3.4", 0);
    EXPECT_EQ(guard.ask("1.2.3.4", "right", 0), Answer::kTrusted);
}

}  // namespace
}  // namespace sara::rpc_http
