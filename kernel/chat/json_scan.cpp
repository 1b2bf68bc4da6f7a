#include "chat/json_scan.h"

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

const char* literal(const char* p, const char* end, std::string_view word) {
    const bool there = static_cast<size_t>(end - p) >= word.size() &&
                       std::memcmp(p, word.data(), word.size()) == 0;
    return there ? p + word.size() : nullptr;
}

const char* digits(const char* p, const char* end) {
    while (p < end && isDigit(*p)) ++p;
    return p;
}

const char* number(const char* p, const char* end) {
    if (p < end && *p == '-') ++p;
    if (p == end || !isDigit(*p)) return nullptr;
    p = *p == '0' ? p + 1 : digits(p, end);
    if (p < end && *p == '.') {
        ++p;
        if (p == end || !isDigit(*p)) return nullptr;
        p = digits(p, end);
    }
    if (p < end && (*p == 'e' || *p == 'E')) {
        ++p;
        if (p < end && (*p == '+' || *p == '-')) ++p;
        if (p == end || !isDigit(*p)) return nullptr;
        p = digits(p, end);
    }
    return p;
}

// p stands behind a backslash.
const char* escape(const char* p, const char* end) {
    if (p == end) return nullptr;
    switch (*p++) {
        case '"':
        case '\\':
        case '/':
        case 'b':
        case 'f':
        case 'n':
        case 'r':
        case 't':
            return p;
        case 'u':
            if (end - p < 4) return nullptr;
            for (int i = 0; i < 4; ++i) {
                if (hexValue(*p++) < 0) return nullptr;
            }
            return p;
        default:
            return nullptr;
    }
}

const char* scalar(const char* p, const char* end) {
    switch (*p) {
        case '"':
            return scanString(p + 1, end).end;
        case 't':
            return literal(p, end, "true");
        case 'f':
            return literal(p, end, "false");
        case 'n':
            return literal(p, end, "null");
        default:
            return number(p, end);
    }
}

// The name of an object's member and its colon.
const char* memberName(const char* p, const char* end) {
    p = takeChar(p, end, '"');
    if (p != nullptr) p = scanString(p, end).end;
    return p != nullptr ? takeChar(p, end, ':') : nullptr;
}

}  // namespace

namespace detail {

const char* skipSpaceSlowly(const char* p, const char* end) {
    while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t')) ++p;
    return p;
}

JsonString scanEscapedString(const char* p, const char* end) {
    bool escaped = false;
    while (p < end && *p != '"') {
        if (*p != '\\') return {nullptr, escaped};  // a control character
        escaped = true;
        p = escape(p + 1, end);
        if (p == nullptr) return {nullptr, escaped};
        p = skipPlain(p, end);
    }
    return {p < end ? p + 1 : nullptr, escaped};
}

}  // namespace detail

// Without recursion, so that a deep text costs no stack: one flag per open level says object or
// array.
const char* scanValue(const char* p, const char* end, uint32_t depth_limit) {
    std::array<bool, kDepthHardMax> is_object;
    const uint32_t depth_max = depth_limit < kDepthHardMax ? depth_limit : kDepthHardMax;
    uint32_t depth = 0;
    for (;;) {
        // A value starts here.
        p = skipSpace(p, end);
        if (p == end) return nullptr;
        if (*p == '{' || *p == '[') {
            if (depth == depth_max) return nullptr;
            const bool object = *p++ == '{';
            const char* const closed = takeChar(p, end, object ? '}' : ']');
            if (closed == nullptr) {
                is_object[depth++] = object;
                if (object && (p = memberName(p, end)) == nullptr) return nullptr;
                continue;
            }
            p = closed;
        } else if ((p = scalar(p, end)) == nullptr) {
            return nullptr;
        }
        // A value has ended: close levels, or go on to the next member.
        for (;;) {
            if (depth == 0) return p;
            const bool object = is_object[depth - 1];
            if (const char* const next = takeChar(p, end, ',')) {
                p = next;
                if (object && (p = memberName(p, end)) == nullptr) return nullptr;
                break;
            }
            p = takeChar(p, end, object ? '}' : ']');
            if (p == nullptr) return nullptr;
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
    bool any = false;
    for (const char c : text) any |= kNeedsEscape[static_cast<unsigned char>(c)];
    if (!any) {
        out.append(text);
        return;
    }
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
