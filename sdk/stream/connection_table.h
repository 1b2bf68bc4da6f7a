// The connections of one loop. Decides their handles: generation, loop and slot in one number, so
// that a stale handle touches nobody. Slots have stable addresses and are reused.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "stream/connection.h"

namespace sara::stream {

// [loop]
class ConnectionTable {
  public:
    static constexpr uint32_t kChunk = 256;
    static constexpr uint32_t kSlotsMax = 1u << 24;  // docs/limits.md: stream_connections_max
    static constexpr uint32_t kLoopsMax = 256;

    explicit ConnectionTable(uint32_t loop) : loop_(loop) {}

    // A connection with a fresh handle; nullptr when the table is full or memory is exhausted.
    Connection* take() noexcept;
    // The slot is free; its handle is stale from now on.
    void give(Connection* c) noexcept;
    // nullptr for a handle that is stale or of another loop.
    Connection* find(sara_id id) const noexcept {
        const uint32_t slot = static_cast<uint32_t>(id) & (kSlotsMax - 1);
        if (slot >= slots_) return nullptr;
        Connection* c = &chunks_[slot / kChunk][slot % kChunk];
        return c->id == id && id != 0 ? c : nullptr;
    }
    static uint32_t loopOf(sara_id id) { return (static_cast<uint32_t>(id) >> 24) & 0xff; }
    uint32_t used() const { return used_; }

    template <class F>
    void each(F&& f) {
        for (uint32_t i = 0; i < slots_; ++i) {
            Connection* c = &chunks_[i / kChunk][i % kChunk];
            if (c->id != 0) f(*c);
        }
    }

  private:
    const uint32_t loop_;
    uint32_t slots_ = 0;  // ever used
    uint32_t used_ = 0;
    std::vector<std::unique_ptr<Connection[]>> chunks_;
    Connection* free_ = nullptr;  // linked by next_touched
};

}  // namespace sara::stream
