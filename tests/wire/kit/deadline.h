// How tests wait: always for something, never for a while, and never for ever. Decides how long is
// too long (more under sanitizers); refuses to sleep without a condition.
#pragma once
#include <chrono>
#include <functional>

namespace sara::wire {

using Clock = std::chrono::steady_clock;
using Millis = std::chrono::milliseconds;

// The longest that a healthy server may take for anything in these tests.
inline constexpr Millis kPatience{10'000};

// A point in time after which waiting is a failure.
class Deadline {
  public:
    explicit Deadline(Millis wait = kPatience) : at_(Clock::now() + wait) {}
    [[nodiscard]] bool passed() const { return Clock::now() >= at_; }
    // For poll(2): at least 0, rounded up.
    [[nodiscard]] int leftMs() const;

  private:
    Clock::time_point at_;
};

// Asks condition every few milliseconds until it holds. Returns false when the deadline passed
// first.
[[nodiscard]] bool waitUntil(const std::function<bool()>& condition, Millis wait = kPatience);

}  // namespace sara::wire
