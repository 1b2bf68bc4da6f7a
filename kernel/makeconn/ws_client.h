// The client's half of RFC 6455, as much of it as a load generator needs. Decides the upgrade
// request and how frames are cut; refuses what a server may not send: masked frames, fragments of
// control frames, lengths above a limit. Fragmented messages are none of the emsg server's.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sara::makeconn {

// docs/limits.md: makeconn_ws_message_bytes_max
inline constexpr size_t kWsMessageBytesMax = 64u << 20;

// [any] The upgrade request; key is the base64 text of 16 random bytes.
[[nodiscard]] std::string wsRequest(std::string_view host, std::string_view key);
// [any] What a server must answer to key in Sec-WebSocket-Accept.
[[nodiscard]] std::string wsAcceptOf(std::string_view key);

// The answer to the upgrade: how many bytes it is, 0 when it is not complete, or what is wrong.
struct WsAnswer {
    size_t bytes = 0;
    std::string wrong;
};
[[nodiscard]] WsAnswer readWsAnswer(std::string_view text, std::string_view key);

// [any] Appends one masked text message to out.
void appendWsText(std::string_view body, uint32_t mask, std::string& out);
// [any] Appends a masked control frame (8 close, 10 pong); body up to 125 bytes.
void appendWsControl(uint8_t opcode, std::string_view body, uint32_t mask, std::string& out);

// One frame of the server at the front of bytes.
struct WsFrame {
    size_t bytes = 0;  // of the whole frame; 0: not complete
    uint8_t opcode = 0;
    std::string_view body;
    bool broken = false;
};
[[nodiscard]] WsFrame readWsFrame(std::string_view bytes);

}  // namespace sara::makeconn
