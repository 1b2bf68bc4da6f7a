// The client's half of RFC 6455.
#include "makeconn/ws_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sara::makeconn {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kKey = "dGhlIHNhbXBsZSBub25jZQ==";  // of the RFC

std::string answer(const std::string& accept) {
    return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           "sec-websocket-ACCEPT: " +
           accept + "\r\n\r\n";
}

TEST(WsClient, AsksForAnUpgradeAndKnowsTheAnswerOfTheRfc) {
    EXPECT_EQ(wsAcceptOf(kKey), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    EXPECT_THAT(wsRequest("chat.example", kKey), HasSubstr("\r\nHost: chat.example\r\n"));
    const std::string text = answer("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") + "\x81";
    const WsAnswer read = readWsAnswer(text, kKey);
    EXPECT_EQ(read.wrong, "");
    EXPECT_EQ(read.bytes, text.size() - 1);  // what follows is a frame already
}

TEST(WsClient, WaitsForTheWholeAnswer) {
    const std::string text = answer("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    for (size_t n = 0; n < text.size(); ++n) {
        const WsAnswer read = readWsAnswer(text.substr(0, n), kKey);
        EXPECT_EQ(read.bytes, 0u);
        EXPECT_EQ(read.wrong, "");
    }
    EXPECT_NE(readWsAnswer("HTTP/1.1 101" + std::string(20'000, 'x'), kKey).wrong, "");
}

TEST(WsClient, RefusesAnswersThatAreNone) {
    EXPECT_THAT(readWsAnswer("HTTP/1.1 426 Upgrade Required\r\n\r\n", kKey).wrong,
                HasSubstr("no upgrade: HTTP/1.1 426 Upgrade Required"));
    EXPECT_THAT(readWsAnswer("{\"envelope\"", kKey).wrong, HasSubstr("does not speak HTTP"));
    EXPECT_THAT(readWsAnswer(answer("AAAA"), kKey).wrong, HasSubstr("not for our key"));
}

TEST(WsClient, MasksWhatItSends) {
    std::string out;
    appendWsText("Hello", 0x3d21fa37, out);  // the RFC's example, key 37 fa 21 3d on the wire
    EXPECT_EQ(out, std::string("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", 11));
    out.clear();
    appendWsText(std::string(126, 'x'), 0, out);
    EXPECT_EQ(out.substr(0, 4), std::string("\x81\xfe\x00\x7e", 4));
    out.clear();
    appendWsText(std::string(65'536, 'x'), 0, out);
    EXPECT_EQ(out.substr(0, 10), std::string("\x81\xff\0\0\0\0\0\x01\0\0", 10));
    EXPECT_EQ(out.size(), 14u + 65'536u);
    out.clear();
    appendWsControl(10, "pp", 0, out);
    EXPECT_EQ(out, std::string("\x8a\x82\0\0\0\0pp", 8));
}

TEST(WsClient, ReadsFramesOnlyWhenTheyAreWhole) {
    for (const size_t size : {0u, 1u, 125u, 126u, 65'535u, 65'536u}) {
        std::string bytes = "\x81";
        if (size < 126) {
            bytes += static_cast<char>(size);
        } else if (size < 65'536) {
            bytes += {'\x7e', static_cast<char>(size >> 8), static_cast<char>(size)};
        } else {
            bytes += std::string("\x7f\0\0\0\0\0\x01\0\0", 9);
        }
        bytes += std::string(size, 'y');
        for (const size_t cut : {size_t{0}, size_t{1}, size_t{2}, size_t{3}, bytes.size() - 1}) {
            if (cut >= bytes.size()) continue;
            EXPECT_EQ(readWsFrame(bytes.substr(0, cut)).bytes, 0u);
        }
        const std::string more = bytes + "\x81";
        const WsFrame frame = readWsFrame(more);
        EXPECT_EQ(frame.bytes, bytes.size());
        EXPECT_EQ(frame.body, std::string(size, 'y'));
        EXPECT_EQ(frame.opcode, 1);
        EXPECT_FALSE(frame.broken);
    }
}

TEST(WsClient, RefusesFramesThatAServerMaySendNever) {
    EXPECT_TRUE(readWsFrame(std::string("\x81\x81\0\0\0\0x", 7)).broken);            // masked
    EXPECT_TRUE(readWsFrame(std::string("\xc1\x01x", 3)).broken);                    // compressed
    EXPECT_TRUE(readWsFrame(std::string("\x01\x01x", 3)).broken);                    // a fragment
    EXPECT_TRUE(readWsFrame(std::string("\x81\x7f\x7f\0\0\0\0\0\0\0", 10)).broken);  // too long
}

}  // namespace
}  // namespace sara::makeconn
