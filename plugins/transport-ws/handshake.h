// The opening handshake (RFC 6455, 4.2) without sockets. Decides which HTTP request becomes a
// WebSocket and what every other one is answered; refuses what HTTP forbids (bare line ends, folded
// lines, blanks before a colon, bodies), because a proxy in front may read it differently. Any path
// and query; no subprotocol and no extension is ever selected.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sara::ws {

constexpr size_t kHandshakeBytesMax = 8192;   // docs/limits.md: handshake_bytes_max
constexpr size_t kHandshakeHeadersMax = 100;  // docs/limits.md: handshake_headers_max

// Which pages may connect. Browsers name theirs, other clients need not and may lie.
class Origins {
  public:
    // [control] Words separated by blanks or commas, "https://chat.example.org"; none: any page.
    // False with a sentence in error for a word that no browser sends.
    [[nodiscard]] bool read(std::string_view words, std::string& error);
    // [any] Scheme and host are compared without regard to case.
    bool allows(std::string_view origin) const noexcept;
    bool any() const noexcept { return allowed_.empty(); }

  private:
    std::vector<std::string> allowed_;  // lower case
};

// How far a request has come.
struct Head {
    enum class State : uint8_t { kMore, kWhole, kBroken };
    State state = State::kMore;
    size_t bytes = 0;  // kWhole: of the head, the empty line included
};
// [any] Looks for the end of the head in size bytes, of which the first `seen` are known to hold
// none. kBroken: no head can come of it.
Head findHead(const uint8_t* p, size_t size, size_t seen) noexcept;

struct Handshake {
    uint16_t status = 0;   // 101, or the HTTP status of the refusal
    std::string_view why;  // one sentence for the client
    char accept[29] = {};  // Sec-WebSocket-Accept of a 101
};
// [any] Judges a whole head.
Handshake judge(std::string_view head, const Origins& origins) noexcept;

constexpr size_t kAnswerBytesMax = 1024;
// [any] The answer as bytes; returns its length.
size_t writeAnswer(const Handshake& handshake, char (&out)[kAnswerBytesMax]) noexcept;

}  // namespace sara::ws
