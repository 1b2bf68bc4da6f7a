// A client's frames and a server's messages, written down as plainly as the RFC says them: what the
// tests compare the codec with. Refuses nothing: tests must be able to break every rule.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sara::ws {

struct RawFrame {
    bool fin = true;
    int reserved = 0;  // 0 to 7
    int opcode = 1;
    bool masked = true;
    std::string payload = {};
    int length_bytes = 0;           // 1, 2 or 8; 0: the shortest form
    uint64_t claimed = UINT64_MAX;  // other length than the payload's
};

inline std::string bytesOf(const RawFrame& f) {
    const std::string mask = "\x37\xfa\x21\x3d";
    const uint64_t n = f.claimed == UINT64_MAX ? f.payload.size() : f.claimed;
    const int form = f.length_bytes != 0 ? f.length_bytes : n < 126 ? 1 : n < 65536 ? 2 : 8;
    std::string out;
    out += static_cast<char>((f.fin ? 0x80 : 0) | (f.reserved << 4) | f.opcode);
    const uint8_t short_length = static_cast<uint8_t>(form == 1 ? n : form == 2 ? 126 : 127);
    out += static_cast<char>((f.masked ? 0x80 : 0) | short_length);
    for (int i = form; form > 1 && i > 0; --i) out += static_cast<char>(n >> (8 * (i - 1)));
    if (f.masked) out += mask;
    for (size_t i = 0; i < f.payload.size(); ++i) {
        out += static_cast<char>(f.masked ? f.payload[i] ^ mask[i % 4] : f.payload[i]);
    }
    return out;
}

inline std::string textFrame(std::string_view text) {
    return bytesOf({.payload = std::string(text)});
}

inline std::string closePayload(int code, std::string_view reason = {}) {
    std::string out{static_cast<char>(code >> 8), static_cast<char>(code & 0xff)};
    return out.append(reason);
}

// A frame that the server sent.
struct ServerFrame {
    uint8_t first = 0;  // FIN, reserved bits and opcode
    std::string payload;
    uint8_t opcode() const { return first & 15; }
    uint16_t closeCode() const {
        if (opcode() != 8 || payload.size() < 2) return 0;
        return static_cast<uint16_t>(static_cast<uint8_t>(payload[0]) << 8 |
                                     static_cast<uint8_t>(payload[1]));
    }
};

// Takes whole frames from the front of the server's bytes. A frame that a server must not send
// (masked, a reserved bit, not final) shows in `first` or stays unfinished.
inline std::vector<ServerFrame> takeFrames(std::string& bytes) {
    std::vector<ServerFrame> out;
    size_t at = 0;
    const auto byte = [&](size_t i) { return static_cast<uint8_t>(bytes[at + i]); };
    while (bytes.size() - at >= 2) {
        uint64_t n = byte(1);
        size_t head = 2;
        if (n >= 126) {
            const size_t wide = n == 126 ? 2 : 8;
            if (n > 127 || bytes.size() - at < 2 + wide) break;
            n = 0;
            for (size_t i = 0; i < wide; ++i) n = n << 8 | byte(2 + i);
            head += wide;
        }
        if (bytes.size() - at - head < n) break;
        out.push_back({byte(0), bytes.substr(at + head, static_cast<size_t>(n))});
        at += head + static_cast<size_t>(n);
    }
    bytes.erase(0, at);
    return out;
}

inline constexpr std::string_view kRequest =
    "GET /chat?room=1 HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

}  // namespace sara::ws
