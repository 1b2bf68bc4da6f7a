// Who does not want to hear from whom, as one loop knows it. Decides how a question is answered
// without a lock and without the heap: each loop has a table of its own, the lists behind it are
// shared and never change.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sara::blacklist {

// The list of one user. Immutable once anybody else may see it.
struct BlockList {
    std::string owner;                 // bare jid
    std::vector<std::string> blocked;  // bare jids, sorted

    bool has(std::string_view jid) const;
};
using BlockListPtr = std::shared_ptr<const BlockList>;

// [any] user@domain of a jid with or without a resource.
std::string_view bareOf(std::string_view jid);

class BlockTable {
  public:
    // seed: so that nobody can choose names that meet in one place.
    explicit BlockTable(uint64_t seed) : by_owner_(0, Hash{seed}) {}

    // [loop] Room for so many owners, so that the table never grows in the middle of a turn.
    void reserve(size_t owners) { by_owner_.reserve(owners); }
    // [loop] The list of its owner from now on; an empty one takes it away.
    void set(BlockListPtr list);
    // [loop] Both bare.
    bool blocks(std::string_view owner, std::string_view from) const {
        const BlockList* list = find(owner);
        return list != nullptr && list->has(from);
    }
    // [loop] nullptr: he blocks nobody.
    const BlockList* find(std::string_view owner) const;
    bool empty() const { return by_owner_.empty(); }

  private:
    struct Hash {
        uint64_t seed;
        size_t operator()(std::string_view text) const;
    };
    std::unordered_map<std::string_view, BlockListPtr, Hash> by_owner_;  // keys live in the lists
};

}  // namespace sara::blacklist
