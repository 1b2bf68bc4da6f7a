// When parked events run out of time: a ring of lists with one slot per kTickMs. Decides that a
// deadline is met at most one tick late and never before the time it was given; the bus counts it
// from the start of the turn. Putting one in and taking it out are a few stores, so an event that
// is answered at once pays next to nothing for its timeout. Reads no clock, owns no record.
#pragma once
#include <algorithm>
#include <cstdint>

namespace sara::bus {

// Part of every record that can have a deadline.
struct Deadline {
    uint64_t due_ms = 0;
    Deadline* before = nullptr;  // nullptr: not in a ring
    Deadline* behind = nullptr;
};

// [loop] One per loop.
class DeadlineRing {
  public:
    static constexpr uint64_t kTickMs = 16;
    static constexpr uint64_t kSlots = 256;  // a turn of the ring: four seconds

    DeadlineRing() {
        for (Deadline& head : heads_) head.before = head.behind = &head;
    }
    DeadlineRing(const DeadlineRing&) = delete;
    DeadlineRing& operator=(const DeadlineRing&) = delete;

    bool empty() const { return size_ == 0; }
    void add(Deadline& d, uint64_t due_ms) {
        d.due_ms = due_ms;
        Deadline& head = heads_[due_ms / kTickMs % kSlots];
        d.before = head.before;
        d.behind = &head;
        head.before->behind = &d;
        head.before = &d;
        ++size_;
    }
    // A record that is in no ring is left alone.
    void remove(Deadline& d) {
        if (d.before == nullptr) return;
        d.before->behind = d.behind;
        d.behind->before = d.before;
        d.before = d.behind = nullptr;
        --size_;
    }
    // Takes out what is due and calls expired(Deadline&) for each, which may add and remove others.
    // Slots that hold later turns of the ring are looked at and left.
    template <class F>
    void expire(uint64_t now_ms, F expired) {
        const uint64_t now_tick = now_ms / kTickMs;
        if (now_tick - swept_tick_ >= kSlots)
            swept_tick_ = now_tick - std::min(now_tick, kSlots - 1);
        for (;; ++swept_tick_) {
            expireSlot(heads_[swept_tick_ % kSlots], now_ms, expired);
            if (swept_tick_ >= now_tick) return;
        }
    }

  private:
    template <class F>
    void expireSlot(Deadline& head, uint64_t now_ms, F& expired) {
        // A list of its own: a callback may remove any record, the next one of this walk too.
        Deadline due;
        due.before = due.behind = &due;
        for (Deadline* d = head.behind; d != &head;) {
            Deadline* next = d->behind;
            if (d->due_ms <= now_ms) {
                d->before->behind = d->behind;
                d->behind->before = d->before;
                d->before = due.before;
                d->behind = &due;
                due.before->behind = d;
                due.before = d;
            }
            d = next;
        }
        while (due.behind != &due) {
            Deadline& d = *due.behind;
            remove(d);
            expired(d);
        }
    }

    Deadline heads_[kSlots];
    uint64_t swept_tick_ = 0;  // its slot may still hold something of this tick
    uint64_t size_ = 0;
};

}  // namespace sara::bus
