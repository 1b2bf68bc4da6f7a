#include "client_json.h"

#include <cstdint>

namespace sara::tcp {
namespace {

void appendEscape(uint32_t unit, std::string& out) {
    static constexpr char kHex[] = "0123456789abcdef";
    const char text[] = {'\\',
                         'u',
                         kHex[(unit >> 12) & 15],
                         kHex[(unit >> 8) & 15],
                         kHex[(unit >> 4) & 15],
                         kHex[unit & 15]};
    out.append(text, sizeof text);
}

// Length of the UTF-8 sequence at s[i] with its code point, 0 when it is none.
size_t decode(std::string_view s, size_t i, uint32_t& code) {
    const auto byte = [&](size_t k) { return static_cast<uint8_t>(s[k]); };
    const uint8_t lead = byte(i);
    const size_t len = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0;
    if (len == 0 || i + len > s.size()) return 0;
    code = lead & (0xffu >> (len + 1));
    for (size_t k = 1; k < len; ++k) {
        if ((byte(i + k) & 0xc0) != 0x80) return 0;
        code = (code << 6) | (byte(i + k) & 0x3f);
    }
    return len;
}

enum class Place { kPacket, kPayload, kAttrs, kDelay, kPackets, kOther };

// Walks the JSON text and copies it, but for the values that must become strings.
class AttrsWalk {
  public:
    AttrsWalk(std::string_view in, std::string& out) : in_(in), out_(out) {}

    void run() {
        value(Place::kPacket, true);
        out_.append(in_.substr(copied_));
    }

  private:
    bool ended() const { return at_ >= in_.size(); }
    void space() {
        while (!ended() &&
               (in_[at_] == ' ' || in_[at_] == '\t' || in_[at_] == '\n' || in_[at_] == '\r')) {
            ++at_;
        }
    }
    bool eat(char c) {
        space();
        if (ended() || in_[at_] != c) return false;
        ++at_;
        return true;
    }
    // The string at the cursor without its quotes; false when there is none.
    bool string(std::string_view& text) {
        if (!eat('"')) return false;
        const size_t begin = at_;
        while (!ended() && in_[at_] != '"') at_ += in_[at_] == '\\' ? 2 : 1;
        if (ended()) return false;
        text = in_.substr(begin, at_ - begin);
        ++at_;
        return true;
    }
    // Behind the value at the cursor, whatever it is.
    bool skip() {
        space();
        std::string_view text;
        size_t depth = 0;
        do {
            if (ended()) return false;
            const char c = in_[at_];
            if (c == '"') {
                if (!string(text)) return false;
            } else {
                if (c == '{' || c == '[') ++depth;
                if (depth == 0 && (c == ',' || c == '}' || c == ']')) return true;
                if (c == '}' || c == ']') --depth;
                ++at_;
                if (depth == 0 && (c == '}' || c == ']')) return true;
                continue;
            }
            if (depth == 0) return true;
        } while (true);
    }

    static Place inside(Place here, std::string_view key, bool top) {
        switch (here) {
            case Place::kPacket:
                if (key == "payload") return Place::kPayload;
                return top && key == "delay" ? Place::kDelay : Place::kOther;
            case Place::kPayload:
                return key == "attrs" ? Place::kAttrs : Place::kOther;
            case Place::kDelay:
                return key == "packets" ? Place::kPackets : Place::kOther;
            default:
                return Place::kOther;
        }
    }

    bool value(Place place, bool top) {
        space();
        if (ended() || place == Place::kOther) return skip();
        if (place == Place::kPackets) return in_[at_] == '[' ? packets() : skip();
        return in_[at_] == '{' ? object(place, top) : skip();
    }
    bool packets() {
        ++at_;
        if (eat(']')) return true;
        do {
            if (!value(Place::kPacket, false)) return false;
        } while (eat(','));
        return eat(']');
    }
    bool object(Place place, bool top) {
        ++at_;
        if (eat('}')) return true;
        do {
            std::string_view key;
            space();
            if (!string(key) || !eat(':')) return false;
            const bool good =
                place == Place::kAttrs ? attribute() : value(inside(place, key, top), false);
            if (!good) return false;
        } while (eat(','));
        return eat('}');
    }
    bool attribute() {
        space();
        const size_t begin = at_;
        if (!skip()) return false;
        if (in_[begin] == '"') return true;
        size_t end = at_;
        while (end > begin && (in_[end - 1] == ' ' || in_[end - 1] == '\t' ||
                               in_[end - 1] == '\n' || in_[end - 1] == '\r')) {
            --end;
        }
        out_.append(in_.substr(copied_, begin - copied_));
        out_ += '"';
        for (const char c : in_.substr(begin, end - begin)) {
            if (c == '"' || c == '\\') out_ += '\\';
            if (static_cast<uint8_t>(c) < 0x20) {
                out_ += ' ';  // white space between tokens
            } else {
                out_ += c;
            }
        }
        out_ += '"';
        copied_ = end;
        return true;
    }

    const std::string_view in_;
    std::string& out_;
    size_t at_ = 0;
    size_t copied_ = 0;
};

}  // namespace

void appendAscii(std::string_view json, std::string& out) {
    size_t copied = 0;
    for (size_t i = 0; i < json.size();) {
        if (static_cast<uint8_t>(json[i]) < 0x80) {
            ++i;
            continue;
        }
        uint32_t code = 0;
        const size_t len = decode(json, i, code);
        if (len == 0) {
            ++i;
            continue;
        }
        out.append(json.substr(copied, i - copied));
        if (code > 0xffff) {
            appendEscape(0xd800 + ((code - 0x10000) >> 10), out);
            appendEscape(0xdc00 + ((code - 0x10000) & 0x3ff), out);
        } else {
            appendEscape(code, out);
        }
        i += len;
        copied = i;
    }
    out.append(json.substr(copied));
}

void appendStringAttrs(std::string_view json, std::string& out) { AttrsWalk(json, out).run(); }

}  // namespace sara::tcp
