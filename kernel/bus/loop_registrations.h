// Timers, watches and turn-end calls of one plugin instance. Decides that each is known by a handle
// of ours, so that everything an instance leaves behind can be removed; a stale handle touches
// nobody. Each loop's part is touched by that loop only.
#pragma once
#include <cstdint>
#include <deque>
#include <vector>

#include "loop/loop_set.h"
#include "sara/sara.h"

namespace sara::bus {

class LoopRegistrations {
  public:
    explicit LoopRegistrations(loop::LoopSet& loops);

    // [loop] at: the current loop. 0: refused.
    sara_id timer(loop::EventLoop& at, uint64_t delay_ms, uint64_t period_ms, sara_fn fn,
                  void* user);
    void cancelTimer(loop::EventLoop& at, sara_id id);
    sara_id watch(loop::EventLoop& at, int fd, uint32_t events, sara_io_fn fn, void* user);
    sara_status rewatch(loop::EventLoop& at, sara_id id, uint32_t events);
    void unwatch(loop::EventLoop& at, sara_id id);
    bool atTurnEnd(loop::EventLoop& at, sara_fn fn, void* user);
    // [loop] Or [control] while the loops stand still.
    void removeAll(loop::EventLoop& at);
    // [loop] Live ones of this loop; tests and checks ask.
    size_t count(uint32_t loop) const { return lanes_[loop].live; }

  private:
    enum class Kind : uint8_t { kFree, kOnce, kPeriodic, kWatch, kTurnEnd };
    struct Lane;
    struct Registration {
        Lane* lane;
        uint64_t id;  // the loop's
        union {
            sara_fn fn;
            sara_io_fn io;
        };
        void* user;
        uint32_t generation;
        uint32_t slot : 24;
        Kind kind;
    };
    struct alignas(64) Lane {
        uint32_t loop = 0;
        size_t live = 0;
        std::deque<Registration> all;  // addresses are stable
        std::vector<uint32_t> free;
    };

    Registration* take(loop::EventLoop& at, Kind kind, void* user);
    Registration* find(loop::EventLoop& at, sara_id id, bool watch);
    static void give(Registration& r);
    static sara_id handleOf(const Registration& r);
    static void onCall(void* user) noexcept;
    static void onIo(void* user, uint32_t events) noexcept;

    std::vector<Lane> lanes_;
};

}  // namespace sara::bus
