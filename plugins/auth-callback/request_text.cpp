#include "auth-callback/request_text.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <vector>

namespace sara::auth_callback {
namespace {

constexpr char kHex[] = "0123456789abcdef";
constexpr std::string_view kReplacement = "\\ufffd";

// Length of the UTF-8 sequence at the front of text; 0 when it is none.
size_t sequenceLength(std::string_view text) {
    const auto byte = [text](size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = byte(0);
    if (first < 0x80) return 1;
    const size_t n = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || text.size() < n) return 0;
    for (size_t i = 1; i < n; ++i) {
        if ((byte(i) & 0xC0) != 0x80) return 0;
    }
    const unsigned char second = byte(1);
    if (first == 0xE0 && second < 0xA0) return 0;
    if (first == 0xED && second > 0x9F) return 0;
    if (first == 0xF0 && second < 0x90) return 0;
    if (first == 0xF4 && second > 0x8F) return 0;
    return n;
}

void appendUnicode(unsigned code, std::string* out) {
    *out += "\\u";
    for (int shift = 12; shift >= 0; shift -= 4) *out += kHex[(code >> shift) & 15];
}

// U+2028 and U+2029 end a line in old JavaScript; the earlier server escaped them too.
bool isLineSeparator(std::string_view text) {
    return text.size() >= 3 && text[0] == '\xe2' && text[1] == '\x80' &&
           (text[2] == '\xa8' || text[2] == '\xa9');
}

// JSON text that is valid already: outside of strings none of these characters occurs.
void appendEscapedJson(std::string_view json, std::string* out) {
    for (size_t i = 0; i < json.size(); ++i) {
        const char c = json[i];
        if (c == '<' || c == '>' || c == '&') {
            appendUnicode(static_cast<unsigned char>(c), out);
        } else if (isLineSeparator(json.substr(i))) {
            *out += json[i + 2] == '\xa8' ? "\\u2028" : "\\u2029";
            i += 2;
        } else {
            *out += c;
        }
    }
}

std::string head(std::string_view sn, std::string_view service, std::string_view method) {
    std::string out = R"({"sn":)";
    appendJsonText(sn, &out);
    out.append(R"(,"service":")").append(service).append(R"(","method":")").append(method);
    out.append(R"(","params":{)");
    return out;
}

struct Member {
    std::string_view name;  // with its quotes
    std::string_view value;
};

// Takes an object apart that the server has validated. Reads no further than the top level; false
// when it is no object.
class TopLevel {
  public:
    explicit TopLevel(std::string_view text) : text_(text) {}

    bool read(std::vector<Member>* members) {
        skipSpace();
        if (!take('{')) return false;
        skipSpace();
        if (take('}')) return true;
        do {
            skipSpace();
            const std::string_view name = value();
            skipSpace();
            if (name.size() < 2 || name.front() != '"' || !take(':')) return false;
            skipSpace();
            const std::string_view content = value();
            if (content.empty()) return false;
            members->push_back({name, content});
            skipSpace();
        } while (take(','));
        return take('}');
    }

  private:
    void skipSpace() {
        while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' ||
                                      text_[at_] == '\n' || text_[at_] == '\r')) {
            ++at_;
        }
    }
    bool take(char c) {
        if (at_ >= text_.size() || text_[at_] != c) return false;
        ++at_;
        return true;
    }
    // Up to the end of a string, or to a comma, colon or bracket of the level it began on.
    std::string_view value() {
        const size_t begin = at_;
        size_t depth = 0;
        bool quoted = false;
        for (; at_ < text_.size(); ++at_) {
            const char c = text_[at_];
            if (quoted) {
                if (c == '\\') {
                    ++at_;
                } else if (c == '"') {
                    quoted = false;
                    if (depth == 0) return cut(begin, at_ + 1);
                }
                continue;
            }
            if (c == '"') quoted = true;
            if (c == '{' || c == '[') ++depth;
            if (c == '}' || c == ']') {
                if (depth == 0) break;
                if (--depth == 0) return cut(begin, at_ + 1);
            }
            if (depth == 0 && (c == ',' || c == ':' || c == ' ' || c == '\t' || c == '\n')) break;
        }
        return cut(begin, at_);
    }
    std::string_view cut(size_t begin, size_t end) {
        at_ = std::min(end, text_.size());
        return text_.substr(begin, at_ - begin);
    }

