// The tails of the users that were active last, least recently used out first. Bounded by users and
// by entries; a tail that the batch under way has changed stays until the batch is committed. Owned
// by the writer thread.
#pragma once
#include <cstddef>
#include <cstdint>
#include <list>
#include <string_view>
#include <unordered_map>

#include "store-embedded/user_tail.h"

namespace sara::store_embedded {

class TailCache {
  public:
    TailCache(size_t users_max, size_t entries_max)
        : users_max_(users_max), entries_max_(entries_max) {}

    // The tail, now the most recently used one; nullptr when it is not here.
    UserTail* find(std::string_view user);
    // The same without a change of order.
    UserTail* peek(std::string_view user);
    // A new empty tail for a user that is not here.
    UserTail& add(std::string_view user);
    void remove(UserTail& tail);
    // Forgets everything: what is in memory may differ from what is on the disk.
    void clear();
    // Notes how many entries the tail holds now; after every change of a tail.
    void account(UserTail& tail);
    // Evicts down to the bounds, but nothing that batch has changed. Call it between operations:
    // tails may move out.
    void trim(uint64_t batch);

    size_t users() const { return map_.size(); }
    size_t entries() const { return entries_; }

  private:
    using List = std::list<UserTail>;
    static constexpr size_t kSpareMax = 64;

    const size_t users_max_;
    const size_t entries_max_;
    size_t entries_ = 0;
    List order_;  // most recently used first
    List spare_;
    std::unordered_map<std::string_view, List::iterator> map_;  // keys point into the tails
};

}  // namespace sara::store_embedded
