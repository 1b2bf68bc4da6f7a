// Memory of bytes under way: queued output, unfinished and held-back input. Decides the size
// classes and how much a loop keeps for reuse; refuses to keep more than kCachedBytesMax. An idle
// connection holds no block.
#pragma once
#include <cstddef>
#include <cstdint>

namespace sara::stream {

// Header of one block; its bytes follow. data() .. end is what it holds. 64 bytes behind the
// capacity are readable, because frames are handed to the gate in place.
struct Block {
    Block* next;
    uint32_t capacity;
    uint32_t begin;
    uint32_t end;
    uint32_t size_class;

    uint8_t* bytes() { return reinterpret_cast<uint8_t*>(this + 1); }
    uint8_t* data() { return bytes() + begin; }
    uint32_t size() const { return end - begin; }
    uint32_t room() const { return capacity - end; }
};

constexpr size_t kPaddingBytes = 64;

// [loop] One per loop. Blocks may be returned to another loop's pool than the one they came from.
class BlockPool {
  public:
    static constexpr size_t kCachedBytesMax = 4u << 20;  // docs/limits.md: stream_cached_bytes_max
    static constexpr uint32_t kClasses = 4;

    BlockPool() = default;
    ~BlockPool();
    BlockPool(const BlockPool&) = delete;
    BlockPool& operator=(const BlockPool&) = delete;

    // An empty block with room for at least bytes_min; nullptr when memory is exhausted.
    Block* get(uint64_t bytes_min) noexcept;
    // Takes one block (not its chain); nullptr is allowed.
    void put(Block* b) noexcept;
    // Takes a whole chain.
    void putAll(Block* b) noexcept;

    // How often the heap was asked; steady traffic leaves it alone.
    uint64_t heapAllocations() const { return heap_allocations_; }
    size_t cachedBytes() const { return cached_bytes_; }

  private:
    Block* free_[kClasses] = {};
    size_t cached_bytes_ = 0;
    uint64_t heap_allocations_ = 0;
};

}  // namespace sara::stream
