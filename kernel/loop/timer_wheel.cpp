#include "loop/timer_wheel.h"

#include <algorithm>
#include <bit>

namespace sara::loop {
namespace {

uint64_t tickNotBefore(uint64_t ms) { return (ms + TimerWheel::kTickMs - 1) / TimerWheel::kTickMs; }

}  // namespace

TimerWheel::TimerWheel(uint64_t now_ms, uint32_t timers_max)
    : timers_max_(timers_max), tick_(now_ms / kTickMs), earliest_tick_(tick_ + 1) {}

uint64_t TimerWheel::start(uint64_t now_ms, uint64_t delay_ms, uint64_t period_ms, Fn fn,
                           void* user) {
    if (fn == nullptr || size_ >= timers_max_) return 0;
    const uint32_t i = allocate();
    Node& n = node(i);
    n.fn = fn;
    n.user = user;
    n.due_ms = now_ms + std::min(delay_ms, kLongestMs);
    n.period_ms = std::min(period_ms, kLongestMs);
    place(i);
    return uint64_t{n.generation} << 32 | i;
}

bool TimerWheel::cancel(uint64_t id) {
    const auto i = static_cast<uint32_t>(id);
    if (i >= used_) return false;
    Node& n = node(i);
    if (n.generation != id >> 32 || n.fn == nullptr) return false;
    if (n.list != kUnlinked) unlink(i);
    release(i);
    return true;
}

void TimerWheel::advance(uint64_t now_ms) {
    const uint64_t target = now_ms / kTickMs;
    if (target <= tick_) return;
    earliest_tick_ = target + 1;
    while (tick_ < target) {
        const uint64_t next = nextTick();
        if (next > target) {
            tick_ = target;
            return;
        }
        tick_ = next;
        for (uint32_t level = 1; level < kLevels; ++level) {
            cascade(level);
            // The next level turns only when this one has come round.
            if ((tick_ >> (kBits * level) & (kSlots - 1)) != 0) break;
        }
        runTick(now_ms);
    }
}

uint64_t TimerWheel::nextMs() const {
    const uint64_t tick = nextTick();
    return tick == kNever ? kNever : tick * kTickMs;
}

uint64_t TimerWheel::nextTick() const {
    uint64_t best = kNever;
    for (uint32_t level = 0; level < kLevels; ++level) {
        if (occupied_[level] == 0) continue;
        const uint64_t from = (tick_ >> (kBits * level)) + 1;
        const auto skip = static_cast<uint64_t>(
            std::countr_zero(std::rotr(occupied_[level], static_cast<int>(from & (kSlots - 1)))));
        best = std::min(best, (from + skip) << (kBits * level));
    }
    return best;
}

void TimerWheel::runTick(uint64_t now_ms) {
    const auto slot = static_cast<uint32_t>(tick_ & (kSlots - 1));
    if (lists_[slot].first == kNil) return;
    // A list of its own: a callback may cancel its neighbours, and nothing can join the tick any
    // more.
    lists_[kRunning] = lists_[slot];
    lists_[slot] = List{};
    occupied_[0] &= ~(uint64_t{1} << slot);
    for (uint32_t i = lists_[kRunning].first; i != kNil; i = node(i).next) node(i).list = kRunning;
    while (lists_[kRunning].first != kNil) {
        const uint32_t i = lists_[kRunning].first;
        unlink(i);
        Node& n = node(i);
        const Fn fn = n.fn;
        void* const user = n.user;
        if (n.period_ms == 0) {
            release(i);
            fn(user);
            continue;
        }
        const uint32_t generation = n.generation;
        fn(user);
        if (n.generation != generation || n.fn == nullptr)
            continue;  // cancelled in its own callback
        n.due_ms += n.period_ms;
        if (n.due_ms <= now_ms) n.due_ms = now_ms + n.period_ms;
        place(i);
    }
}

void TimerWheel::cascade(uint32_t level) {
    const auto slot = static_cast<uint32_t>(tick_ >> (kBits * level) & (kSlots - 1));
    uint32_t i = lists_[level * kSlots + slot].first;
    lists_[level * kSlots + slot] = List{};
    occupied_[level] &= ~(uint64_t{1} << slot);
    while (i != kNil) {
        const uint32_t next = node(i).next;
        const uint64_t due = tickNotBefore(node(i).due_ms);
        uint32_t to = 0;
        while (due - tick_ >= uint64_t{1} << (kBits * (to + 1))) ++to;
        link(i, to * kSlots + static_cast<uint32_t>(due >> (kBits * to) & (kSlots - 1)));
        i = next;
    }
}

void TimerWheel::place(uint32_t i) {
    uint64_t& due_ms = node(i).due_ms;
    // Kept in the node: cascades read it again, perhaps still in this pass.
    due_ms = std::max(due_ms, earliest_tick_ * kTickMs);
    const uint64_t due = tickNotBefore(due_ms);
    const uint64_t ahead = due - tick_;
    uint32_t level = 0;
    while (level + 1 < kLevels && ahead >= uint64_t{1} << (kBits * (level + 1))) ++level;
    link(i, level * kSlots + static_cast<uint32_t>(due >> (kBits * level) & (kSlots - 1)));
}

void TimerWheel::link(uint32_t i, uint32_t list) {
    List& l = lists_[list];
    Node& n = node(i);
    n.list = list;
    n.prev = l.last;
    n.next = kNil;
    if (l.last == kNil) {
        l.first = i;
    } else {
        node(l.last).next = i;
    }
    l.last = i;
    occupied_[list / kSlots] |= uint64_t{1} << (list & (kSlots - 1));
}

void TimerWheel::unlink(uint32_t i) {
    Node& n = node(i);
    List& l = lists_[n.list];
    (n.prev == kNil ? l.first : node(n.prev).next) = n.next;
    (n.next == kNil ? l.last : node(n.next).prev) = n.prev;
    if (l.first == kNil && n.list != kRunning) {
        occupied_[n.list / kSlots] &= ~(uint64_t{1} << (n.list & (kSlots - 1)));
    }
    n.list = kUnlinked;
}

uint32_t TimerWheel::allocate() {
    uint32_t i = free_;
    if (i != kNil) {
        free_ = node(i).next;
    } else {
        i = used_;
        if (i >> kChunkBits == chunks_.size()) {
            chunks_.push_back(std::make_unique<Node[]>(size_t{1} << kChunkBits));
        }
        ++used_;
        node(i).generation = 1;  // so that no id is 0
    }
    ++size_;
    return i;
}

void TimerWheel::release(uint32_t i) {
    Node& n = node(i);
    n.fn = nullptr;
    n.list = kUnlinked;
    if (++n.generation == 0) n.generation = 1;
    n.next = free_;
    free_ = i;
    --size_;
}

}  // namespace sara::loop
