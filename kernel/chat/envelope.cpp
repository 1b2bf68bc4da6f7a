#include "chat/envelope.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace sara::chat {
namespace {

// The members that the server reads. kUnknown ones travel on as they are.
enum Member : uint32_t { kId, kTo, kCt, kAck, kGid, kJid, kPwd, kType, kFrom, kUnknown };

constexpr std::array<std::string_view, kUnknown> kMemberNames = {"id",  "to",  "ct",   "ack", "gid",
                                                                 "jid", "pwd", "type", "from"};

// A name of up to four bytes as one number: a compare of a length that is not constant is a call.
// The length is in it: a name may begin with a zero byte, written as an escape.
constexpr uint64_t wordOf(std::string_view name) {
    uint64_t word = name.size();
    for (const char c : name) word = word << 8 | static_cast<unsigned char>(c);
    return word;
}

Member memberOf(std::string_view name) {
    if (name.size() < 2 || name.size() > 4) return kUnknown;
    switch (wordOf(name)) {
        case wordOf(kMemberNames[kId]):
            return kId;
        case wordOf(kMemberNames[kTo]):
            return kTo;
        case wordOf(kMemberNames[kCt]):
            return kCt;
        case wordOf(kMemberNames[kAck]):
            return kAck;
        case wordOf(kMemberNames[kGid]):
            return kGid;
        case wordOf(kMemberNames[kJid]):
            return kJid;
        case wordOf(kMemberNames[kPwd]):
            return kPwd;
        case wordOf(kMemberNames[kType]):
            return kType;
        case wordOf(kMemberNames[kFrom]):
            return kFrom;
        default:
            return kUnknown;
    }
}

bool sameName(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    for (size_t i = 0; i < a.size(); ++i) {
        const auto lower = [](char c) {
            return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
        };
        if (lower(a[i]) != lower(b[i])) return false;
    }
    return true;
}

// A reader that ignores case would take it for a member that we decide.
bool looksKnown(std::string_view name) {
    return std::any_of(kMemberNames.begin(), kMemberNames.end(),
                       [name](std::string_view known) { return sameName(name, known); });
}

// Most packets are ASCII, which is valid as it is.
bool validUtf8(std::string_view text) {
    const char* p = text.data();
    const char* const end = p + text.size();
    uint64_t high = 0;
    for (; end - p >= 32; p += 32) {
        uint64_t words[4];
        std::memcpy(words, p, sizeof words);
        high |= (words[0] | words[1]) | (words[2] | words[3]);
    }
    for (; end - p >= 8; p += 8) {
        uint64_t word;
        std::memcpy(&word, p, 8);
        high |= word;
    }
    for (; p < end; ++p) high |= static_cast<unsigned char>(*p);
    if ((high & 0x8080808080808080ull) == 0) return true;
    return simdjson::validate_utf8(text.data(), text.size());
}

bool smallNumber(std::string_view digits, uint32_t& out) {
    if (digits.empty() || digits.size() > 9) return false;
    uint32_t v = 0;
    for (const char c : digits) {
        if (c < '0' || c > '9') return false;
        v = v * 10 + static_cast<uint32_t>(c - '0');
    }
    out = v;
    return true;
}

}  // namespace

// Names of the members of one object so far. Names that differ in case only count as the same: a
// receiver that matches without case must not read another envelope than we do.
class EnvelopeReader::Names {
  public:
    bool add(std::string_view name) {
        if (count_ == kMembersMax) return false;
        for (uint32_t i = 0; i < count_; ++i) {
            if (sameName({names_[i].begin, names_[i].size}, name)) return false;
        }
        names_[count_++] = {name.data(), name.size()};
        return true;
    }

  private:
    struct Name {  // trivial, so that the unused ones cost nothing
        const char* begin;
        size_t size;
    };
    std::array<Name, kMembersMax> names_;
    uint32_t count_ = 0;
};

std::string_view EnvelopeReader::unescaped(JsonSlice quoted) {
    // Unescaped text is never longer than the escaped one. Reserved once, so that views stay valid.
    if (scratch_.empty()) scratch_.reserve(packet_bytes_);
    const size_t begin = scratch_.size();
    appendUnescaped(quoted.text(), scratch_);
    return std::string_view(scratch_).substr(begin);
}

