// Latencies in nanoseconds, log-linear: 64 steps per power of two, under 1.6 % error. Refuses to
// allocate after construction, so that recording costs the same at any time.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace sara::makeconn {

class Histogram {
  public:
    Histogram() : counts_(kSlots) {}
    void add(uint64_t ns) {
        ++counts_[slotOf(ns)];
        ++total_;
        if (ns > highest_) highest_ = ns;
    }
    // Counts of another histogram's slot.
    void addSlot(size_t slot, uint64_t count) {
        if (count == 0) return;
        counts_[slot] += count;
        total_ += count;
        if (valueOf(slot) > highest_) highest_ = valueOf(slot);
    }
    // The value at quantile q (0..1), in microseconds; 0 when empty.
    [[nodiscard]] double micros(double q) const;
    [[nodiscard]] uint64_t total() const { return total_; }

    static size_t slotOf(uint64_t ns) {
        if (ns < kSteps) return static_cast<size_t>(ns);
        const int exponent = 63 - __builtin_clzll(ns);
        return static_cast<size_t>(exponent - kStepBits + 1) * kSteps +
               static_cast<size_t>((ns >> (exponent - kStepBits)) & (kSteps - 1));
    }
    // The middle of a slot.
    static uint64_t valueOf(size_t slot);

    static constexpr int kStepBits = 6;
    static constexpr size_t kSteps = 1u << kStepBits;
    static constexpr size_t kSlots = 60 * kSteps;

  private:
    std::vector<uint64_t> counts_;
    uint64_t total_ = 0;
    uint64_t highest_ = 0;
};

}  // namespace sara::makeconn
