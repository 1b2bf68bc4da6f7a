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

Member memberOf(std::string_view name) {
    const auto is = [name](Member m) {
        return std::memcmp(name.data(), kMemberNames[m].data(), kMemberNames[m].size()) == 0;
    };
    switch (name.size()) {
        case 2:
            return is(kId) ? kId : is(kTo) ? kTo : is(kCt) ? kCt : kUnknown;
        case 3:
            if (is(kAck)) return kAck;
            return is(kGid) ? kGid : is(kJid) ? kJid : is(kPwd) ? kPwd : kUnknown;
        case 4:
            return is(kType) ? kType : is(kFrom) ? kFrom : kUnknown;
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

std::string_view EnvelopeReader::text(JsonSlice quoted, bool escaped) {
    const std::string_view inside = quoted.text().substr(1, quoted.text().size() - 2);
    if (!escaped) return inside;
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
            if (at.text() != "null" && !smallNumber(at.text(), ack)) return false;
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
            value = &out.to;
            break;
        case kGid:
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

bool EnvelopeReader::envelope(JsonScan& scan, Envelope& out) {
    if (!scan.take('{')) return false;
    out.open = scan.position();
    if (scan.take('}')) {
        out.close = scan.position() - 1;
        return true;
    }
    out.bare = false;
    Names unknown;
    uint32_t seen = 0;
    do {
        JsonSlice key;
        JsonSlice at;
        bool key_escaped = false;
        bool escaped = false;
        if (!scan.string(key, key_escaped)) return false;
        const std::string_view name = text(key, key_escaped);
        const Member which = memberOf(name);
        if (which == kUnknown) {
            if (looksKnown(name) || !unknown.add(name)) return false;
        } else if ((std::exchange(seen, seen | 1u << which) >> which & 1u) != 0) {
            return false;
        }
        if (!scan.take(':')) return false;
        scan.skipSpace();
        if (scan.peek() == '"') {
            if (!scan.string(at, escaped)) return false;
        } else if (!scan.value(at)) {
            return false;
        }
        if (which != kUnknown && !member(which, at, escaped, out)) return false;
    } while (scan.take(','));
    if (!scan.take('}')) return false;
    out.close = scan.position() - 1;
    return true;
}

bool EnvelopeReader::topLevel(JsonScan& scan, Envelope& out) {
    if (!scan.take('{') || scan.take('}')) return false;
    Names names;
    do {
        JsonSlice key;
        bool escaped = false;
        if (!scan.string(key, escaped)) return false;
        const std::string_view name = text(key, escaped);
        if (!names.add(name) || !scan.take(':')) return false;
        if (name == "envelope") {
            if (!envelope(scan, out)) return false;
        } else {
            JsonSlice skipped;
            if (!scan.value(skipped)) return false;
        }
    } while (scan.take(','));
    return scan.take('}');
}

bool EnvelopeReader::read(std::string_view packet, Envelope& out) {
    out = Envelope{};
    scratch_.clear();
    packet_bytes_ = packet.size();
    JsonScan scan(packet, depth_max_ > 2 ? depth_max_ - 1 : 1);
    if (!topLevel(scan, out) || out.open == nullptr) return false;
    scan.skipSpace();
    return scan.atEnd() && validUtf8(packet);
}

}  // namespace sara::chat
