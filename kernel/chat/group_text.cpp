#include "chat/group_text.h"

#include <initializer_list>

namespace sara::chat {

std::shared_ptr<const GroupText> GroupText::of(Packet base, EnvelopeReader& reader) {
    auto made = std::make_shared<GroupText>();
    made->base_ = std::move(base);
    const std::string_view text = made->base_.text();
    Envelope& e = made->envelope_;
    // A buffer has the reader's 64 bytes behind its end.
    if (!reader.read(text, e)) return nullptr;
    // Strings with escapes are views of the reader, which goes on to other packets.
    made->strings_.reserve(e.from.size() + e.gid.size());
    for (std::string_view* s : {&e.from, &e.gid}) {
        if (s->empty() || (s->data() >= text.data() && s->data() < text.data() + text.size())) {
            continue;
        }
        const size_t begin = made->strings_.size();
        made->strings_.append(*s);
        *s = std::string_view(made->strings_).substr(begin);
    }
    e.id = e.to = e.jid = e.pwd = e.ct = {};
    return made;
}

Packet GroupText::copyFor(std::string_view member, std::string_view id) const {
    EnvelopeEdits edits;
    edits.id = id;
    edits.to = member;
    std::string escaped;
    edits.to_json = member;
    if (member.find_first_of("\"\\<>&") != std::string_view::npos) {
        appendEscaped(member, escaped);
        edits.to_json = escaped;
    }
    Packet copy = buildPacket(base_.text(), envelope_, edits);
    if (!copy) return copy;
    PacketFacts& facts = copy.facts();
    facts.ct_ms = base_.facts().ct_ms;
    facts.from_bare_len = base_.facts().from_bare_len;
    facts.to_bare_len = static_cast<uint16_t>(member.size());
    return copy;
}

}  // namespace sara::chat
