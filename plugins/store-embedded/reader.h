// Reads backlogs on the writer's thread, so that a fetch sees every earlier append. Serves only
// records whose checksum holds; damaged and expired ones are skipped and reported for deletion. A
// page is bounded, so that group commits do not wait for a long backlog.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "store-embedded/database.h"
#include "store-embedded/operation.h"
#include "store-embedded/settings.h"
#include "store-embedded/tail_cache.h"

namespace sara::store_embedded {

class Reader {
  public:
    Reader(const Settings& settings, Database& database, TailCache& tails)
        : settings_(settings), database_(database), tails_(tails) {}

    // The user's tail, from memory or read from the database; nullptr with *status when it cannot
    // be read. batch: the one under way, whose tails stay in memory.
    UserTail* tail(std::string_view user, uint64_t batch, sara_status* status);

    // Fills page, found, more and status of a fetch. *gone: packets to delete, expired or damaged.
    struct Gone {
        uint64_t seq;
        bool expired;  // false: damaged
    };
    void readPage(Operation* op, UserTail& tail, uint64_t wall_ms, std::vector<Gone>* gone);

  private:
    sara_status scanTail(UserTail& tail);

    const Settings& settings_;
    Database& database_;
    TailCache& tails_;
    std::string key_;
    std::string value_;
};

}  // namespace sara::store_embedded
