// The reader with a memory: feeds chunks, each in a heap block of its own size, and writes down
// what came out. naiveRead() is RFC 6455 in its plainest form, over the whole stream at once. Used
// by the table of cases and by the fuzz target.
#pragma once
#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "frame_reader.h"

namespace sara::ws {

inline std::string errorEvent(WsError e) {
    return "fail " + std::to_string(codeOf(e)) + " " + std::string(sentenceOf(e));
}

class RecordedReader {
  public:
    explicit RecordedReader(uint64_t limit) : limit_bytes(limit) {}
    ~RecordedReader() { pool.put(partial); }
    RecordedReader(const RecordedReader&) = delete;
    RecordedReader& operator=(const RecordedReader&) = delete;

    // stop_after: the sink says stop behind every n-th event, and the rest is fed again; 0: never.
    void feed(std::string_view chunk, size_t stop_after = 0) {
        stop_after_ = stop_after;
        while (!chunk.empty() && !over) {
            const auto block = std::make_unique<uint8_t[]>(chunk.size() + stream::kPaddingBytes);
            std::memcpy(block.get(), chunk.data(), chunk.size());
            FrameReader reader(pool, partial, state, *this);
            chunk.remove_prefix(reader.feed(block.get(), chunk.size()));
        }
    }
    size_t held() const { return partial != nullptr ? partial->size() : 0; }
    size_t reserved() const { return partial != nullptr ? partial->capacity : 0; }

    // The sink.
    uint64_t limit() const { return limit_bytes; }
    bool message(const uint8_t* body, uint64_t len) {
        volatile uint8_t sum = 0;
        for (uint64_t i = 0; i < len + stream::kPaddingBytes; ++i) {
            sum = static_cast<uint8_t>(sum + body[i]);
        }
        if (limit_after_login != 0) limit_bytes = limit_after_login;
        return note("message " + std::string(reinterpret_cast<const char*>(body), len));
    }
    bool ping(const uint8_t* data, size_t len) {
        return note("ping " + std::string(reinterpret_cast<const char*>(data), len));
    }
    bool pong() { return note("pong"); }
    void closed(const uint8_t* data, size_t len) {
        note("closed " + std::string(reinterpret_cast<const char*>(data), len));
        over = true;
    }
    void fail(WsError e) {
        note(errorEvent(e));
        over = true;
    }
    void noMemory() {
        note("no memory");
        over = true;
    }

    uint64_t limit_bytes;
    uint64_t limit_after_login = 0;  // from the first message on; 0: no change
    stream::BlockPool pool;
    stream::Block* partial = nullptr;
    WsState state;
    std::vector<std::string> events;
    bool over = false;

