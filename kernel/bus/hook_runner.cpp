#include "bus/hook_runner.h"

#include <algorithm>
#include <string>

namespace sara::bus {
namespace {

constexpr std::string_view kFailedReason = "filter_failed";

// Bits of type_mask that this event matches; every bit for hooks without packets.
uint32_t typeBit(Hook hook, const sara_event* ev) {
    if (kHookRules[hook].family != EventFamily::kPacket) return UINT32_MAX;
    const uint32_t type = reinterpret_cast<const sara_ev_packet*>(ev)->type;
    return type < 32 ? 1u << type : 0;
}

}  // namespace

constinit thread_local HookRunner::Frame* HookRunner::frame_ = nullptr;

HookRunner::HookRunner(Options options)
    : options_(options),
      pool_(options.loops.size(), options.suspended_max),
      lanes_(options.loops.size()),
      credit_block_(
          std::clamp<uint32_t>(options.suspended_max / (8 * options.loops.size()), 1, 64)),
      credit_(options.suspended_max) {
    for (uint32_t i = 0; i < lanes_.size(); ++i) {
        lanes_[i].runner = this;
        lanes_[i].index = i;
        lanes_[i].turn_buffers.reserve(16);
    }
    auto& counters = loop::Counters::instance();
    using enum loop::CounterKind;
    failures_ = counters.define(kCounter, "bus_filter_failures_total", "bad verdicts of filters");
    timeouts_ = counters.define(kCounter, "bus_suspend_timeouts_total",
                                "parked events that nobody answered in time");
    refused_ = counters.define(kCounter, "bus_suspend_refused_total",
                               "suspends refused at suspended_max or without a timer");
    switched_off_ = counters.define(kGauge, "bus_filters_off", "filters switched off for failing");
}

HookRunner::~HookRunner() {
    for (Lane& lane : lanes_) {
        for (loop::Buffer* b : lane.turn_buffers) loop::unrefBuffer(b);
    }
}

uint64_t HookRunner::nowMs() const {
    const loop::EventLoop* loop = currentLoop();
    return loop != nullptr ? loop->nowMs() : options_.clock.monotonicMs();
}

sara_verdict HookRunner::emit(Hook h, sara_event* ev, Finished finished, void* user, uint64_t a) {
    const Chain* chain = chains_.chain(h);
    const HookRule& rule = kHookRules[h];
    loop::EventLoop* loop = currentLoop();
    Frame f{.outer = frame_,
            .ev = ev,
            .owner = nullptr,
            .record = nullptr,
            .chain = chain,
            .hook = h,
            .finished = finished,
            .user = user,
            .a = a};
    if (rule.suspends && loop != nullptr && !chain->filters.empty()) {
        // Filters see the event where it would be parked, so a pointer that they keep stays good.
        f.record = pool_.take(loop->index());
        if (f.record != nullptr) {
            f.ev = &f.record->event.head;
            copyBody(h, f.ev, ev);
        }
    }
    // Member by member: a copy of the whole head would wait for these small writes to leave the
    // store buffer.
    const auto flags = static_cast<uint16_t>((ev->flags & SARA_EV_REMOTE) |
                                             (f.record != nullptr ? SARA_EV_CAN_SUSPEND : 0));
    const sara_id session = ev->session;
    const auto fill = [&](sara_event& head) {
        head.struct_size = rule.bytes;
        head.hook = h;
        head.flags = flags;
        head.loop = loop != nullptr ? loop->index() : UINT32_MAX;
        head.session = session;
        head.t_ms = loop != nullptr ? loop->nowMs() : options_.clock.monotonicMs();
    };
    fill(*ev);
    if (f.record != nullptr) fill(*f.ev);
    frame_ = &f;
    const sara_verdict v = walk(f, 0);
    frame_ = f.outer;
    if (v == SARA_SUSPEND) return v;
    if (Suspended* s = f.record) {
        const bool touched = (f.ev->flags & SARA_EV_DIRTY) != 0 || v == SARA_REJECT ||
                             s->owner.load(std::memory_order_relaxed) != nullptr;
        if (touched) [[unlikely]]
            leave(f, ev);
        f.ev = ev;
        if (!f.spoiled) pool_.give(s);
    }
    if (!chain->taps.empty()) runTaps(f);
    return v;
}

// Takes what filters wrote out of a record that is not parked after all.
void HookRunner::leave(Frame& f, sara_event* ev) {
    Suspended& s = *f.record;
    if (s.owner.load(std::memory_order_relaxed) != nullptr) {  // a token was taken and dropped
        if (Lane* lane = turnLane()) s.moveStrings(lane->turn_strings);
        s.owner.store(nullptr, std::memory_order_relaxed);
        s.forget();
    }
    ev->flags = f.ev->flags;
    copyBody(f.hook, ev, f.ev);
}

void HookRunner::runTaps(Frame& f) {
    f.owner = nullptr;  // taps may not rewrite or park
    for (const TapEntry& tap : f.chain->taps) tap.fn(tap.user, f.ev);
}

sara_verdict HookRunner::walk(Frame& f, size_t index) {
    const std::vector<FilterEntry>& filters = f.chain->filters;
    const uint32_t bit = typeBit(f.hook, f.ev);
    for (; index < filters.size(); ++index) {
        const FilterEntry& e = filters[index];
        if (e.type_mask != 0 && (e.type_mask & bit) == 0) continue;
        sara_verdict v;
        if (e.of->health.off()) [[unlikely]] {
            v = switchedOff(f, e);
        } else {
            f.owner = e.owner;
            v = e.fn(e.user, f.ev);
            if (v != SARA_PASS || f.token != 0) [[unlikely]]
                v = settle(f, index, v);
        }
        if (v != SARA_PASS) return v;
    }
    return SARA_PASS;
}

sara_verdict HookRunner::settle(Frame& f, size_t index, sara_verdict v) {
    if (v == SARA_SUSPEND && f.token != 0) {
        f.record->chain = f.chain;
        f.record->index = index;
        f.record->parked = true;
        return v;
    }
    if (f.token != 0) dropToken(f);
    if (v >= SARA_PASS && v <= SARA_REJECT) return v;
    return failed(f, f.chain->filters[index], v);
}

sara_verdict HookRunner::failed(Frame& f, const FilterEntry& e, sara_verdict v) {
    Subscription& s = *e.of;
    failures_.add();
    const bool off = s.health.fail(nowMs(), options_.health);
    const auto level = off ? loop::LogLevel::kError : loop::LogLevel::kWarn;
    if (options_.log.enabled(level)) {
        std::string text = "plugin '" + s.instance + "': filter on " + std::string(nameOf(f.hook)) +
                           " failed (" + std::to_string(v) + "), " +
                           std::to_string(s.health.failures()) + " of " +
                           std::to_string(options_.health.failures_max) + " in " +
                           std::to_string(options_.health.window_ms) + " ms";
        if (off) text += "; switched off until the server is restarted";
        options_.log.write(level, "bus", text);
    }
    if (off) switched_off_.add();
    if (s.filter.on_failure == SARA_ON_FAIL_OPEN) return SARA_PASS;
    giveReason(f.hook, f.ev, kFailedReason);
    return SARA_REJECT;
}

// Closed stays closed: who makes a filter fail often enough must not get past it.
sara_verdict HookRunner::switchedOff(Frame& f, const FilterEntry& e) {
    if (e.of->filter.on_failure == SARA_ON_FAIL_OPEN) return SARA_PASS;
    giveReason(f.hook, f.ev, kFailedReason);
    return SARA_REJECT;
}

}  // namespace sara::bus
