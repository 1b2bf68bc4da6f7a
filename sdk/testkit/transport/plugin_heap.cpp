#include "testkit/transport/plugin_heap.h"

#include <link.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <new>

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

namespace {

std::atomic<uintptr_t> g_begin{0};
std::atomic<uintptr_t> g_end{0};
std::atomic<uint64_t> g_calls{0};
const char* g_library = "";

void note(void* caller) {
    const auto at = reinterpret_cast<uintptr_t>(caller);
    if (at >= g_begin.load(std::memory_order_relaxed) &&
        at < g_end.load(std::memory_order_relaxed)) {
        g_calls.fetch_add(1, std::memory_order_relaxed);
    }
}

int findPlugin(dl_phdr_info* info, size_t, void*) {
    if (std::strstr(info->dlpi_name, g_library) == nullptr) return 0;
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

namespace sara::testkit {

bool canCountHeap() { return true; }
bool countHeapOf(const char* library) {
    g_library = library;
    g_begin = 0;
    g_end = 0;
    dl_iterate_phdr(findPlugin, nullptr);
    g_calls = 0;
    return g_begin != 0;
}
uint64_t heapCalls() { return g_calls; }
void forgetHeapCalls() { g_calls = 0; }

}  // namespace sara::testkit

#else
namespace sara::testkit {

bool canCountHeap() { return false; }
bool countHeapOf(const char*) { return false; }
uint64_t heapCalls() { return 0; }
void forgetHeapCalls() {}

}  // namespace sara::testkit
#endif
