// Filters and taps: who is asked, in which order, and what a failure means. Dispatch is an array
// walk; names are used at start-up only.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>

#include "sara/sara.h"

namespace sara::bus {

class PluginHost;

// Dense ids of the kernel's hooks, in the order of abi/bus.h.
enum Hook : uint16_t {
    kConnOpen,
    kConnClose,
    kSessionLogin,
    kSessionOnline,
    kPacketIn,
    kGroupExpand,
    kPacketRoute,
    kPacketDeliver,
    kPacketOffline,
    kPacketAck,
    kRpcCall,
    kHookCount
};

class Hooks {
  public:
    // Continues what was suspended. Runs on the loop that emitted, never inside emit(), exactly
    // once; v is PASS, ACCEPT, DONE or REJECT. ev holds what the filters rewrote and dies when this
    // returns.
    using Finished = void (*)(void* user, uint64_t a, sara_event* ev, sara_verdict v) noexcept;

    virtual ~Hooks() = default;
    // [loop] Is this a packet that may take the place of before (same from, id and type, valid as
    // if a client had sent it)? data has 64 readable bytes behind it. *after is a copy of before
    // that carries the new raw: true must leave its strings as views of data, or of memory that
    // lives until the next check on this thread.
    using PacketCheck = bool (*)(const sara_ev_packet& before, const uint8_t* data, uint64_t len,
                                 sara_ev_packet* after) noexcept;

    // [any] Is anybody listening? One relaxed load: ask before building an event.
    bool any(Hook h) const { return (mask_.load(std::memory_order_relaxed) >> h) & 1u; }
    // [loop] Runs the filters, then the taps (unless suspended: then after the resume). Fills
    // h.hook, h.flags, h.loop and h.t_ms of ev. Returns PASS, ACCEPT, DONE, REJECT, or SUSPEND:
    // then finished(user, a, ...) runs later, and the event was copied, strings included (raw by
    // reference). SARA_EV_DIRTY in h.flags: a filter rewrote something; what it wrote lives until
    // the end of this loop's turn (of a raw that it replaced take a reference to keep it).
    virtual sara_verdict emit(Hook h, sara_event* ev, Finished finished, void* user,
                              uint64_t a) = 0;
    // [control] Without one bus.set_raw() is refused.
    virtual void setPacketCheck(PacketCheck check) = 0;
    static int32_t idOf(std::string_view name);  // SARA_E_NOTFOUND
    static std::string_view nameOf(Hook h);

  protected:
    std::atomic<uint32_t> mask_{0};
};

}  // namespace sara::bus
