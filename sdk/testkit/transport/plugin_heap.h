// Counts the calls of malloc and new that come from inside one plugin. Linked into a test program
// it replaces the heap's entry points there; with sanitizers, which bring their own heap, it counts
// nothing and says so.
#pragma once
#include <cstdint>

namespace sara::testkit {

// False where nothing can be counted.
[[nodiscard]] bool canCountHeap();
// From now on calls from this library count ("transport-tcp.so"), beginning with 0. False when it
// is not loaded.
[[nodiscard]] bool countHeapOf(const char* library);
[[nodiscard]] uint64_t heapCalls();
void forgetHeapCalls();

}  // namespace sara::testkit
