// The text of a group packet, from which each member's copy is made: another id, "to" the member,
// everything else byte for byte as the sender wrote it. Decides that the text is read once and
// never again, however many members there are; shared by all loops, nobody changes it.
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "chat/envelope.h"
#include "chat/packet.h"

namespace sara::chat {

class GroupText {
  public:
    // base: as it passed the filters, with from, gid and ct in place. nullptr when it is no packet.
    static std::shared_ptr<const GroupText> of(Packet base, EnvelopeReader& reader);

    // One member's copy. Empty when memory is refused.
    [[nodiscard]] Packet copyFor(std::string_view member, std::string_view id) const;
    size_t bytes() const { return base_.text().size(); }

  private:
    Packet base_;
    Envelope envelope_;
    std::string strings_;  // from and gid where they contain escapes
};

}  // namespace sara::chat
