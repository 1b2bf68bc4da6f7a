// Who is in a group, as the operator's backend says it. Decides what a name of its list means
// (bare, or a jid whose domain may be another), leaves out empty, invalid and repeated names and
// the sender, and sorts the rest by home loop. Membership is exact: a name that only contains the
// sender's is somebody else.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "loop/loop_set.h"

namespace sara::chat {

// Bare jids one behind another, in the order of the list.
class MemberList {
  public:
    uint32_t size() const { return static_cast<uint32_t>(ends_.size()); }
    std::string_view at(uint32_t i) const {
        const uint32_t begin = i == 0 ? 0 : ends_[i - 1];
        return std::string_view(text_).substr(begin, ends_[i] - begin);
    }
    void add(std::string_view jid) {
        text_.append(jid);
        ends_.push_back(static_cast<uint32_t>(text_.size()));
    }

  private:
    std::string text_;
    std::vector<uint32_t> ends_;
};

struct Roster {
    std::vector<MemberList> by_loop;  // without the sender
    uint32_t members = 0;             // of the group, the sender included
    uint32_t skipped = 0;             // names that are none
    bool has_sender = false;
};

class RosterReader {
  public:
    RosterReader(const loop::LoopSet& loops, uint64_t seed) : loops_(loops), seed_(seed) {}

    // domain: of names without one. sender: bare jid, may be empty.
    Roster read(std::span<const std::string_view> names, std::string_view domain,
                std::string_view sender);
    // The names of a comma separated list; views of it, valid until the next call.
    std::span<const std::string_view> split(std::string_view list);

  private:
    struct Slot {  // of the table of those already seen
        uint32_t hash = 0;
        uint32_t loop = 0;
        uint32_t member = 0;  // place in its list plus 1; 0: free
    };
    bool seen(const Roster& roster, std::string_view jid, uint32_t loop);

    const loop::LoopSet& loops_;
    const uint64_t seed_;
    std::vector<Slot> slots_;
    std::vector<std::string_view> names_;
    std::string scratch_;
};

}  // namespace sara::chat
