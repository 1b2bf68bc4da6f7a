// Who is logged in on this loop, by bare jid. One session per user.
#pragma once
#include <cstdint>
#include <string_view>
#include <unordered_map>

#include "chat/session.h"
#include "chat/text_hash.h"

namespace sara::chat {

class UserTable {
  public:
    explicit UserTable(uint64_t seed) : by_bare_(16, Hash{seed}) {}

    Session* find(std::string_view bare) const {
        const auto row = by_bare_.find(bare);
        return row == by_bare_.end() ? nullptr : row->second;
    }
    // The session's own jid is the key, so it must be erased before the session goes. Nobody of
    // that name is in the table.
    void insert(Session& s) { by_bare_.emplace(s.bare(), &s); }
    // Only if it is this session that holds the name.
    void erase(Session& s) {
        const auto row = by_bare_.find(s.bare());
        if (row != by_bare_.end() && row->second == &s) by_bare_.erase(row);
    }
    size_t size() const { return by_bare_.size(); }

  private:
    struct Hash {
        uint64_t seed;
        size_t operator()(std::string_view bare) const { return hashText(seed, bare); }
    };
    std::unordered_map<std::string_view, Session*, Hash> by_bare_;
};

}  // namespace sara::chat
