// What the kernel itself says about being ready: "server" (all listeners are open and nothing
// drains) and "store" (the next message would be kept). Decides nothing else; plugins have checks
// of their own.
#pragma once
#include <atomic>

#include "bus/bus.h"

namespace sara::boot {

class Readiness {
  public:
    // [control] Before the plugins are initialised: the two names are the kernel's. Lives longer
    // than the plugins.
    explicit Readiness(bus::Bus& bus);

    // [control]
    void serving() { phase_.store(Phase::kServing, std::memory_order_relaxed); }
    void draining() { phase_.store(Phase::kDraining, std::memory_order_relaxed); }

  private:
    enum class Phase { kStarting, kServing, kDraining };
    static sara_status askServer(void* self, sara_str* why) noexcept;
    static sara_status askStore(void* self, sara_str* why) noexcept;

    const sara_service* const store_;
    std::atomic<Phase> phase_{Phase::kStarting};
};

}  // namespace sara::boot
