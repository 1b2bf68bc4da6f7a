#include "chat/json_scan.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <array>
#include <cstring>

namespace sara::chat {
namespace {

constexpr uint32_t kDepthHardMax = 256;  // size of the bit stack of value()

constexpr std::array<bool, 256> needsEscape() {
    std::array<bool, 256> table{};
    for (size_t c = 0; c < 0x20; ++c) table[c] = true;
    for (const char c : {'"', '\\', '<', '>', '&'}) table[static_cast<size_t>(c)] = true;
    return table;
}
constexpr std::array<bool, 256> kNeedsEscape = needsEscape();

bool isDigit(char c) { return c >= '0' && c <= '9'; }

int hexValue(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

// First byte at or behind p that is a quote, a backslash or a control character. Reads up to 15
// bytes behind end, which the caller guarantees.
const char* skipPlain(const char* p, const char* end) {
#ifdef __SSE2__
    const __m128i quote = _mm_set1_epi8('"');
    const __m128i backslash = _mm_set1_epi8('\\');
    const __m128i space = _mm_set1_epi8(0x1f);
    while (p < end) {
        const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
        // max(block, 0x1f) == 0x1f exactly for bytes up to 0x1f, unsigned.
        const __m128i control = _mm_cmpeq_epi8(_mm_max_epu8(block, space), space);
        const __m128i special = _mm_or_si128(
            control, _mm_or_si128(_mm_cmpeq_epi8(block, quote), _mm_cmpeq_epi8(block, backslash)));
        const int mask = _mm_movemask_epi8(special);
        if (mask != 0) {
            const char* hit = p + __builtin_ctz(static_cast<unsigned>(mask));
            return hit < end ? hit : end;
        }
        p += 16;
    }
    return end;
#else
    while (p < end && *p != '"' && *p != '\\' && static_cast<unsigned char>(*p) > 0x1f) ++p;
    return p;
#endif
}

void appendUtf8(uint32_t c, std::string& out) {
    const auto put = [&out](uint32_t byte) { out.push_back(static_cast<char>(byte)); };
    if (c < 0x80) {
        put(c);
    } else if (c < 0x800) {
        put(0xc0 | (c >> 6));
        put(0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
        put(0xe0 | (c >> 12));
        put(0x80 | ((c >> 6) & 0x3f));
        put(0x80 | (c & 0x3f));
    } else {
        put(0xf0 | (c >> 18));
        put(0x80 | ((c >> 12) & 0x3f));
        put(0x80 | ((c >> 6) & 0x3f));
        put(0x80 | (c & 0x3f));
    }
}

uint32_t hex4(const char* p) {
    uint32_t v = 0;
    for (int i = 0; i < 4; ++i) v = v << 4 | static_cast<uint32_t>(hexValue(p[i]));
    return v;
}

// One \uXXXX, joined with its low surrogate; p stands behind the u and is moved behind what was
// used.
uint32_t codePoint(const char*& p, const char* end) {
    const uint32_t high = hex4(p);
    p += 4;
    if (high < 0xd800 || high > 0xdfff) return high;
    if (high < 0xdc00 && end - p >= 6 && p[0] == '\\' && p[1] == 'u') {
        const uint32_t low = hex4(p + 2);
        if (low >= 0xdc00 && low <= 0xdfff) {
            p += 6;
            return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
        }
    }
    return 0xfffd;
}

}  // namespace

void JsonScan::skipSpaceSlowly() {
    while (p_ < end_ && (*p_ == ' ' || *p_ == '\n' || *p_ == '\r' || *p_ == '\t')) ++p_;
}

bool JsonScan::literal(std::string_view word) {
    if (static_cast<size_t>(end_ - p_) < word.size() ||
        std::memcmp(p_, word.data(), word.size()) != 0) {
        return false;
    }
    p_ += word.size();
    return true;
}

bool JsonScan::number() {
    if (p_ < end_ && *p_ == '-') ++p_;
    if (p_ == end_ || !isDigit(*p_)) return false;
    if (*p_ == '0') {
        ++p_;
    } else {
        while (p_ < end_ && isDigit(*p_)) ++p_;
    }
    if (p_ < end_ && *p_ == '.') {
        ++p_;
        if (p_ == end_ || !isDigit(*p_)) return false;
        while (p_ < end_ && isDigit(*p_)) ++p_;
    }
    if (p_ < end_ && (*p_ == 'e' || *p_ == 'E')) {
        ++p_;
        if (p_ < end_ && (*p_ == '+' || *p_ == '-')) ++p_;
        if (p_ == end_ || !isDigit(*p_)) return false;
        while (p_ < end_ && isDigit(*p_)) ++p_;
    }
    return true;
}

// p_ stands behind a backslash.
bool JsonScan::escape() {
    if (p_ == end_) return false;
    switch (*p_++) {
        case '"':
        case '\\':
        case '/':
        case 'b':
        case 'f':
        case 'n':
        case 'r':
        case 't':
            return true;
        case 'u':
            if (end_ - p_ < 4) return false;
            for (int i = 0; i < 4; ++i) {
                if (hexValue(*p_++) < 0) return false;
            }
            return true;
        default:
            return false;
    }
}

// p_ stands behind the opening quote; ends behind the closing one.
bool JsonScan::stringTail(bool& escaped) {
    for (;;) {
        p_ = skipPlain(p_, end_);
        if (p_ == end_) return false;
        const char c = *p_++;
        if (c == '"') return true;
        if (c != '\\') return false;  // a control character
        escaped = true;
        if (!escape()) return false;
    }
}

bool JsonScan::scalar() {
    bool escaped = false;
    switch (*p_) {
        case '"':
            ++p_;
            return stringTail(escaped);
        case 't':
            return literal("true");
        case 'f':
            return literal("false");
        case 'n':
            return literal("null");
        default:
            return number();
    }
}

// Without recursion, so that a deep text costs no stack: one bit per open level says object or
// array.
bool JsonScan::value(JsonSlice& out) {
    std::array<bool, kDepthHardMax> is_object;
    const uint32_t depth_max = depth_max_ < kDepthHardMax ? depth_max_ : kDepthHardMax;
    uint32_t depth = 0;
    skipSpace();
    out.begin = p_;
    for (;;) {
        // A value starts here.
        skipSpace();
        if (p_ == end_) return false;
        bool closed_at_once = false;
        if (*p_ == '{' || *p_ == '[') {
            if (depth == depth_max) return false;
            const bool object = *p_++ == '{';
            is_object[depth++] = object;
            closed_at_once = take(object ? '}' : ']');
            if (!closed_at_once) {
                JsonSlice key;
                bool escaped = false;
                if (object && !(string(key, escaped) && take(':'))) return false;
                continue;
            }
            --depth;
        } else if (!scalar()) {
            return false;
        }
        // A value has ended: close levels, or go on to the next member.
        for (;;) {
            if (depth == 0) {
                out.end = p_;
                return true;
            }
            const bool object = is_object[depth - 1];
            if (take(',')) {
                JsonSlice key;
                bool escaped = false;
                if (object && !(string(key, escaped) && take(':'))) return false;
                break;
            }
            if (!take(object ? '}' : ']')) return false;
            --depth;
        }
    }
}

void appendUnescaped(std::string_view quoted, std::string& out) {
    const char* p = quoted.data() + 1;
    const char* end = quoted.data() + quoted.size() - 1;
    while (p < end) {
        if (*p != '\\') {
            out.push_back(*p++);
            continue;
        }
        ++p;
        const char c = *p++;
        switch (c) {
            case 'b':
                out.push_back('\b');
                break;
            case 'f':
                out.push_back('\f');
                break;
            case 'n':
                out.push_back('\n');
                break;
            case 'r':
                out.push_back('\r');
                break;
            case 't':
                out.push_back('\t');
                break;
            case 'u':
                appendUtf8(codePoint(p, end), out);
                break;
            default:
                out.push_back(c);
        }
    }
}

void appendEscaped(std::string_view text, std::string& out) {
    static constexpr char kHex[] = "0123456789abcdef";
    size_t plain = 0;  // begin of what needs no escape
    for (size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (!kNeedsEscape[static_cast<unsigned char>(c)]) continue;
        out.append(text, plain, i - plain);
        plain = i + 1;
        if (c == '"' || c == '\\') {
            out.push_back('\\');
            out.push_back(c);
        } else {
            out.append("\\u00");
            out.push_back(kHex[(c >> 4) & 0xf]);
            out.push_back(kHex[c & 0xf]);
        }
    }
    out.append(text, plain);
}

}  // namespace sara::chat
