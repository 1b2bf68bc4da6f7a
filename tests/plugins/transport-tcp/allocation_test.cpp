// Steady echo traffic asks the heap for nothing: every call of malloc or new from inside the plugin
// counts.
#include <gtest/gtest.h>
#include <link.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <new>

#include "tcp_kind.h"
#include "testkit/transport/transport_rig.h"

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

namespace {

std::atomic<uintptr_t> g_begin{0};
std::atomic<uintptr_t> g_end{0};
std::atomic<uint64_t> g_calls{0};

void note(void* caller) {
    const auto at = reinterpret_cast<uintptr_t>(caller);
    if (at >= g_begin.load(std::memory_order_relaxed) &&
        at < g_end.load(std::memory_order_relaxed)) {
        g_calls.fetch_add(1, std::memory_order_relaxed);
    }
}

int findPlugin(dl_phdr_info* info, size_t, void*) {
    if (std::strstr(info->dlpi_name, "transport-tcp.so") == nullptr) return 0;
    for (int i = 0; i < info->dlpi_phnum; ++i) {
        const auto& p = info->dlpi_phdr[i];
        if (p.p_type != PT_LOAD) continue;
        const uintptr_t begin = info->dlpi_addr + p.p_vaddr;
        if (g_begin == 0) g_begin = begin;
        g_end = begin + p.p_memsz;
    }
    return 1;
}

}  // namespace

extern "C" void* __libc_malloc(size_t);
extern "C" void* __libc_calloc(size_t, size_t);
extern "C" void* __libc_realloc(void*, size_t);
extern "C" void* malloc(size_t n) {
    note(__builtin_return_address(0));
    return __libc_malloc(n);
}
extern "C" void* calloc(size_t n, size_t m) {
    note(__builtin_return_address(0));
    return __libc_calloc(n, m);
}
extern "C" void* realloc(void* p, size_t n) {
    note(__builtin_return_address(0));
    return __libc_realloc(p, n);
}
void* operator new(size_t n) {
    note(__builtin_return_address(0));
    return __libc_malloc(n);
}
void* operator new(size_t n, const std::nothrow_t&) noexcept {
    note(__builtin_return_address(0));
    return __libc_malloc(n);
}
void* operator new[](size_t n) {
    note(__builtin_return_address(0));
    return __libc_malloc(n);
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, size_t) noexcept { std::free(p); }
void operator delete[](void* p) noexcept { std::free(p); }
void operator delete[](void* p, size_t) noexcept { std::free(p); }

namespace sara::tcp {
namespace {

using testkit::GateSession;
using testkit::TransportRig;
using testkit::WireClient;

TEST(Allocation, TheHookSeesThePlugin) {
    g_calls = 0;
    TransportRig rig(kTcp);
    dl_iterate_phdr(findPlugin, nullptr);
    ASSERT_NE(g_begin, 0u);
    TransportRig* again = nullptr;
    EXPECT_EQ(again, nullptr);
    // The first frame cut by a read takes a block from the heap.
    g_calls = 0;
    GateSession* s = nullptr;
    WireClient& c = rig.connected(&s);
    c.send("{\"a\"");
    rig.settle();
    EXPECT_GE(g_calls, 1u);
}

TEST(Allocation, SteadyEchoTrafficAsksTheHeapForNothing) {
    TransportRig rig(kTcp);
    dl_iterate_phdr(findPlugin, nullptr);
    ASSERT_NE(g_begin, 0u);
    rig.gate.keep_frames = false;
    rig.gate.on_frame = [](GateSession& s, std::string_view body) { return s.send(body); };
    WireClient& c = rig.connected(nullptr);
    const std::string one = std::string(212, 'x') + "\x01";
    std::string window;
    for (int i = 0; i < 16; ++i) window += one;
    size_t sent = 0;
    const auto round = [&] {
        // Cut in the middle of a frame, as a full read would.
        c.send(window.substr(0, 1000));
        rig.settle();
        c.send(window.substr(1000));
        sent += window.size();
        return rig.until([&] { return c.received().size() == sent; });
    };
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(round());
    g_calls = 0;
    for (int i = 0; i < 300; ++i) ASSERT_TRUE(round());
    EXPECT_EQ(g_calls, 0u);
}

}  // namespace
}  // namespace sara::tcp

#else
TEST(Allocation, IsMeasuredWithoutSanitizers) { GTEST_SKIP() << "sanitizers bring their own heap"; }
#endif
