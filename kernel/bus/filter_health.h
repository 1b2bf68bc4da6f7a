// When a filter has failed too often. Decides that N failures within a window switch a filter off
// for good, with one ERROR line; what a switched-off filter means is decided where the chain runs.
#pragma once
#include <atomic>
#include <cstdint>

namespace sara::bus {

class FilterHealth {
  public:
    struct Limits {
        uint32_t failures_max;
        uint32_t window_ms;
    };

    // [loop] One relaxed load per hop.
    bool off() const { return off_.load(std::memory_order_relaxed); }
    // [loop] True when this failure switched the filter off: exactly once. Loops may race for the
    // start of a window; the worst is one window that begins a few failures late.
    bool fail(uint64_t now_ms, const Limits& limits) {
        const uint64_t start = window_start_ms_.load(std::memory_order_relaxed);
        if (start == 0 || now_ms - start > limits.window_ms) {
            window_start_ms_.store(now_ms == 0 ? 1 : now_ms, std::memory_order_relaxed);
            failures_.store(1, std::memory_order_relaxed);
        } else {
            failures_.fetch_add(1, std::memory_order_relaxed);
        }
        if (failures_.load(std::memory_order_relaxed) < limits.failures_max) return false;
        return !off_.exchange(true, std::memory_order_relaxed);
    }
    uint32_t failures() const { return failures_.load(std::memory_order_relaxed); }

  private:
    std::atomic<bool> off_{false};
    std::atomic<uint32_t> failures_{0};
    std::atomic<uint64_t> window_start_ms_{0};
};

}  // namespace sara::bus
