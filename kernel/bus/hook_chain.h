// Who subscribed to which hook, in which order. Decides the order (priority, then plugin id, then
// order of registration) and publishes immutable arrays that loops walk without a lock; an old
// array stays valid for the life of the bus, so a parked event can find its place again.
#pragma once
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bus/filter_health.h"
#include "bus/hook_rules.h"

namespace sara::bus {

class Instance;

// One subscription; its address is stable until the bus ends.
struct Subscription {
    FilterHealth health;  // first: read at each hop
    sara_id handle = 0;
    Hook hook = kConnOpen;
    Instance* owner = nullptr;
    std::string plugin_id;  // for ties and for the log, also when the owner is gone
    std::string instance;
    sara_filter filter{};  // fn is nullptr: a tap
    sara_tap_fn tap = nullptr;
    void* tap_user = nullptr;
};

struct FilterEntry {
    sara_filter_fn fn;
    void* user;
    Instance* owner;
    Subscription* of;
    uint32_t type_mask;  // 0: every packet
};

struct TapEntry {
    sara_tap_fn fn;
    void* user;
};

struct Chain {
    std::vector<FilterEntry> filters;
    std::vector<TapEntry> taps;
};

class HookChains {
  public:
    static constexpr size_t kSubscriptionsMax =
        64;  // per hook; docs/limits.md: hook_subscriptions_max

    HookChains();

    // [loop] Never nullptr.
    const Chain* chain(Hook h) const { return current_[h].load(std::memory_order_acquire); }
    // [control] False when the hook is full.
    bool add(std::unique_ptr<Subscription> s);
    // [control] False when the handle is not the owner's. Loops may still be walking the old array.
    bool remove(const Instance* owner, sara_id handle);
    // [control] Number of subscriptions removed.
    size_t removeAll(const Instance* owner);
    // [loop] Where to go on behind the filter at index of an older array.
    static size_t next(const Chain& now, const Chain& then, size_t index);
    // [any] Bit n: somebody listens to hook n.
    uint32_t mask() const;

  private:
    void publish(Hook h);

    std::vector<std::unique_ptr<Subscription>>
        all_;  // also removed ones: health and names are still read
    std::array<std::vector<Subscription*>, kHookCount> live_;
    std::vector<std::unique_ptr<const Chain>> published_;
    std::array<std::atomic<const Chain*>, kHookCount> current_;
};

}  // namespace sara::bus
