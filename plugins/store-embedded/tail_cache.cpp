#include "store-embedded/tail_cache.h"

#include <cassert>

namespace sara::store_embedded {

UserTail* TailCache::find(std::string_view user) {
    const auto it = map_.find(user);
    if (it == map_.end()) return nullptr;
    order_.splice(order_.begin(), order_, it->second);
    return &*it->second;
}

UserTail* TailCache::peek(std::string_view user) {
    const auto it = map_.find(user);
    return it == map_.end() ? nullptr : &*it->second;
}

UserTail& TailCache::add(std::string_view user) {
    assert(map_.find(user) == map_.end());
    if (spare_.empty()) spare_.emplace_back();
    order_.splice(order_.begin(), spare_, spare_.begin());
    UserTail& tail = order_.front();
    tail.reset(user);
    map_.emplace(std::string_view(tail.user()), order_.begin());
    return tail;
}

void TailCache::remove(UserTail& tail) {
    const auto it = map_.find(tail.user());
    assert(it != map_.end());
    entries_ -= tail.accounted();
    const auto at = it->second;
    map_.erase(it);
    if (spare_.size() < kSpareMax) {
        at->reset({});
        spare_.splice(spare_.begin(), order_, at);
    } else {
        order_.erase(at);
    }
}

void TailCache::clear() {
    map_.clear();
    order_.clear();
    entries_ = 0;
}

void TailCache::account(UserTail& tail) {
    entries_ = entries_ - tail.accounted() + tail.held();
    tail.setAccounted(tail.held());
}

void TailCache::trim(uint64_t batch) {
    while (map_.size() > users_max_ || entries_ > entries_max_) {
        if (order_.empty() || order_.back().batch() == batch) return;
        remove(order_.back());
    }
}

}  // namespace sara::store_embedded
