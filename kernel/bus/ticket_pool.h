// Records that wait for an answer, named by one-shot tokens. Decides what a token is (generation,
// loop, slot), that the first claim wins from any thread, and that a record is taken and given back
// on its own loop only, without a lock or an allocation in steady state. A stale token touches
// nobody.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <new>
#include <vector>

#include "sara/abi/base.h"

namespace sara::bus {

// Head of every record.
struct Ticket {
    static constexpr uint32_t kSlotBits = 24, kLoopBits = 8, kGenerationShift = 32;
    enum State : uint64_t { kFree = 0, kArmed = 1, kClaimed = 2 };

    std::atomic<uint64_t> word{0};  // generation << 2 | State
    uint32_t slot = 0;
    uint32_t loop = 0;
    Ticket* next_free = nullptr;

    State state() const { return State(word.load(std::memory_order_acquire) & 3); }
    uint64_t generation() const { return word.load(std::memory_order_acquire) >> 2; }
    sara_id token() const {
        return generation() << kGenerationShift | uint64_t{loop} << kSlotBits | slot;
    }
    // [loop] From now on the token can be claimed.
    sara_id arm() {
        const uint64_t g = (generation() + 1) & 0xffff'ffff;
        word.store((g == 0 ? 1 : g) << 2 | kArmed, std::memory_order_release);
        return token();
    }
    // [any] True for exactly one caller per arm().
    bool claim(uint64_t generation_expected) {
        uint64_t armed = generation_expected << 2 | kArmed;
        return word.compare_exchange_strong(armed, generation_expected << 2 | kClaimed,
                                            std::memory_order_acq_rel);
    }
    // [any] By the winner of claim() that could not deliver.
    void unclaim() { word.store(generation() << 2 | kArmed, std::memory_order_release); }
    // [loop] No token names this record any more.
    void disarm() { word.store(generation() << 2 | kFree, std::memory_order_release); }
};

template <class Record>  // derives from Ticket
class TicketPool {
  public:
    static constexpr uint32_t kChunk = 64;

    TicketPool(uint32_t loops, uint32_t records_max)
        : lanes_(loops), chunks_max_(records_max / kChunk + 2) {
        for (Lane& lane : lanes_) {
            lane.chunks = std::make_unique<std::atomic<Record*>[]>(chunks_max_);
        }
    }
    ~TicketPool() {
        for (Lane& lane : lanes_) {
            for (uint32_t i = 0; i < lane.used; ++i) {
                delete[] lane.chunks[i].load(std::memory_order_relaxed);
            }
        }
    }

    // [loop] nullptr: no memory or too many.
    Record* take(uint32_t loop) noexcept {
        Lane& lane = lanes_[loop];
        if (lane.free == nullptr && !grow(lane, loop)) return nullptr;
        Ticket* t = lane.free;
        lane.free = t->next_free;
        return static_cast<Record*>(t);
    }
    // [loop] The loop of the record.
    void give(Record* r) noexcept {
        Lane& lane = lanes_[r->loop];
        r->next_free = lane.free;
        lane.free = r;
    }
    // [any] The record that the token names, claimed for the caller when mine(record) says so;
    // nullptr: stale. What mine() reads must be atomic: the record may be in other hands already.
    template <class F>
    Record* claim(sara_id token, F mine) noexcept {
        const uint64_t loop = token >> Ticket::kSlotBits & 0xff;
        const uint64_t slot = token & 0xff'ffff;
        if (loop >= lanes_.size() || slot / kChunk >= chunks_max_) return nullptr;
        Record* chunk = lanes_[loop].chunks[slot / kChunk].load(std::memory_order_acquire);
        if (chunk == nullptr) return nullptr;
        Record* r = &chunk[slot % kChunk];
        // The order matters: a claim that succeeds proves that what mine() read belonged to this
        // token.
        if (r->generation() != token >> Ticket::kGenerationShift || !mine(*r)) return nullptr;
        return r->claim(token >> Ticket::kGenerationShift) ? r : nullptr;
    }
    // [loop] Calls f(Record&) for every armed record of the loop.
    template <class F>
    void forEachArmed(uint32_t loop, F f) {
        Lane& lane = lanes_[loop];
        for (uint32_t i = 0; i < lane.used; ++i) {
            Record* chunk = lane.chunks[i].load(std::memory_order_relaxed);
            for (uint32_t n = 0; n < kChunk; ++n) {
                if (chunk[n].state() == Ticket::kArmed) f(chunk[n]);
            }
        }
    }
    // [loop] The record of this loop whose memory holds p, or nullptr.
    Record* holding(uint32_t loop, const void* p) noexcept {
        const auto at = reinterpret_cast<uintptr_t>(p);
        Lane& lane = lanes_[loop];
        for (uint32_t i = 0; i < lane.used; ++i) {
            Record* chunk = lane.chunks[i].load(std::memory_order_relaxed);
            const auto first = reinterpret_cast<uintptr_t>(chunk);
            if (at >= first && at < first + sizeof(Record) * kChunk) {
                return &chunk[(at - first) / sizeof(Record)];
            }
        }
        return nullptr;
    }

  private:
    struct alignas(64) Lane {
        Ticket* free = nullptr;  // owned by the loop
        uint32_t used = 0;       // chunks, owned by the loop
        std::unique_ptr<std::atomic<Record*>[]> chunks;
    };

    bool grow(Lane& lane, uint32_t loop) noexcept {
        if (lane.used == chunks_max_) return false;
        Record* chunk = new (std::nothrow) Record[kChunk];
        if (chunk == nullptr) return false;
        for (uint32_t n = kChunk; n-- > 0;) {
            chunk[n].slot = lane.used * kChunk + n;
            chunk[n].loop = loop;
            chunk[n].next_free = lane.free;
            lane.free = &chunk[n];
        }
        lane.chunks[lane.used++].store(chunk, std::memory_order_release);
        return true;
    }

    std::vector<Lane> lanes_;
    const uint32_t chunks_max_;
};

}  // namespace sara::bus
