// What is known about groups, for all loops: rosters by age, number and bytes, the least used one
// forgotten first, and the look-ups under way, one per group however many wait for it. Each loop
// keeps references of its own in front of this (loop_desk.h), so the lock here is taken on misses
// only. Time is given to it.
#pragma once
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "auth-callback/counters.h"
#include "auth-callback/roster.h"
#include "auth-callback/settings.h"

namespace sara::auth_callback {

// Look-ups of all groups that may wait at a time.
inline constexpr size_t kGroupWaitersMax = 65'536;  // docs/limits.md: callback_group_waiters_max

class GroupCache {
  public:
    // Who waits for a look-up: a loop, and the number of the call on its desk.
    struct Waiter {
        uint32_t loop;
        uint64_t call;
    };
    struct Found {
        enum class Kind {
            kKnown,   // roster is the answer
            kJoined,  // a look-up is under way, the waiter will be among its waiters
            kAsk,     // the caller must ask the backend, and settle(flight) whatever comes
            kFull
        } kind = Kind::kFull;
        std::shared_ptr<const Roster> roster;
        uint64_t flight = 0;
    };

    GroupCache(const Settings& settings, const Counters& counters)
        : settings_(settings), counters_(counters) {}

    // [any]
    Found find(const std::string& key, const Waiter& waiter, uint64_t now_ms);
    // [any] Ends a look-up; roster is remembered unless the group was forgotten meanwhile. nullptr:
    // it failed, and nothing is remembered.
    std::vector<Waiter> settle(uint64_t flight, const std::shared_ptr<const Roster>& roster);
    // [any] Whoever asks from now on gets a new answer, also while a look-up is under way.
    void forget(const std::string& key);

    size_t groups() const;
    uint64_t bytes() const;

  private:
    struct Entry {
        std::string key;
        std::shared_ptr<const Roster> roster;
        uint64_t bytes;
    };
    struct Flight {
        std::string key;
        bool keep = true;
        std::vector<Waiter> waiters;
    };
    using Order = std::list<Entry>;  // the most used first

    void insert(const std::string& key, const std::shared_ptr<const Roster>& roster);
    void drop(Order::iterator at);

    const Settings& settings_;
    const Counters& counters_;
    mutable std::mutex mutex_;
    Order order_;
    std::unordered_map<std::string, Order::iterator> known_;
    std::unordered_map<uint64_t, Flight> flights_;
    std::unordered_map<std::string, uint64_t> under_way_;
    uint64_t last_flight_ = 0;
    uint64_t bytes_ = 0;
    size_t waiters_ = 0;
};

}  // namespace sara::auth_callback
