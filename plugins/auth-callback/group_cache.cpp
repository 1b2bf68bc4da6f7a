#include "auth-callback/group_cache.h"

namespace sara::auth_callback {
namespace {

constexpr uint64_t kEntryOverheadBytes = 192;  // list and map nodes, control block

}  // namespace

GroupCache::Found GroupCache::find(const std::string& key, const Waiter& waiter, uint64_t now_ms) {
    const std::lock_guard lock(mutex_);
    if (const auto at = known_.find(key); at != known_.end()) {
        if (at->second->roster->fresh(now_ms)) {
            order_.splice(order_.begin(), order_, at->second);
            return {Found::Kind::kKnown, at->second->roster, 0};
        }
        drop(at->second);
    }
    if (waiters_ >= kGroupWaitersMax) return {};
    ++waiters_;
    if (const auto at = under_way_.find(key); at != under_way_.end()) {
        flights_.at(at->second).waiters.push_back(waiter);
        return {Found::Kind::kJoined, nullptr, at->second};
    }
    const uint64_t flight = ++last_flight_;
    flights_.emplace(flight, Flight{key, true, {waiter}});
    under_way_.emplace(key, flight);
    return {Found::Kind::kAsk, nullptr, flight};
}

std::vector<GroupCache::Waiter> GroupCache::settle(uint64_t flight,
                                                   const std::shared_ptr<const Roster>& roster) {
    const std::lock_guard lock(mutex_);
    const auto at = flights_.find(flight);
    if (at == flights_.end()) return {};
    Flight done = std::move(at->second);
    flights_.erase(at);
    waiters_ -= done.waiters.size();
    if (done.keep) {
        under_way_.erase(done.key);
        if (roster != nullptr) insert(done.key, roster);
    } else if (roster != nullptr) {
        roster->revoke();  // also for the loops that get it now
    }
    return std::move(done.waiters);
}

void GroupCache::forget(const std::string& key) {
    const std::lock_guard lock(mutex_);
    if (const auto at = known_.find(key); at != known_.end()) {
        at->second->roster->revoke();
        drop(at->second);
    }
    if (const auto at = under_way_.find(key); at != under_way_.end()) {
        flights_.at(at->second).keep = false;
        under_way_.erase(at);
    }
}

void GroupCache::insert(const std::string& key, const std::shared_ptr<const Roster>& roster) {
    const uint64_t bytes = roster->bytes() + 2 * key.size() + kEntryOverheadBytes;
    if (bytes > settings_.group_cache_bytes_max) return;
    order_.push_front({key, roster, bytes});
    known_[key] = order_.begin();
    bytes_ += bytes;
    counters_.groups.add(1);
    counters_.group_bytes.add(static_cast<int64_t>(bytes));
    while (order_.size() > settings_.group_cache_groups_max ||
           bytes_ > settings_.group_cache_bytes_max) {
        counters_.group_evicted.add();
        drop(std::prev(order_.end()));
    }
}

void GroupCache::drop(Order::iterator at) {
    bytes_ -= at->bytes;
    counters_.groups.add(-1);
    counters_.group_bytes.add(-static_cast<int64_t>(at->bytes));
    known_.erase(at->key);
    order_.erase(at);
}

size_t GroupCache::groups() const {
    const std::lock_guard lock(mutex_);
    return order_.size();
}

uint64_t GroupCache::bytes() const {
    const std::lock_guard lock(mutex_);
    return bytes_;
}

}  // namespace sara::auth_callback
