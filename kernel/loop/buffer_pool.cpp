#include "loop/buffer_pool.h"

#include <bit>
#include <cassert>
#include <new>

#include "loop/buffer_cache.h"
#include "loop/counters.h"

namespace sara::loop {
namespace {

constexpr uint64_t kReadableBehind = 64;
constexpr uint64_t kLongest = uint64_t{UINT32_MAX} - kReadableBehind - sizeof(Buffer);
constexpr uint16_t kUnpooled = UINT16_MAX;
constexpr uint32_t kWrapped = 1;  // flags
constexpr uint32_t kFreed = 2;    // flags: finds a second free

std::atomic<uint64_t> bytes_max{0};

Counter refusedCounter() {
    static const Counter c =
        Counters::instance().define(CounterKind::kCounter, "buffer_refused_total",
                                    "buffers refused: buffer_bytes_max or memory");
    return c;
}

uint64_t sizeOf(const Buffer& b) { return sizeof(Buffer) + b.capacity; }

uint16_t classOf(uint64_t bytes) {
    if (bytes == 0) return 0;
    if (bytes <= 256) return 1;
    const auto i = static_cast<uint64_t>(std::bit_width(bytes - 1)) - 7;  // the classes double
    return i < kBufferClasses ? static_cast<uint16_t>(i) : kUnpooled;
}
static_assert(kBufferCapacity[1] == 256 && kBufferCapacity[kBufferClasses - 1] == 256 << 8);

Buffer* refuse() {
    refusedCounter().add();
    return nullptr;
}

Buffer* obtain(uint64_t bytes) noexcept {
    const uint16_t size_class = classOf(bytes);
    const uint64_t capacity = size_class == kUnpooled ? bytes : kBufferCapacity[size_class];
    BufferCache* const cache = BufferCache::ofThread();
    const uint64_t max = bytes_max.load(std::memory_order_relaxed);
    if (max != 0 && !BufferCache::mayGrow(sizeof(Buffer) + capacity, max)) return refuse();
    Buffer* b = cache != nullptr && size_class != kUnpooled ? cache->pop(size_class) : nullptr;
    if (b == nullptr) {
        void* const memory = allocateBufferMemory(sizeof(Buffer) + capacity);
        if (memory == nullptr) return refuse();
        b = new (memory) Buffer{};
        b->capacity = static_cast<uint32_t>(capacity);
        // Without a cache of its own it has no home to go to.
        b->size_class = cache != nullptr ? size_class : kUnpooled;
        b->home = cache != nullptr ? cache->index() : kNoHome;
    }
    BufferCache::account(cache, static_cast<int64_t>(sizeOf(*b)));
    b->refs.store(1, std::memory_order_relaxed);
    b->flags = 0;
    return b;
}

}  // namespace

Buffer* newBuffer(uint64_t len) noexcept {
    if (len > kLongest) return refuse();
    Buffer* const b = obtain(len + kReadableBehind);
    if (b == nullptr) return nullptr;
    b->data = b->bytes();
    b->len = len;
    return b;
}

Buffer* wrapBuffer(const void* data, uint64_t len, void (*free_fn)(void*) noexcept,
                   void* user) noexcept {
    Buffer* const b = obtain(0);
    if (b == nullptr) return nullptr;
    b->data = static_cast<const uint8_t*>(data);
    b->len = len;
    b->flags = kWrapped;
    b->free_fn = free_fn;
    b->free_user = user;
    return b;
}

void freeBuffer(Buffer* b) noexcept {
    assert((b->flags & kFreed) == 0);
    if ((b->flags & kWrapped) != 0 && b->free_fn != nullptr) b->free_fn(b->free_user);
    b->flags = kFreed;
    BufferCache* const cache = BufferCache::ofThread();
    BufferCache::account(cache, -static_cast<int64_t>(sizeOf(*b)));
    if (b->size_class == kUnpooled) {
        releaseBufferMemory(b);
    } else if (cache == nullptr) {
        BufferCache::sendHome(b);
    } else {
        cache->push(b);
    }
}

void returnForeignBuffers() noexcept {
    if (BufferCache* const cache = BufferCache::ofThread()) cache->endTurn();
}

void setBufferBytesMax(uint64_t bytes) noexcept {
    bytes_max.store(bytes, std::memory_order_relaxed);
}

uint64_t liveBufferBytes() noexcept { return BufferCache::liveBytes(); }

uint64_t bufferHeapAllocations() noexcept { return BufferCache::heapAllocations(); }

}  // namespace sara::loop
