#include "bus/loop_registrations.h"

#include <new>

namespace sara::bus {
namespace {

constexpr uint32_t kSlotsMax = 1u << 24;

}  // namespace

LoopRegistrations::LoopRegistrations(loop::LoopSet& loops) : lanes_(loops.size()) {
    for (uint32_t i = 0; i < lanes_.size(); ++i) lanes_[i].loop = i;
}

sara_id LoopRegistrations::handleOf(const Registration& r) {
    return uint64_t{r.generation} << 32 | uint64_t{r.lane->loop} << 24 | r.slot;
}

LoopRegistrations::Registration* LoopRegistrations::take(loop::EventLoop& at, Kind kind,
                                                         void* user) {
    Lane& lane = lanes_[at.index()];
    try {
        if (lane.free.empty()) {
            if (lane.all.size() >= kSlotsMax) return nullptr;
            // Room for every slot to come back, so that give() never allocates.
            if (lane.free.capacity() <= lane.all.size()) {
                lane.free.reserve(2 * lane.all.size() + 16);
            }
            Registration r{};
            r.lane = &lane;
            r.slot = static_cast<uint32_t>(lane.all.size()) & (kSlotsMax - 1);
            lane.all.push_back(r);
            lane.free.push_back(r.slot);
        }
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
    Registration& r = lane.all[lane.free.back()];
    lane.free.pop_back();
    ++lane.live;
    if (++r.generation == 0) r.generation = 1;
    r.kind = kind;
    r.user = user;
    return &r;
}

void LoopRegistrations::give(Registration& r) {
    r.kind = Kind::kFree;
    --r.lane->live;
    r.lane->free.push_back(r.slot);
}

LoopRegistrations::Registration* LoopRegistrations::find(loop::EventLoop& at, sara_id id,
                                                         bool watch) {
    Lane& lane = lanes_[at.index()];
    const uint64_t slot = id & (kSlotsMax - 1);
    if ((id >> 24 & 0xff) != lane.loop || slot >= lane.all.size()) return nullptr;
    Registration& r = lane.all[slot];
    if (r.generation != id >> 32) return nullptr;
    const bool fits =
        watch ? r.kind == Kind::kWatch : r.kind == Kind::kOnce || r.kind == Kind::kPeriodic;
    return fits ? &r : nullptr;
}

sara_id LoopRegistrations::timer(loop::EventLoop& at, uint64_t delay_ms, uint64_t period_ms,
                                 sara_fn fn, void* user) {
    Registration* r = take(at, period_ms == 0 ? Kind::kOnce : Kind::kPeriodic, user);
    if (r == nullptr) return 0;
    r->fn = fn;
    r->id = at.startTimer(delay_ms, period_ms, &LoopRegistrations::onCall, r);
    if (r->id != 0) return handleOf(*r);
    give(*r);
    return 0;
}

void LoopRegistrations::cancelTimer(loop::EventLoop& at, sara_id id) {
    Registration* r = find(at, id, false);
    if (r == nullptr) return;
    at.cancelTimer(r->id);
    give(*r);
}

sara_id LoopRegistrations::watch(loop::EventLoop& at, int fd, uint32_t events, sara_io_fn fn,
                                 void* user) {
    Registration* r = take(at, Kind::kWatch, user);
    if (r == nullptr) return 0;
    r->io = fn;
    r->id = at.watch(fd, events, &LoopRegistrations::onIo, r);
    if (r->id != 0) return handleOf(*r);
    give(*r);
    return 0;
}

sara_status LoopRegistrations::rewatch(loop::EventLoop& at, sara_id id, uint32_t events) {
    const Registration* r = find(at, id, true);
    if (r == nullptr) return SARA_E_STALE;
    return at.rewatch(r->id, events) ? SARA_OK : SARA_E_IO;
}

void LoopRegistrations::unwatch(loop::EventLoop& at, sara_id id) {
    Registration* r = find(at, id, true);
    if (r == nullptr) return;
    at.unwatch(r->id);
    give(*r);
}

bool LoopRegistrations::atTurnEnd(loop::EventLoop& at, sara_fn fn, void* user) {
    Registration* r = take(at, Kind::kTurnEnd, user);
    if (r == nullptr) return false;
    r->fn = fn;
    at.atTurnEnd(&LoopRegistrations::onCall, r);
    return true;
}

void LoopRegistrations::removeAll(loop::EventLoop& at) {
    for (Registration& r : lanes_[at.index()].all) {
        switch (r.kind) {
            case Kind::kOnce:
            case Kind::kPeriodic:
                at.cancelTimer(r.id);
                give(r);
                break;
            case Kind::kWatch:
                at.unwatch(r.id);
                give(r);
                break;
            case Kind::kTurnEnd:
                r.fn = nullptr;  // the loop still calls us; nobody else any more
                break;
            case Kind::kFree:
                break;
        }
    }
}

void LoopRegistrations::onCall(void* user) noexcept {
    auto& r = *static_cast<Registration*>(user);
    // Copied first: fn may cancel this very timer, or end the registration in another way.
    const sara_fn fn = r.fn;
    void* const plugin_user = r.user;
    if (r.kind != Kind::kPeriodic) give(r);
    if (fn != nullptr) fn(plugin_user);
}

void LoopRegistrations::onIo(void* user, uint32_t events) noexcept {
    const auto& r = *static_cast<const Registration*>(user);
    r.io(r.user, events);
}

}  // namespace sara::bus
