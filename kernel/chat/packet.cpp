#include "chat/packet.h"

#include <array>
#include <cassert>
#include <cstring>
#include <utility>

namespace sara::chat {
namespace {

constexpr size_t kFactBytesMax = UINT16_MAX;  // ids and jids are shorter by their own rules

// One splice: the bytes [begin, end) of the text become before + value + after.
struct Splice {
    const char* begin;
    const char* end;
    std::string_view before;
    std::string_view value;
    std::string_view after;
    size_t size() const { return before.size() + value.size() + after.size(); }
};

struct Splices {
    std::array<Splice, 6> list;
    uint32_t count = 0;

    // A member that is there gets a new value; one that is not there goes in front of the others.
    void put(const Envelope& e, JsonSlice at, std::string_view name_open, std::string_view value) {
        if (value.empty()) return;
        if (at) {
            list[count++] = {at.begin, at.end, "\"", value, "\""};
        } else {
            list[count++] = {e.open, e.open, name_open, value, "\","};
        }
    }
    void putAck(const Envelope& e) {
        if (e.ack_at) {  // null
            list[count++] = {e.ack_at.begin, e.ack_at.end, {}, "1", {}};
        } else {
            list[count++] = {e.open, e.open, {}, "\"ack\":1,", {}};
        }
    }
    void sort() {
        // At most six; std::stable_sort would ask the heap for a buffer.
        for (uint32_t i = 1; i < count; ++i) {
            for (uint32_t j = i; j > 0 && list[j].begin < list[j - 1].begin; --j) {
                std::swap(list[j], list[j - 1]);
            }
        }
    }
    // How far a position behind the splices in front of it moves.
    ptrdiff_t shiftAt(const char* p) const {
        ptrdiff_t shift = 0;
        for (uint32_t i = 0; i < count && list[i].end <= p; ++i) {
            shift += static_cast<ptrdiff_t>(list[i].size()) - (list[i].end - list[i].begin);
        }
        return shift;
    }
};

// Writes the strings of the facts: as an offset into the text when they stand there unescaped, else
// behind it.
class FactWriter {
  public:
    FactWriter(std::string_view text, const Splices& splices, uint8_t* base, uint32_t text_at,
               uint32_t tail_at)
        : text_(text), splices_(splices), base_(base), text_at_(text_at), tail_(tail_at) {}

    void put(std::string_view value, bool replaced, uint32_t& at, uint16_t& len) {
        if (value.size() > kFactBytesMax) value = {};  // only a gid that nobody reads can be
        len = static_cast<uint16_t>(value.size());
        at = tail_;
        if (value.empty()) return;
        if (!replaced && value.data() >= text_.data() &&
            value.data() + value.size() <= text_.data() + text_.size()) {
            at = static_cast<uint32_t>(text_at_ + (value.data() - text_.data()) +
                                       splices_.shiftAt(value.data()));
            return;
        }
        std::memcpy(base_ + tail_, value.data(), value.size());
        tail_ += len;
    }

  private:
    std::string_view text_;
    const Splices& splices_;
    uint8_t* base_;
    uint32_t text_at_;
    uint32_t tail_;
};

}  // namespace

Packet buildPacket(std::string_view text, const Envelope& e, const EnvelopeEdits& edits) {
    assert(!e.bare);
    Splices splices;
    splices.put(e, e.ct_at, "\"ct\":\"", edits.ct);
    splices.put(e, e.from_at, "\"from\":\"", edits.from_json);
    splices.put(e, e.to_at, "\"to\":\"", edits.to_json);
    splices.put(e, e.gid_at, "\"gid\":\"", edits.gid_json);
    splices.put(e, e.id_at, "\"id\":\"", edits.id);
    const bool add_ack = edits.ask_for_ack && !e.ack_given;
    if (add_ack) splices.putAck(e);
    splices.sort();

    size_t size = text.size();
    for (uint32_t i = 0; i < splices.count; ++i) {
        const Splice& s = splices.list[i];
        size += s.size() - static_cast<size_t>(s.end - s.begin);
    }
    const std::string_view id = edits.id.empty() ? e.id : edits.id;
    const std::string_view from = edits.from.empty() ? e.from : edits.from;
    const std::string_view to = edits.to.empty() ? e.to : edits.to;
    const std::string_view gid = edits.gid.empty() ? e.gid : edits.gid;
    // Facts in front, unescaped strings behind: the tail is used only by strings that need it.
    const size_t tail = id.size() + from.size() + to.size() + gid.size();
    loop::Buffer* buffer = loop::newBuffer(sizeof(PacketFacts) + size + tail);
    if (buffer == nullptr) return Packet();
    uint8_t* base = buffer->bytes();
    auto* out = reinterpret_cast<char*>(base) + sizeof(PacketFacts);
    const char* from_text = text.data();
    const auto copy = [&out](const char* begin, size_t n) {
        if (n == 0) return;  // an empty view may point nowhere, which memcpy forbids
        std::memcpy(out, begin, n);
        out += n;
    };
    for (uint32_t i = 0; i < splices.count; ++i) {
        const Splice& s = splices.list[i];
        copy(from_text, static_cast<size_t>(s.begin - from_text));
        copy(s.before.data(), s.before.size());
        copy(s.value.data(), s.value.size());
        copy(s.after.data(), s.after.size());
        from_text = s.end;
    }
    copy(from_text, static_cast<size_t>(text.data() + text.size() - from_text));

    Packet packet(buffer);
    buffer->data = base + sizeof(PacketFacts);
    buffer->len = size;
    PacketFacts& facts = packet.facts();
    facts = PacketFacts{};
    FactWriter writer(text, splices, base, sizeof(PacketFacts),
                      static_cast<uint32_t>(sizeof(PacketFacts) + size));
    writer.put(id, !edits.id.empty(), facts.id_at, facts.id_len);
    writer.put(from, !edits.from.empty(), facts.from_at, facts.from_len);
    writer.put(to, !edits.to.empty(), facts.to_at, facts.to_len);
    writer.put(gid, !edits.gid.empty(), facts.gid_at, facts.gid_len);
    facts.type = e.type;
    facts.ack = add_ack ? 1 : static_cast<uint8_t>(e.ack);
    return packet;
}

}  // namespace sara::chat
