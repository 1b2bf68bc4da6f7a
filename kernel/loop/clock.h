// Time as the kernel sees it. Decides that timers run on the monotonic clock and stamps on the wall
// clock, and that tests own both: nothing above this file reads a clock of the system.
#pragma once
#include <atomic>
#include <cstdint>

namespace sara::loop {

class Clock {
  public:
    virtual ~Clock() = default;
    // [any] Milliseconds since an arbitrary start; never goes back.
    virtual uint64_t monotonicMs() const = 0;
    // [any] Milliseconds since 1970; may jump.
    virtual uint64_t wallMs() const = 0;
};

class SystemClock final : public Clock {
  public:
    uint64_t monotonicMs() const override;
    uint64_t wallMs() const override;
};

// Stands still until it is told to move; any thread may move it.
class ManualClock final : public Clock {
  public:
    uint64_t monotonicMs() const override { return monotonic_ms_; }
    uint64_t wallMs() const override { return wall_ms_; }
    void advance(uint64_t ms) {
        monotonic_ms_ += ms;
        wall_ms_ += ms;
    }
    void setWall(uint64_t ms) { wall_ms_ = ms; }

  private:
    std::atomic<uint64_t> monotonic_ms_{1'000'000};
    std::atomic<uint64_t> wall_ms_{1'700'000'000'000};
};

}  // namespace sara::loop
