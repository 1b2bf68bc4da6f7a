// Buffers: sizes, references, the way home, bounds.
#include "loop/buffer_pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <set>
#include <thread>
#include <vector>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

#include "loop/buffer_cache.h"
#include "loop/counters.h"

namespace sara::loop {
namespace {

TEST(BufferPool, EverySizeHasSixtyFourBytesBehind) {
    for (const uint64_t len : std::initializer_list<uint64_t>{0, 1, 191, 192, 193, 448, 449, 4032,
                                                              65'472, 65'473, 1'000'000}) {
        const BufferRef b(newBuffer(len));
        ASSERT_TRUE(b);
        EXPECT_EQ(b->len, len);
        EXPECT_GE(b->capacity, len + 64);
        EXPECT_EQ(b->data, b.get()->bytes());
        std::memset(b.get()->bytes(), 0xab, len + 64);
    }
}

TEST(BufferPool, AFreedBufferIsUsedAgain) {
    Buffer* const first = newBuffer(100);
    unrefBuffer(first);
    const uint64_t heap = bufferHeapAllocations();
    const BufferRef second(newBuffer(150));
    EXPECT_EQ(second.get(), first);
    EXPECT_EQ(bufferHeapAllocations(), heap);
}

#ifdef __SANITIZE_ADDRESS__
TEST(BufferPool, TheAddressSanitizerKnowsFreeBuffers) {
    Buffer* const b = newBuffer(100);
    EXPECT_FALSE(__asan_address_is_poisoned(b->data + 100 + 63));
    unrefBuffer(b);
    EXPECT_TRUE(__asan_address_is_poisoned(b->data));
    const BufferRef again(newBuffer(100));
    EXPECT_FALSE(__asan_address_is_poisoned(again->data));
}
#endif

TEST(BufferPool, ASecondFreeIsFoundAtOnce) {
    Buffer* const b = newBuffer(100);
    unrefBuffer(b);
    EXPECT_DEATH(unrefBuffer(b), "kFreed");
}

TEST(BufferPool, TheLastReferenceFrees) {
    const uint64_t live = liveBufferBytes();
    BufferRef a(newBuffer(10));
    BufferRef b = a.share();
    BufferRef c = std::move(a);
    EXPECT_FALSE(a);
    EXPECT_GT(liveBufferBytes(), live);
    c = BufferRef();
    EXPECT_GT(liveBufferBytes(), live);
    b = BufferRef();
    EXPECT_EQ(liveBufferBytes(), live);
}

TEST(BufferPool, WrappedMemoryIsGivenBackOnceWithTheLastReference) {
    int freed = 0;
    const char text[] = "foreign";
    BufferRef a(wrapBuffer(
        text, sizeof text, [](void* user) noexcept { ++*static_cast<int*>(user); }, &freed));
    EXPECT_EQ(reinterpret_cast<const char*>(a->data), text);
    BufferRef b = a.share();
    a = BufferRef();
    EXPECT_EQ(freed, 0);
    b = BufferRef();
    EXPECT_EQ(freed, 1);
    BufferRef again(newBuffer(0));  // a header that was wrapped once wraps nothing now
    again = BufferRef();
    EXPECT_EQ(freed, 1);
    unrefBuffer(wrapBuffer(text, sizeof text, nullptr, nullptr));
}

TEST(BufferPool, ABufferFreedElsewhereGoesHome) {
    std::set<Buffer*> made;
    std::vector<Buffer*> flying;
    for (int i = 0; i < 100; ++i) {
        flying.push_back(newBuffer(1000));
        made.insert(flying.back());
    }
    std::thread([&flying] {
        for (Buffer* b : flying) unrefBuffer(b);
        returnForeignBuffers();
        const BufferRef own(newBuffer(1000));  // not one of ours
        EXPECT_FALSE(std::count(flying.begin(), flying.end(), own.get()));
    }).join();
    const uint64_t heap = bufferHeapAllocations();
    for (Buffer*& b : flying) {
        b = newBuffer(1000);
        EXPECT_TRUE(made.contains(b));
    }
    EXPECT_EQ(bufferHeapAllocations(), heap);
    for (Buffer* b : flying) unrefBuffer(b);
}

TEST(BufferPool, AThreadWithoutTurnsReturnsInChainsAndAtItsEnd) {
    std::vector<Buffer*> flying;
    for (int i = 0; i < 100; ++i) flying.push_back(newBuffer(1000));
    std::thread([&flying] {
        for (Buffer* b : flying) unrefBuffer(b);
    }).join();
    const uint64_t heap = bufferHeapAllocations();
    for (Buffer*& b : flying) b = newBuffer(1000);
    EXPECT_EQ(bufferHeapAllocations(), heap);
    for (Buffer* b : flying) unrefBuffer(b);
}

TEST(BufferPool, ABufferOutlivesTheThreadThatMadeIt) {
    // This thread has a place of its own, and does not take over that of the one that ends.
    unrefBuffer(newBuffer(5));
    const uint64_t live = liveBufferBytes();
    Buffer* b = nullptr;
    std::thread([&b] {
        b = newBuffer(5);
        std::memcpy(b->bytes(), "alive", 5);
    }).join();
    EXPECT_EQ(std::memcmp(b->data, "alive", 5), 0);
    unrefBuffer(b);
    returnForeignBuffers();
    EXPECT_EQ(liveBufferBytes(), live);
    // The next thread takes over the place in the table, and what came home to it.
    std::thread([b] {
        const BufferRef again(newBuffer(5));
        EXPECT_EQ(again.get(), b);
    }).join();
}

TEST(BufferPool, ADestructorOfAnEndingThreadMayStillFree) {
    const uint64_t live = liveBufferBytes();
    struct Late {
        Buffer* held = nullptr;
        ~Late() {
            unrefBuffer(held);
            unrefBuffer(newBuffer(100));
            unrefBuffer(newBuffer(100'000));
        }
    };
    std::thread([] {
        thread_local Late late;  // made before the cache, so destroyed after it
        late.held = newBuffer(100);
    }).join();
    EXPECT_EQ(liveBufferBytes(), live);
}

TEST(BufferPool, MoreThreadsThanCachesStillWork) {
    const uint64_t live = liveBufferBytes();
    std::vector<std::thread> threads;
    std::array<Buffer*, kBufferCachesMax + 20> made{};
    std::atomic<bool> end{false};
    std::atomic<uint32_t> ready{0};
    for (Buffer*& b : made) {
        threads.emplace_back([&] {
            b = newBuffer(300);
            ++ready;
            end.wait(false);
            unrefBuffer(b);
        });
    }
    while (ready != made.size()) std::this_thread::yield();
    EXPECT_GE(liveBufferBytes(), live + made.size() * 300);
    end = true;
    end.notify_all();
    for (std::thread& t : threads) t.join();
    EXPECT_EQ(liveBufferBytes(), live);
}

TEST(BufferPool, RefusesOverTheLimitAndCountsIt) {
    const int64_t refused = Counters::instance().read("buffer_refused_total");
    const uint64_t each = sizeof(Buffer) + 1024;
    setBufferBytesMax(liveBufferBytes() + 3 * each);
    const BufferRef a(newBuffer(900));
    const BufferRef b(newBuffer(900));
    BufferRef c(newBuffer(900));
    EXPECT_TRUE(c);
    EXPECT_FALSE(BufferRef(newBuffer(900)));
    EXPECT_FALSE(BufferRef(newBuffer(1'000'000'000)));
    EXPECT_EQ(Counters::instance().read("buffer_refused_total"), refused + 2);
    c = BufferRef();
    EXPECT_TRUE(BufferRef(newBuffer(900)));
    setBufferBytesMax(0);
    EXPECT_FALSE(BufferRef(newBuffer(UINT64_MAX)));
}

TEST(BufferPool, TheGaugeFollowsAtTheEndOfATurn) {
    returnForeignBuffers();
    const int64_t before = Counters::instance().read("buffer_bytes");
    const BufferRef a(newBuffer(10'000));
    returnForeignBuffers();
    EXPECT_GE(Counters::instance().read("buffer_bytes"), before + 10'000);
    EXPECT_EQ(Counters::instance().read("buffer_bytes"), static_cast<int64_t>(liveBufferBytes()));
}

TEST(BufferPool, ACacheKeepsOnlySoMuch) {
    // Twice the bound; what does not fit went to the heap, so it has to come from there again.
    const uint64_t count = 2 * kBufferCacheBytesMax / (65536 + sizeof(Buffer));
    std::vector<Buffer*> all(count);
    for (Buffer*& b : all) b = newBuffer(65'000);
    for (Buffer* b : all) unrefBuffer(b);
    const uint64_t heap = bufferHeapAllocations();
    for (Buffer*& b : all) b = newBuffer(65'000);
    EXPECT_NEAR(static_cast<double>(bufferHeapAllocations() - heap), static_cast<double>(count) / 2,
                70);
    // The same for what waits on its way home.
    std::thread([&all] {
        for (Buffer* b : all) unrefBuffer(b);
    }).join();
    const uint64_t heap_after = bufferHeapAllocations();
    for (Buffer*& b : all) b = newBuffer(65'000);
    EXPECT_NEAR(static_cast<double>(bufferHeapAllocations() - heap_after),
                static_cast<double>(count) / 2, 70);
    for (Buffer* b : all) unrefBuffer(b);
}

}  // namespace
}  // namespace sara::loop
