// Free buffers of one thread. Decides where a freed buffer waits: at home when it is freed there,
// else in a chain that goes home in bulk. A cache is a slot of a fixed table and is never freed, so
// a buffer may outlive the thread that made it. Bounded: what does not fit goes to the heap. Only
// buffer_pool includes it.
#pragma once
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "loop/buffer_pool.h"
#include "loop/counters.h"

namespace sara::loop {

// Bytes behind the header. The first class is a bare header around foreign memory.
inline constexpr std::array<uint32_t, 10> kBufferCapacity = {0,    256,  512,   1024,  2048,
                                                             4096, 8192, 16384, 32768, 65536};
inline constexpr uint16_t kBufferClasses = kBufferCapacity.size();
inline constexpr uint16_t kBufferCachesMax = 256;  // docs/limits.md: buffer_caches_max
inline constexpr uint16_t kNoHome = UINT16_MAX;
// Of free buffers, per thread: in its lists, and once more on their way home.
// docs/limits.md: buffer_cache_bytes_max
inline constexpr uint64_t kBufferCacheBytesMax = 32 << 20;

// Counted, and told to the address sanitizer when pooled memory is not to be touched.
void* allocateBufferMemory(size_t bytes) noexcept;
void releaseBufferMemory(Buffer* b) noexcept;

class BufferCache {
  public:
    // [any] The cache of this thread; nullptr when the table is full or the thread is ending.
    static BufferCache* ofThread() noexcept;
    // [any] Puts a buffer into the inbox of its home.
    static void sendHome(Buffer* b) noexcept;
    // [any] Adds to the live bytes; cache is that of this thread.
    static void account(BufferCache* cache, int64_t bytes) noexcept;
    // [any] Whether `bytes` more stay under `max`. Exact near the limit when other threads are
    // quiet.
    static bool mayGrow(uint64_t bytes, uint64_t max) noexcept;
    static uint64_t liveBytes() noexcept;
    static uint64_t heapAllocations() noexcept;

    uint16_t index() const { return index_; }
    // [any] Its own thread. nullptr: nothing is free, also not in the inbox.
    Buffer* pop(uint16_t size_class) noexcept;
    void push(Buffer* b) noexcept;
    void endTurn() noexcept;

  private:
    friend struct BufferCacheTable;
    struct Chain {
        Buffer* first = nullptr;
        Buffer* last = nullptr;
        uint64_t bytes = 0;
        uint32_t count = 0;
    };
    static constexpr uint32_t kChainMax = 64;  // of a thread without turns
    static constexpr int64_t kPublishBytes = 64
                                             << 10;  // live bytes not yet in the sum of the process

    void keep(Buffer* b) noexcept;
    void emptyInbox() noexcept;
    void receive(Chain& chain) noexcept;
    void publish() noexcept;
    void endThread() noexcept;

    uint16_t index_ = 0;
    bool claimed_ = false;  // mutex of the table
    uint64_t kept_bytes_ = 0;
    Buffer* free_[kBufferClasses] = {};
    Chain foreign_[kBufferCachesMax];
    uint16_t foreign_homes_[kBufferCachesMax] = {};  // with a chain
    uint32_t foreign_count_ = 0;
    int64_t published_ = 0;
    int64_t gauged_ = 0;
    std::atomic<int64_t> live_{0};                     // written by its thread
    alignas(64) std::atomic<Buffer*> inbox_{nullptr};  // shared from here on
    std::atomic<uint64_t> inbox_bytes_{0};
};

}  // namespace sara::loop
