// Reads one packet: validates the whole text and finds the members of its envelope. Decides what a
// packet is (protocol: one JSON object, one "envelope" object, no member twice, valid UTF-8,
// bounded depth) and refuses the rest, so that no client can smuggle a second sender or a broken
// text to another.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "chat/json_scan.h"

namespace sara::chat {

// Views of a packet's text, or of the reader for strings that contain escapes. Valid until the next
// read().
struct Envelope {
    std::string_view id, jid, pwd, from, to, gid, ct;  // values; empty when absent, null or ""
    uint32_t type = 0;                                 // 0 when absent
    uint32_t ack = 0;                                  // 0 or 1
    bool ack_given = false;                            // absent and null are not
    // Where members stand, quotes included; empty when absent.
    JsonSlice id_at, from_at, to_at, gid_at, ct_at, ack_at;
    // Behind the opening brace of the envelope and at its closing one.
    const char* open = nullptr;
    const char* close = nullptr;
    bool bare = true;  // the envelope has no member at all
};

class EnvelopeReader {
  public:
    static constexpr uint32_t kMembersMax = 64;  // per object that is looked into

    explicit EnvelopeReader(uint32_t depth_max) : depth_max_(depth_max > 3 ? depth_max : 3) {}
    // text must have 64 readable bytes behind it. False: not a packet; out is then unspecified.
    [[nodiscard]] bool read(std::string_view text, Envelope& out);

  private:
    class Names;
    // Both give the position behind the object, nullptr when it is none.
    const char* topLevel(const char* p, const char* end, Envelope& out);
    const char* envelope(const char* p, const char* end, Envelope& out);
    bool member(uint32_t which, JsonSlice at, bool escaped, Envelope& out);
    // Inside of the quotes.
    std::string_view text(JsonSlice quoted, bool escaped) {
        if (escaped) [[unlikely]]
            return unescaped(quoted);
        return {quoted.begin + 1, static_cast<size_t>(quoted.end - quoted.begin) - 2};
    }
    std::string_view unescaped(JsonSlice quoted);

    const uint32_t depth_max_;
    size_t packet_bytes_ = 0;
    std::string scratch_;  // unescaped strings; reserved for the whole text before the first use
};

}  // namespace sara::chat
