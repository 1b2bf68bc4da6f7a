#include "makeconn/ws_client.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <array>
#include <cctype>
#include <cstring>

namespace sara::makeconn {
namespace {

constexpr size_t kAnswerBytesMax = 16u << 10;
constexpr std::string_view kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return out;
}

void appendMasked(uint8_t first, std::string_view body, uint32_t mask, std::string& out) {
    out.push_back(static_cast<char>(first));
    if (body.size() < 126) {
        out.push_back(static_cast<char>(0x80 | body.size()));
    } else {
        const int digits = body.size() <= UINT16_MAX ? 2 : 8;
        out.push_back(static_cast<char>(0x80 | (digits == 2 ? 126 : 127)));
        for (int i = digits - 1; i >= 0; --i) {
            out.push_back(static_cast<char>(static_cast<uint64_t>(body.size()) >> (8 * i)));
        }
    }
    std::array<char, 4> key;
    std::memcpy(key.data(), &mask, key.size());
    out.append(key.data(), key.size());
    const size_t at = out.size();
    out.append(body);
    for (size_t i = 0; i < body.size(); ++i) {
        out[at + i] = static_cast<char>(out[at + i] ^ key[i & 3]);
    }
}

}  // namespace

std::string wsRequest(std::string_view host, std::string_view key) {
    std::string out = "GET / HTTP/1.1\r\nHost: ";
    out.append(host).append("\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n");
    out.append("Sec-WebSocket-Key: ").append(key);
    out.append("\r\nSec-WebSocket-Version: 13\r\n\r\n");
    return out;
}

std::string wsAcceptOf(std::string_view key) {
    std::string text(key);
    text.append(kGuid);
    std::array<unsigned char, SHA_DIGEST_LENGTH> digest;
    ::SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
    std::array<unsigned char, 32> base64{};
    const int n = ::EVP_EncodeBlock(base64.data(), digest.data(), static_cast<int>(digest.size()));
    return {reinterpret_cast<const char*>(base64.data()), static_cast<size_t>(n)};
}

WsAnswer readWsAnswer(std::string_view text, std::string_view key) {
    constexpr std::string_view kHttp = "HTTP/";
    if (text.substr(0, kHttp.size()) != kHttp.substr(0, text.size())) {
        return {0, "no WebSocket server: it does not speak HTTP"};
    }
    const size_t end = text.find("\r\n\r\n");
    if (end == std::string_view::npos) {
        if (text.size() > kAnswerBytesMax) return {0, "no end of the answer to the upgrade"};
        return {};
    }
    const std::string_view status = text.substr(0, text.find("\r\n"));
    if (status.substr(0, 12) != "HTTP/1.1 101") {
        return {0, "no upgrade: " + std::string(status.substr(0, 60))};
    }
    // Names of headers know no case, this value does.
    const size_t header = lower(text.substr(0, end)).find("\r\nsec-websocket-accept:");
    if (header == std::string::npos ||
        text.substr(header, end - header).find(wsAcceptOf(key)) == std::string_view::npos) {
        return {0, "the answer to the upgrade is not for our key"};
    }
    return {end + 4, {}};
}

void appendWsText(std::string_view body, uint32_t mask, std::string& out) {
    appendMasked(0x81, body, mask, out);
}

void appendWsControl(uint8_t opcode, std::string_view body, uint32_t mask, std::string& out) {
    appendMasked(static_cast<uint8_t>(0x80 | opcode), body.substr(0, 125), mask, out);
}

WsFrame readWsFrame(std::string_view bytes) {
    WsFrame frame;
    if (bytes.size() < 2) return frame;
    const auto at = [&](size_t i) { return static_cast<uint8_t>(bytes[i]); };
    frame.opcode = at(0) & 15;
    const bool masked = (at(1) & 0x80) != 0;
    uint64_t length = at(1) & 0x7f;
    size_t head = 2;
    if (length >= 126) {
        const size_t digits = length == 126 ? 2 : 8;
        if (bytes.size() < head + digits) return frame;
        length = 0;
        for (size_t i = 0; i < digits; ++i) length = length << 8 | at(head + i);
        head += digits;
    }
    // Final, unmasked, no extension: what a server without compression may send.
    if ((at(0) & 0xf0) != 0x80 || masked || length > kWsMessageBytesMax) {
        frame.broken = true;
        return frame;
    }
    if (bytes.size() - head < length) return frame;
    frame.body = bytes.substr(head, static_cast<size_t>(length));
    frame.bytes = head + static_cast<size_t>(length);
    return frame;
}

}  // namespace sara::makeconn