  private:
    bool note(std::string event) {
        events.push_back(std::move(event));
        return stop_after_ == 0 || events.size() % stop_after_ != 0;
    }
    size_t stop_after_ = 0;
};

// One code point after the other, as RFC 3629 has them; false for whatever is none.
inline bool naiveUtf8(std::string_view s, bool may_be_cut) {
    const auto at = [&](size_t i) { return static_cast<uint8_t>(s[i]); };
    for (size_t i = 0; i < s.size();) {
        const uint8_t lead = at(i);
        const size_t len = lead < 0x80   ? 1
                           : lead < 0xc0 ? 0
                           : lead < 0xe0 ? 2
                           : lead < 0xf0 ? 3
                                         : 4;
        if (len == 0 || lead > 0xf4) return false;
        uint32_t least = lead & (len == 1 ? 0x7f : 0xffu >> (len + 1));
        uint32_t most = least;  // of all characters that begin like this
        for (size_t k = 1; k < len; ++k) {
            const bool here = i + k < s.size();
            if (!here && !may_be_cut) return false;
            if (here && (at(i + k) & 0xc0) != 0x80) return false;
            least = least << 6 | (here ? at(i + k) & 0x3fu : 0);
            most = most << 6 | (here ? at(i + k) & 0x3fu : 0x3f);
        }
        constexpr uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
        if (most < kLeast[len] || least > 0x10ffff) return false;
        if (least >= 0xd800 && most <= 0xdfff) return false;
        i += len;
    }
    return true;
}

namespace naive {

// The error that the first n bytes of a frame show, whatever follows; kNone when none does.
inline WsError headerError(std::string_view b, bool in_message, uint64_t have, uint64_t limit) {
    const auto at = [&](size_t i) { return static_cast<uint8_t>(b[i]); };
    if ((at(0) & 0x70) != 0) return WsError::kReservedBits;
    const int opcode = at(0) & 15;
    const bool known = opcode <= 2 || (opcode >= 8 && opcode <= 10);
    if (!known) return WsError::kUnknownOpcode;
    if (opcode >= 8 && at(0) < 0x80) return WsError::kControlFragmented;
    if (opcode == 0 && !in_message) return WsError::kNothingToContinue;
    if ((opcode == 1 || opcode == 2) && in_message) return WsError::kMessageInsideMessage;
    if (b.size() < 2) return WsError::kNone;
    if (at(1) < 0x80) return WsError::kNotMasked;
    const int first = at(1) & 0x7f;
    if (opcode >= 8 && first > 125) return WsError::kControlTooLong;
    if (first == 127 && b.size() > 2 && at(2) >= 0x80) return WsError::kLengthTopBit;
    const size_t wide = first == 126 ? 2 : first == 127 ? 8 : 0;
    if (b.size() < 6 + wide) return WsError::kNone;
    uint64_t n = static_cast<uint64_t>(first);
    if (wide > 0) n = 0;
    for (size_t i = 0; i < wide; ++i) n = n << 8 | at(2 + i);
    if ((wide > 0 && n < 126) || (wide == 8 && n < 65536)) return WsError::kLengthNotShortest;
    return opcode < 8 && n > limit - have ? WsError::kTooLarge : WsError::kNone;
}

inline std::string controlEvent(int opcode, const std::string& body) {
    if (opcode == 9) return "ping " + body;
    if (opcode == 10) return "pong";
    if (body.size() == 1) return errorEvent(WsError::kCloseOfOneByte);
    if (body.size() >= 2) {
        const int code = static_cast<uint8_t>(body[0]) * 256 + static_cast<uint8_t>(body[1]);
        const bool good = (code >= 1000 && code <= 1014 && (code < 1004 || code > 1006)) ||
                          (code >= 3000 && code <= 4999);
        if (!good) return errorEvent(WsError::kCloseCodeRefused);
        if (!naiveUtf8(std::string_view(body).substr(2), false)) {
            return errorEvent(WsError::kCloseReasonNotUtf8);
        }
    }
    return "closed " + body;
}

}  // namespace naive

// What the whole stream must give. Errors are found with the first byte that shows them, but those
// of a payload with its last one.
inline std::vector<std::string> naiveRead(std::string_view bytes, uint64_t limit) {
    std::vector<std::string> events;
    std::string message;
    bool in_message = false;
    bool text = false;
    while (!bytes.empty()) {
        const WsError e = naive::headerError(bytes, in_message, message.size(), limit);
        if (e != WsError::kNone) {
            events.push_back(errorEvent(e));
            return events;
        }
        const int first = bytes.size() < 2 ? 0 : static_cast<uint8_t>(bytes[1]) & 0x7f;
        const size_t wide = first == 126 ? 2 : first == 127 ? 8 : 0;
        if (bytes.size() < 6 + wide) return events;
        uint64_t n = static_cast<uint64_t>(first);
        if (wide > 0) n = 0;
        for (size_t i = 0; i < wide; ++i) n = n << 8 | static_cast<uint8_t>(bytes[2 + i]);
        if (bytes.size() - 6 - wide < n) return events;
        std::string body(bytes.substr(6 + wide, static_cast<size_t>(n)));
        for (size_t i = 0; i < body.size(); ++i) {
            body[i] = static_cast<char>(body[i] ^ bytes[2 + wide + i % 4]);
        }
        const int opcode = bytes[0] & 15;
        const bool fin = (bytes[0] & 0x80) != 0;
        bytes.remove_prefix(6 + wide + static_cast<size_t>(n));
        if (opcode >= 8) {
            events.push_back(naive::controlEvent(opcode, body));
            if (opcode == 8) return events;
            continue;
        }
        if (opcode != 0) {
            text = opcode == 1;
            message.clear();
        }
        message += body;
        in_message = !fin;
        if (text && !naiveUtf8(message, !fin)) {
            events.push_back(errorEvent(WsError::kNotUtf8));
            return events;
        }
        if (fin && !message.empty()) events.push_back("message " + message);
        if (fin) message.clear();
    }
    return events;
}

}  // namespace sara::ws
