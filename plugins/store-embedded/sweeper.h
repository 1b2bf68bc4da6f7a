// A pass over the database that deletes expired packets and the marks of users for whom nothing
// waits any more. Works in slices of bounded size; each slice is a batch of its own.
#pragma once
#include <cstdint>
#include <string>

#include "store-embedded/database.h"
#include "store-embedded/staging.h"
#include "store-embedded/tail_cache.h"

namespace sara::store_embedded {

class Sweeper {
  public:
    Sweeper(const HostFace& host, Database& database, TailCache& tails, Staging& staging)
        : host_(host), database_(database), tails_(tails), staging_(staging) {}

    // Begins a pass; one that is under way goes on.
    void begin();
    bool active() const { return active_; }
    // One slice; staging must be empty, and committed before anything else is staged.
    void slice();

  private:
    static constexpr int kKeysPerSlice = 512;

    void slicePackets();
    void sliceMarks();

    const HostFace& host_;
    Database& database_;
    TailCache& tails_;
    Staging& staging_;
    bool active_ = false;
    bool marks_ = false;
    std::string cursor_;
};

}  // namespace sara::store_embedded
