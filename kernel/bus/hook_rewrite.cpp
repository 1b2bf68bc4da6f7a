// What filters change: single fields and whole packets. Copies live until the end of the loop's
// turn, or as long as the parked event.
#include <new>

#include "bus/hook_runner.h"

namespace sara::bus {

bool HookRunner::subscribe(std::unique_ptr<Subscription> s) {
    const bool added = chains_.add(std::move(s));
    mask_.store(chains_.mask(), std::memory_order_relaxed);
    return added;
}

bool HookRunner::unsubscribe(const Instance* owner, sara_id handle) {
    const bool removed = chains_.remove(owner, handle);
    mask_.store(chains_.mask(), std::memory_order_relaxed);
    return removed;
}

void HookRunner::unsubscribeAll(const Instance* owner) {
    chains_.removeAll(owner);
    mask_.store(chains_.mask(), std::memory_order_relaxed);
}

HookRunner::Lane* HookRunner::turnLane() {
    loop::EventLoop* loop = currentLoop();
    if (loop == nullptr) return nullptr;
    Lane& lane = lanes_[loop->index()];
    if (!lane.turn_end_asked) {
        lane.turn_end_asked = true;
        loop->atTurnEnd(&HookRunner::onTurnEnd, &lane);
    }
    return &lane;
}

void HookRunner::onTurnEnd(void* user) noexcept {
    auto& lane = *static_cast<Lane*>(user);
    lane.turn_end_asked = false;
    lane.turn_strings.reset();
    for (loop::Buffer* b : lane.turn_buffers) loop::unrefBuffer(b);
    lane.turn_buffers.clear();
}

sara_status HookRunner::setStr(const Instance* owner, sara_event* ev, uint32_t field, sara_str v) {
    if (v.len > kRewriteBytesMax) return SARA_E_FULL;
    if (v.len != 0 && v.ptr == nullptr) return SARA_E_INVALID;
    Lane* lane = turnLane();
    if (lane == nullptr) return SARA_E_THREAD;
    Suspended* record = nullptr;
    Hook hook;
    if (const Frame* f = frameOf(owner, ev)) {
        hook = f->hook;
        if (f->token != 0) record = f->record;
    } else {
        // Not inside the filter: its own parked event, on its loop, before resume().
        record = pool_.holding(lane->index, ev);
        if (record == nullptr || !record->parked || record->state() != Ticket::kArmed ||
            record->owner.load() != owner || ev != &record->event.head) {
            return SARA_E_INVALID;
        }
        hook = record->hook;
    }
    sara_str* to = writableField(hook, ev, field);
    if (to == nullptr) return SARA_E_UNSUPPORTED;
    StringArena& arena = record != nullptr ? record->strings : lane->turn_strings;
    if (!arena.copy(v, to)) return SARA_E_NOMEM;
    ev->flags |= SARA_EV_DIRTY;
    return SARA_OK;
}

namespace {

// Strings that the text holds with escapes are no views of it: they move where the turn keeps them.
bool keepForeign(const loop::Buffer& raw, StringArena& arena, sara_ev_packet* packet) {
    const auto* begin = reinterpret_cast<const char*>(raw.data);
    for (sara_str* s : {&packet->id, &packet->from, &packet->to, &packet->gid, &packet->ct}) {
        if (s->len == 0 || (s->ptr >= begin && s->ptr + s->len <= begin + raw.len)) continue;
        if (!arena.copy(*s, s)) return false;
    }
    return true;
}

}  // namespace

sara_status HookRunner::setRaw(const Instance* owner, sara_event* ev, sara_buf* b) {
    Lane* lane = turnLane();
    if (lane == nullptr) return SARA_E_THREAD;
    const Frame* f = frameOf(owner, ev);
    if (f == nullptr || f->token != 0 || b == nullptr) return SARA_E_INVALID;
    if (!kHookRules[f->hook].raw) return SARA_E_UNSUPPORTED;
    if (packet_check_ == nullptr) return SARA_E_INVALID;

    auto* given = reinterpret_cast<loop::Buffer*>(b);
    loop::BufferRef raw;
    if (given->data == given->bytes()) {
        raw = loop::BufferRef::share(given);
    } else {  // foreign memory has no readable bytes behind it, and its owner may still write to it
        raw = loop::BufferRef(loop::newBuffer(given->len));
        if (!raw) return SARA_E_NOMEM;
        if (given->len != 0) {
            std::char_traits<uint8_t>::copy(raw->bytes(), given->data, given->len);
        }
    }
    auto& packet = *reinterpret_cast<sara_ev_packet*>(ev);
    sara_ev_packet after = packet;
    after.raw = reinterpret_cast<sara_buf*>(raw.get());
    if (!packet_check_(packet, raw->data, raw->len, &after)) return SARA_E_INVALID;
    if (!keepForeign(*raw.get(), lane->turn_strings, &after)) return SARA_E_NOMEM;
    try {
        lane->turn_buffers.push_back(raw.get());
    } catch (const std::bad_alloc&) {
        return SARA_E_NOMEM;
    }
    (void)raw.release();  // the turn owns it now
    packet = after;
    packet.h.flags |= SARA_EV_DIRTY;
    return SARA_OK;
}

}  // namespace sara::bus
