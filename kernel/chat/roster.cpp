#include "chat/roster.h"

#include <algorithm>
#include <bit>

#include "chat/text_hash.h"
#include "sara/jid.hpp"

namespace sara::chat {

// True: it is in the list of this loop already. Else its place is taken for the caller, who adds
// it.
bool RosterReader::seen(const Roster& roster, std::string_view jid, uint32_t loop) {
    const MemberList& list = roster.by_loop[loop];
    const auto hash = static_cast<uint32_t>(hashText(seed_, jid));
    for (size_t i = hash;; ++i) {
        Slot& slot = slots_[i & (slots_.size() - 1)];
        if (slot.member == 0) {
            slot = {hash, loop, list.size() + 1};
            return false;
        }
        if (slot.hash == hash && slot.loop == loop && list.at(slot.member - 1) == jid) return true;
    }
}

Roster RosterReader::read(std::span<const std::string_view> names, std::string_view domain,
                          std::string_view sender) {
    Roster roster;
    roster.by_loop.resize(loops_.size());
    slots_.assign(std::bit_ceil(names.size() * 2 + 2), Slot{});
    for (const std::string_view name : names) {
        std::string_view full = name;
        if (name.find('@') == std::string_view::npos) {
            scratch_.assign(name).append(1, '@').append(domain);
            full = scratch_;
        }
        const auto jid = Jid::parse(full);
        if (!jid) {
            ++roster.skipped;
            continue;
        }
        if (jid->bare() == sender) {
            roster.members += roster.has_sender ? 0 : 1;
            roster.has_sender = true;
            continue;
        }
        const uint32_t loop = loops_.homeOf(jid->bare());
        if (seen(roster, jid->bare(), loop)) continue;
        roster.by_loop[loop].add(jid->bare());
        ++roster.members;
    }
    return roster;
}

std::span<const std::string_view> RosterReader::split(std::string_view list) {
    names_.clear();
    for (size_t begin = 0; begin <= list.size();) {
        const size_t end = std::min(list.find(',', begin), list.size());
        names_.push_back(list.substr(begin, end - begin));
        begin = end + 1;
    }
    return names_;
}

}  // namespace sara::chat