bool EnvelopeReader::member(uint32_t which, JsonSlice at, bool escaped, Envelope& out) {
    std::string_view* value = nullptr;
    switch (which) {
        case kType:
            return smallNumber(at.text(), out.type);
        case kAck: {
            uint32_t ack = 0;
            out.ack_at = at;
            out.ack_given = at.text() != "null";
            if (out.ack_given && !smallNumber(at.text(), ack)) return false;
            out.ack = ack != 0 ? 1 : 0;
            return true;
        }
        case kId:
            out.id_at = at;
            value = &out.id;
            break;
        case kFrom:
            out.from_at = at;
            value = &out.from;
            break;
        case kCt:
            out.ct_at = at;
            value = &out.ct;
            break;
        case kTo:
            out.to_at = at;
            value = &out.to;
            break;
        case kGid:
            out.gid_at = at;
            value = &out.gid;
            break;
        case kJid:
            value = &out.jid;
            break;
        default:
            value = &out.pwd;
    }
    if (*at.begin != '"') return at.text() == "null";
    *value = text(at, escaped);
    return true;
}

const char* EnvelopeReader::envelope(const char* p, const char* end, Envelope& out) {
    if (p == end || *p != '{') return nullptr;
    out.open = ++p;
    if (const char* const closed = takeChar(p, end, '}')) {
        out.close = closed - 1;
        return closed;
    }
    out.bare = false;
    Names unknown;
    uint32_t seen = 0;
    const char* next = p;
    do {
        p = takeChar(next, end, '"');
        if (p == nullptr) return nullptr;
        JsonSlice key{p - 1, nullptr};
        const JsonString read = scanString(p, end);
        if (read.end == nullptr) return nullptr;
        key.end = read.end;
        const std::string_view name = text(key, read.escaped);
        const Member which = memberOf(name);
        if (which == kUnknown) {
            if (looksKnown(name) || !unknown.add(name)) return nullptr;
        } else if ((std::exchange(seen, seen | 1u << which) >> which & 1u) != 0) {
            return nullptr;
        }
        p = takeChar(key.end, end, ':');
        if (p == nullptr) return nullptr;
        p = skipSpace(p, end);
        if (p == end) return nullptr;
        JsonSlice at{p, nullptr};
        bool escaped = false;
        if (*p == '"') {
            const JsonString value = scanString(p + 1, end);
            at.end = value.end;
            escaped = value.escaped;
        } else {
            at.end = scanShortValue(p, end, depth_max_ - 2);
        }
        p = at.end;
        if (p == nullptr) return nullptr;
        if (which != kUnknown && !member(which, at, escaped, out)) return nullptr;
        next = takeChar(p, end, ',');
    } while (next != nullptr);
    p = takeChar(p, end, '}');
    if (p != nullptr) out.close = p - 1;
    return p;
}

const char* EnvelopeReader::topLevel(const char* p, const char* end, Envelope& out) {
    p = takeChar(p, end, '{');
    if (p == nullptr) return nullptr;
    Names names;
    const char* next = p;
    do {
        p = takeChar(next, end, '"');
        if (p == nullptr) return nullptr;
        JsonSlice key{p - 1, nullptr};
        const JsonString read = scanString(p, end);
        if (read.end == nullptr) return nullptr;
        key.end = read.end;
        const std::string_view name = text(key, read.escaped);
        if (!names.add(name)) return nullptr;
        p = takeChar(key.end, end, ':');
        if (p == nullptr) return nullptr;
        p = skipSpace(p, end);
        p = name == "envelope" ? envelope(p, end, out) : scanValue(p, end, depth_max_ - 1);
        if (p == nullptr) return nullptr;
        next = takeChar(p, end, ',');
    } while (next != nullptr);
    return takeChar(p, end, '}');
}

// Flat: the parts above are called once each, and a packet's time is mostly here.
[[gnu::flatten]] bool EnvelopeReader::read(std::string_view packet, Envelope& out) {
    out = Envelope{};
    scratch_.clear();
    packet_bytes_ = packet.size();
    const char* const end = packet.data() + packet.size();
    const char* p = topLevel(packet.data(), end, out);
    return p != nullptr && out.open != nullptr && skipSpace(p, end) == end && validUtf8(packet);
}

}  // namespace sara::chat
