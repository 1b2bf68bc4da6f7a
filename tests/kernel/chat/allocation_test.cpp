// A relayed message asks the heap for nothing in steady state: neither malloc nor new, on one loop
// and across two. Counts every call in this program.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "loop/buffer_pool.h"
#include "relay_rig.h"

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

namespace {
std::atomic<uint64_t> g_calls{0};
}

extern "C" void* __libc_malloc(size_t);
extern "C" void* __libc_calloc(size_t, size_t);
extern "C" void* __libc_realloc(void*, size_t);
extern "C" void* malloc(size_t n) {
    g_calls.fetch_add(1, std::memory_order_relaxed);
    return __libc_malloc(n);
}
extern "C" void* calloc(size_t n, size_t m) {
    g_calls.fetch_add(1, std::memory_order_relaxed);
    return __libc_calloc(n, m);
}
extern "C" void* realloc(void* p, size_t n) {
    g_calls.fetch_add(1, std::memory_order_relaxed);
    return __libc_realloc(p, n);
}

namespace sara::chat::test {
namespace {

TEST(Allocation, TheHookCounts) {
    const uint64_t before = g_calls;
    void* volatile memory = operator new(100);
    const uint64_t after = g_calls;
    operator delete(memory);
    EXPECT_EQ(after, before + 1);
}

TEST(Allocation, AMessageOnOneLoopAllocatesNothing) {
    RelayRig rig(1, 50, 100);
    for (size_t i = 0; i < 5'000; ++i) rig.relayHere(i % 50);
    const uint64_t before = g_calls;
    const uint64_t sent = rig.sent();
    for (size_t i = 0; i < 20'000; ++i) rig.relayHere(i % 50);
    const uint64_t after = g_calls;
    EXPECT_EQ(after, before);
    EXPECT_EQ(rig.sent() - sent, 40'000u);  // each message and its ack
    EXPECT_EQ(rig.appends(), 0u);
}

TEST(Allocation, AMessageAcrossTwoLoopsAllocatesNothing) {
    RelayRig rig(2, 50, 100);
    for (size_t i = 0; i < 500; ++i) rig.relayAcross();
    const uint64_t before = g_calls;
    const uint64_t sent = rig.sent();
    for (size_t i = 0; i < 1'000; ++i) rig.relayAcross();
    const uint64_t after = g_calls;
    EXPECT_EQ(after, before);
    EXPECT_EQ(rig.sent() - sent, 100'000u);
}

}  // namespace
}  // namespace sara::chat::test

#endif
