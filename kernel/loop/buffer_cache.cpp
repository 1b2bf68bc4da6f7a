#include "loop/buffer_cache.h"

#include <algorithm>
#include <cstdlib>
#include <mutex>

#if defined(__SANITIZE_ADDRESS__)
#define SARA_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SARA_ASAN 1
#endif
#endif
#ifdef SARA_ASAN
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#endif

namespace sara::loop {

// Never destroyed: buffers come home until the very end.
struct BufferCacheTable {
    std::mutex mutex;
    std::atomic<BufferCache*> slots[kBufferCachesMax] = {};
    std::atomic<uint32_t> used{0};      // slots ever filled
    std::atomic<int64_t> published{0};  // live bytes, up to kPublishBytes per thread
    std::atomic<int64_t> orphaned{0};   // live bytes of threads without a cache
    std::atomic<uint64_t> heap_allocations{0};
    Counter gauge = Counters::instance().define(CounterKind::kGauge, "buffer_bytes",
                                                "bytes of live packet buffers");

    static BufferCacheTable& instance() {
        static auto* const table = new BufferCacheTable;
        return *table;
    }
    BufferCache* claim() {
        const std::lock_guard lock(mutex);
        const uint32_t n = used.load(std::memory_order_relaxed);
        for (uint32_t i = 0; i < n; ++i) {
            BufferCache* const cache = slots[i].load(std::memory_order_relaxed);
            if (!cache->claimed_) {
                cache->claimed_ = true;
                return cache;
            }
        }
        if (n == kBufferCachesMax) return nullptr;
        auto* const cache = new BufferCache;
        cache->index_ = static_cast<uint16_t>(n);
        cache->claimed_ = true;
        slots[n].store(cache, std::memory_order_release);
        used.store(n + 1, std::memory_order_release);
        return cache;
    }
    void giveBack(BufferCache& cache) {
        cache.endThread();
        const std::lock_guard lock(mutex);
        cache.claimed_ = false;
    }
};

namespace {

constinit thread_local BufferCache* t_cache = nullptr;
constinit thread_local bool t_decided = false;  // has a cache, or will never have one

struct ThreadCache {
    BufferCache* cache = BufferCacheTable::instance().claim();
    ~ThreadCache() {
        t_cache = nullptr;
        if (cache != nullptr) BufferCacheTable::instance().giveBack(*cache);
    }
};

[[gnu::noinline]] BufferCache* claimForThread() {
    t_decided = true;
    thread_local const ThreadCache owner;
    t_cache = owner.cache;
    return t_cache;
}

}  // namespace

void* allocateBufferMemory(size_t bytes) noexcept {
    void* const memory = std::malloc(bytes);
    if (memory != nullptr) {
        BufferCacheTable::instance().heap_allocations.fetch_add(1, std::memory_order_relaxed);
    }
    return memory;
}

void releaseBufferMemory(Buffer* b) noexcept {
    ASAN_UNPOISON_MEMORY_REGION(b->bytes(), b->capacity);
    std::free(b);
}

BufferCache* BufferCache::ofThread() noexcept { return t_decided ? t_cache : claimForThread(); }

void BufferCache::account(BufferCache* cache, int64_t bytes) noexcept {
    if (cache == nullptr) {
        BufferCacheTable& table = BufferCacheTable::instance();
        table.orphaned.fetch_add(bytes, std::memory_order_relaxed);
        table.published.fetch_add(bytes, std::memory_order_relaxed);
        table.gauge.add(bytes);
        return;
    }
    const int64_t live = cache->live_.load(std::memory_order_relaxed) + bytes;
    cache->live_.store(live, std::memory_order_relaxed);
    if (std::abs(live - cache->published_) >= kPublishBytes) cache->publish();
}

void BufferCache::publish() noexcept {
    const int64_t live = live_.load(std::memory_order_relaxed);
    BufferCacheTable::instance().published.fetch_add(live - published_, std::memory_order_relaxed);
    published_ = live;
}

bool BufferCache::mayGrow(uint64_t bytes, uint64_t max) noexcept {
    BufferCacheTable& table = BufferCacheTable::instance();
    const int64_t slack = kPublishBytes * table.used.load(std::memory_order_relaxed);
    const int64_t seen = table.published.load(std::memory_order_relaxed) + slack;
    if (seen < 0 || static_cast<uint64_t>(seen) + bytes <= max) return true;
    return liveBytes() + bytes <= max;
}

uint64_t BufferCache::liveBytes() noexcept {
    BufferCacheTable& table = BufferCacheTable::instance();
    int64_t live = table.orphaned.load(std::memory_order_relaxed);
    const uint32_t n = table.used.load(std::memory_order_acquire);
    for (uint32_t i = 0; i < n; ++i) {
        live +=
            table.slots[i].load(std::memory_order_relaxed)->live_.load(std::memory_order_relaxed);
    }
    return static_cast<uint64_t>(std::max<int64_t>(live, 0));
}

uint64_t BufferCache::heapAllocations() noexcept {
    return BufferCacheTable::instance().heap_allocations.load(std::memory_order_relaxed);
}

Buffer* BufferCache::pop(uint16_t size_class) noexcept {
    if (free_[size_class] == nullptr && inbox_.load(std::memory_order_relaxed) != nullptr) {
        emptyInbox();
    }
    Buffer* const b = free_[size_class];
    if (b == nullptr) return nullptr;
    free_[size_class] = b->next;
    kept_bytes_ -= sizeof(Buffer) + b->capacity;
    ASAN_UNPOISON_MEMORY_REGION(b->bytes(), b->capacity);
    return b;
}

void BufferCache::push(Buffer* b) noexcept {
    if (b->home == index_) {
        keep(b);
        return;
    }
    ASAN_POISON_MEMORY_REGION(b->bytes(), b->capacity);
    Chain& chain = foreign_[b->home];
    b->next = chain.first;
    if (chain.first == nullptr) {
        chain.last = b;
        foreign_homes_[foreign_count_++] = b->home;
    }
    chain.first = b;
    chain.bytes += sizeof(Buffer) + b->capacity;
    // A thread without turns never says when its turn ends.
    if (++chain.count >= kChainMax) endTurn();
}

void BufferCache::keep(Buffer* b) noexcept {
    const uint64_t bytes = sizeof(Buffer) + b->capacity;
    if (kept_bytes_ + bytes > kBufferCacheBytesMax) {
        releaseBufferMemory(b);
        return;
    }
    kept_bytes_ += bytes;
    ASAN_POISON_MEMORY_REGION(b->bytes(), b->capacity);
    b->next = free_[b->size_class];
    free_[b->size_class] = b;
}

void BufferCache::endTurn() noexcept {
    for (uint32_t i = 0; i < foreign_count_; ++i) {
        const uint16_t home = foreign_homes_[i];
        BufferCacheTable::instance()
            .slots[home]
            .load(std::memory_order_acquire)
            ->receive(foreign_[home]);
        foreign_[home] = Chain{};
    }
    foreign_count_ = 0;
    const int64_t live = live_.load(std::memory_order_relaxed);
    if (live != gauged_) {
        BufferCacheTable::instance().gauge.add(live - gauged_);
        gauged_ = live;
    }
}

void BufferCache::sendHome(Buffer* b) noexcept {
    Chain chain{b, b, sizeof(Buffer) + b->capacity, 1};
    ASAN_POISON_MEMORY_REGION(b->bytes(), b->capacity);
    BufferCacheTable::instance().slots[b->home].load(std::memory_order_acquire)->receive(chain);
}

// On the thread that freed them.
void BufferCache::receive(Chain& chain) noexcept {
    if (inbox_bytes_.fetch_add(chain.bytes, std::memory_order_relaxed) > kBufferCacheBytesMax) {
        inbox_bytes_.fetch_sub(chain.bytes, std::memory_order_relaxed);
        while (chain.first != nullptr) {
            Buffer* const next = chain.first->next;
            releaseBufferMemory(chain.first);
            chain.first = next;
        }
        return;
    }
    Buffer* head = inbox_.load(std::memory_order_relaxed);
    do {
        chain.last->next = head;
    } while (!inbox_.compare_exchange_weak(head, chain.first, std::memory_order_release,
                                           std::memory_order_relaxed));
}

void BufferCache::emptyInbox() noexcept {
    // All at once, so a head that comes back (ABA) means nothing here.
    Buffer* b = inbox_.exchange(nullptr, std::memory_order_acquire);
    uint64_t bytes = 0;
    while (b != nullptr) {
        Buffer* const next = b->next;
        bytes += sizeof(Buffer) + b->capacity;
        keep(b);
        b = next;
    }
    inbox_bytes_.fetch_sub(bytes, std::memory_order_relaxed);
}

void BufferCache::endThread() noexcept {
    emptyInbox();
    endTurn();
    for (Buffer*& first : free_) {
        while (first != nullptr) {
            Buffer* const next = first->next;
            releaseBufferMemory(first);
            first = next;
        }
    }
    kept_bytes_ = 0;
    publish();
}

}  // namespace sara::loop