    const std::string_view text_;
    size_t at_ = 0;
};

}  // namespace

std::string newSn() {
    std::array<unsigned char, 16> bytes{};
    size_t got = 0;
    while (got < bytes.size()) {  // getrandom() of so few bytes fails only when interrupted
        const ssize_t n = ::getrandom(bytes.data() + got, bytes.size() - got, 0);
        if (n > 0) got += static_cast<size_t>(n);
    }
    bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0f) | 0x40);
    bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3f) | 0x80);
    std::string out;
    out.reserve(36);
    for (size_t i = 0; i < bytes.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
        out += kHex[bytes[i] >> 4];
        out += kHex[bytes[i] & 15];
    }
    return out;
}

void appendJsonText(std::string_view text, std::string* out) {
    *out += '"';
    while (!text.empty()) {
        const size_t n = sequenceLength(text);
        const auto c = static_cast<unsigned char>(text.front());
        if (n == 0) {
            *out += kReplacement;
        } else if (isLineSeparator(text)) {
            *out += text[2] == '\xa8' ? "\\u2028" : "\\u2029";
        } else if (n > 1) {
            out->append(text.substr(0, n));
        } else if (c == '"' || c == '\\') {
            *out += '\\';
            *out += text.front();
        } else if (c == '\n') {
            *out += "\\n";
        } else if (c == '\r') {
            *out += "\\r";
        } else if (c == '\t') {
            *out += "\\t";
        } else if (c < 0x20 || c == '<' || c == '>' || c == '&') {
            appendUnicode(c, out);
        } else {
            *out += text.front();
        }
        text.remove_prefix(std::max<size_t>(n, 1));
    }
    *out += '"';
}

std::string authBody(std::string_view sn, const AuthParams& params) {
    std::string out = head(sn, "emsg_auth", "auth");
    out += R"("domain":)";
    appendJsonText(params.domain, &out);
    out += R"(,"jid":)";
    appendJsonText(params.jid, &out);
    out += R"(,"token":)";
    appendJsonText(params.token, &out);
    out += R"(,"uid":)";
    appendJsonText(params.user, &out);
    out += "}}";
    return out;
}

std::string groupBody(std::string_view sn, std::string_view gid) {
    std::string out = head(sn, "emsg_group", "get_user_list");
    out += R"("gid":)";
    appendJsonText(gid, &out);
    out += "}}";
    return out;
}

std::optional<std::string> offlineBody(std::string_view sn, std::string_view packet,
                                       uint64_t total) {
    std::vector<Member> members;
    if (!TopLevel(packet).read(&members)) return std::nullopt;
    const std::string number = std::to_string(total);
    if (total > 0) {
        std::erase_if(members, [](const Member& m) { return m.name == R"("total")"; });
        members.push_back({R"("total")", number});
    }
    std::stable_sort(members.begin(), members.end(),
                     [](const Member& a, const Member& b) { return a.name < b.name; });
    std::string out = head(sn, "user_message", "offline");
    out.reserve(out.size() + packet.size() + 64);
    for (const Member& member : members) {
        if (out.back() != '{') out += ',';
        appendEscapedJson(member.name, &out);
        out += ':';
        appendEscapedJson(member.value, &out);
    }
    out += "}}";
    return out;
}

std::string formOf(std::string_view json) {
    constexpr char kUpperHex[] = "0123456789ABCDEF";
    std::string out = "body=";
    out.reserve(out.size() + json.size() * 2);
    for (const char c : json) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (letter || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == '~') {
            out += c;
        } else if (c == ' ') {
            out += '+';
        } else {
            out += '%';
            out += kUpperHex[static_cast<unsigned char>(c) >> 4];
            out += kUpperHex[static_cast<unsigned char>(c) & 15];
        }
    }
    return out;
}

}  // namespace sara::auth_callback
