// The reader of packets against simdjson's dom. What we take must be valid there with the same
// members; what is valid there and breaks no rule of ours must be taken; and a packet that was
// built from a text must read as what was put into it.
#include "chat/envelope.h"

#include <simdjson.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <string>

#include "chat/packet.h"

namespace {

using sara::chat::Envelope;
using sara::chat::EnvelopeReader;

constexpr size_t kPadding = 64;
constexpr uint32_t kDepthMax = 64;

void check(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "%s\n", what);
    std::abort();
}

std::string lower(std::string_view s) {
    std::string out(s);
    for (char& c : out) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    }
    return out;
}

size_t depthOf(simdjson::dom::element e) {
    size_t deepest = 0;
    if (e.is_object()) {
        for (const auto member : simdjson::dom::object(e)) {
            deepest = std::max(deepest, depthOf(member.value));
        }
        return deepest + 1;
    }
    if (e.is_array()) {
        for (const simdjson::dom::element item : simdjson::dom::array(e)) {
            deepest = std::max(deepest, depthOf(item));
        }
        return deepest + 1;
    }
    return 0;
}

bool distinct(simdjson::dom::object object) {
    std::set<std::string> names;
    for (const auto member : object) {
        if (!names.insert(lower(member.key)).second) return false;
    }
    return names.size() <= EnvelopeReader::kMembersMax;
}

// Our own rules about members of the envelope.
bool allowed(std::string_view name, simdjson::dom::element value) {
    static const std::set<std::string> kTexts = {"id", "from", "to", "gid", "ct", "jid", "pwd"};
    const std::string folded = lower(name);
    const bool number = folded == "type" || folded == "ack";
    if (!number && !kTexts.contains(folded)) return true;
    if (folded != name) return false;
    if (!number) return value.is_string() || value.is_null();
    if (folded == "ack" && value.is_null()) return true;
    uint64_t n = 0;
    return value.get(n) == simdjson::SUCCESS && n <= 999'999'999;
}

bool isPacket(simdjson::dom::element doc) {
    simdjson::dom::object envelope;
    if (!doc.is_object() || doc["envelope"].get(envelope) != simdjson::SUCCESS) return false;
    if (!distinct(simdjson::dom::object(doc)) || !distinct(envelope)) return false;
    for (const auto member : envelope) {
        if (!allowed(member.key, member.value)) return false;
    }
    return depthOf(doc) < kDepthMax;
}

std::string_view memberOf(simdjson::dom::element doc, const char* name) {
    std::string_view value;
    return doc["envelope"][name].get(value) == simdjson::SUCCESS ? value : std::string_view();
}

void sameMembers(simdjson::dom::element doc, const Envelope& e) {
    check(memberOf(doc, "id") == e.id && memberOf(doc, "from") == e.from &&
              memberOf(doc, "to") == e.to && memberOf(doc, "gid") == e.gid &&
              memberOf(doc, "ct") == e.ct && memberOf(doc, "jid") == e.jid &&
              memberOf(doc, "pwd") == e.pwd,
          "members differ");
    uint64_t type = 0;
    if (doc["envelope"]["type"].get(type) != simdjson::SUCCESS) type = 0;
    check(type == e.type, "type differs");
}

void rebuilt(std::string_view text, const Envelope& e) {
    sara::chat::EnvelopeEdits edits;
    edits.ct = "1700000000000";
    if (e.id.empty()) edits.id = "generated";
    if (e.from.empty()) {
        edits.from = "a<b@c/d";
        edits.from_json = "a\\u003cb@c/d";
    }
    const sara::chat::Packet packet = buildPacket(text, e, edits);
    check(static_cast<bool>(packet), "not built");
    std::string padded(packet.text());
    padded.append(kPadding, '\0');
    EnvelopeReader reader(kDepthMax);
    Envelope again;
    check(reader.read({padded.data(), padded.size() - kPadding}, again), "built and not readable");
    check(again.ct == edits.ct && again.id == (e.id.empty() ? edits.id : e.id) &&
              again.from == (e.from.empty() ? edits.from : e.from) && again.to == e.to &&
              again.gid == e.gid && again.type == e.type && again.ack == e.ack,
          "edits changed another member");
    const auto fact = [](std::string_view member) {
        return member.size() > UINT16_MAX ? std::string_view() : member;
    };
    check(packet.id() == fact(again.id) && packet.from() == fact(again.from) &&
              packet.to() == fact(again.to) && packet.gid() == fact(again.gid),
          "facts differ from the text");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    std::string text(reinterpret_cast<const char*>(data), size);
    text.append(kPadding, '}');
    const std::string_view view(text.data(), size);
    EnvelopeReader reader(kDepthMax);
    Envelope e;
    const bool taken = reader.read(view, e);

    simdjson::dom::parser parser;
    simdjson::dom::element doc;
    const auto error = parser.parse(text.data(), size, true).get(doc);
    if (error == simdjson::SUCCESS) {
        // "-0" is a number of type there and none for us.
        if (!taken && isPacket(doc)) check(view.find("-0") != view.npos, "refused a packet");
        if (taken) sameMembers(doc, e);
    } else if (taken) {
        // Numbers that fit into no type, and lone surrogates, are valid JSON all the same.
        check(error == simdjson::NUMBER_ERROR ||
                  (error == simdjson::STRING_ERROR && view.find("\\u") != view.npos),
              "took what is not JSON");
    }
    if (taken && !e.bare) rebuilt(view, e);
    return 0;
}
