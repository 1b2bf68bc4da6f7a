#include "block_table.h"

#include <algorithm>
#include <utility>

namespace sara::blacklist {

std::string_view bareOf(std::string_view jid) { return jid.substr(0, jid.find('/')); }

bool BlockList::has(std::string_view jid) const {
    const auto at =
        std::lower_bound(blocked.begin(), blocked.end(), jid,
                         [](const std::string& a, std::string_view b) { return a < b; });
    return at != blocked.end() && *at == jid;
}

// FNV-1a from a secret start, mixed at the end: names are short, and few lists exist.
size_t BlockTable::Hash::operator()(std::string_view text) const {
    uint64_t h = seed ^ 0xcbf29ce484222325ull;
    for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
    h ^= h >> 32;
    h *= seed | 1;
    return h ^ (h >> 29);
}

void BlockTable::set(BlockListPtr list) {
    const auto at = by_owner_.find(list->owner);
    if (list->blocked.empty()) {
        if (at != by_owner_.end()) by_owner_.erase(at);
        return;
    }
    if (at == by_owner_.end()) {
        const std::string_view owner = list->owner;
        by_owner_.emplace(owner, std::move(list));
        return;
    }
    // The key is a view into the old list: it moves to the new one before that goes.
    auto node = by_owner_.extract(at);
    const BlockListPtr old = std::exchange(node.mapped(), std::move(list));
    node.key() = node.mapped()->owner;
    by_owner_.insert(std::move(node));
}

const BlockList* BlockTable::find(std::string_view owner) const {
    if (by_owner_.empty()) return nullptr;
    const auto at = by_owner_.find(owner);
    return at == by_owner_.end() ? nullptr : at->second.get();
}

}  // namespace sara::blacklist
