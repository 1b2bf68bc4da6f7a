#include "chat/envelope.h"

#include <simdjson.h>

#include <array>

namespace sara::chat {
namespace {

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
            if (sameName(names_[i], name)) return false;
        }
        names_[count_++] = name;
        return true;
    }

  private:
    std::array<std::string_view, kMembersMax> names_;
    uint32_t count_ = 0;
};

std::string_view EnvelopeReader::text(JsonSlice quoted, bool escaped) {
    const std::string_view inside = quoted.text().substr(1, quoted.text().size() - 2);
    if (!escaped) return inside;
    const size_t begin = scratch_.size();
    appendUnescaped(quoted.text(), scratch_);
    return std::string_view(scratch_).substr(begin);
}

bool EnvelopeReader::member(std::string_view name, JsonSlice at, bool escaped, Envelope& out) {
    if (name == "type") return smallNumber(at.text(), out.type);
    if (name == "ack") {
        uint32_t ack = 0;
        if (at.text() != "null" && !smallNumber(at.text(), ack)) return false;
        out.ack = ack != 0 ? 1 : 0;
        return true;
    }
    std::string_view* value = nullptr;
    JsonSlice* where = nullptr;
    if (name == "id") {
        value = &out.id;
        where = &out.id_at;
    } else if (name == "from") {
        value = &out.from;
        where = &out.from_at;
    } else if (name == "to") {
        value = &out.to;
    } else if (name == "ct") {
        value = &out.ct;
        where = &out.ct_at;
    } else if (name == "gid") {
        value = &out.gid;
    } else if (name == "jid") {
        value = &out.jid;
    } else if (name == "pwd") {
        value = &out.pwd;
    } else {
        // Unknown members travel on as they are, but none that a reader which ignores case takes
        // for a member that we decide.
        for (const std::string_view known :
             {"id", "type", "from", "to", "gid", "ack", "ct", "jid", "pwd"}) {
            if (sameName(name, known)) return false;
        }
        return true;
    }
    if (where != nullptr) *where = at;
    if (at.text() == "null") return true;
    if (*at.begin != '"') return false;
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
    Names names;
    do {
        JsonSlice key;
        JsonSlice at;
        bool key_escaped = false;
        bool escaped = false;
        if (!scan.string(key, key_escaped)) return false;
        const std::string_view name = text(key, key_escaped);
        if (!names.add(name) || !scan.take(':')) return false;
        scan.skipSpace();
        if (scan.peek() == '"') {
            if (!scan.string(at, escaped)) return false;
        } else if (!scan.value(at)) {
            return false;
        }
        if (!member(name, at, escaped, out)) return false;
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
    // Unescaped text is never longer than the text, except for a lone surrogate: \uD800 is 6 bytes,
    // U+FFFD 3. Reserved once, so that views into it stay valid.
    if (packet.find('\\') != std::string_view::npos) scratch_.reserve(packet.size());
    JsonScan scan(packet, depth_max_ > 2 ? depth_max_ - 1 : 1);
    if (!topLevel(scan, out) || out.open == nullptr) return false;
    scan.skipSpace();
    return scan.atEnd() && simdjson::validate_utf8(packet.data(), packet.size());
}

}  // namespace sara::chat
