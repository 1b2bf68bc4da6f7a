#include "loop/clock.h"

#include <ctime>

namespace sara::loop {
namespace {

uint64_t readMs(clockid_t id) {
    timespec t{};
    clock_gettime(id, &t);
    return static_cast<uint64_t>(t.tv_sec) * 1000 + static_cast<uint64_t>(t.tv_nsec) / 1'000'000;
}

}  // namespace

uint64_t SystemClock::monotonicMs() const { return readMs(CLOCK_MONOTONIC); }
uint64_t SystemClock::wallMs() const { return readMs(CLOCK_REALTIME); }

}  // namespace sara::loop
