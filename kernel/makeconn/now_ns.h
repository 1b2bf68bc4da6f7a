// The clock of everything that measures here: monotonic nanoseconds, the same in all processes of a
// machine, so that one may send and another one receive.
#pragma once
#include <time.h>

#include <cstdint>

namespace sara::makeconn {

// [any]
inline uint64_t nowNs() {
    timespec t{};
    ::clock_gettime(CLOCK_MONOTONIC, &t);
    return static_cast<uint64_t>(t.tv_sec) * 1'000'000'000u + static_cast<uint64_t>(t.tv_nsec);
}

}  // namespace sara::makeconn
