// One event loop: a thread, an epoll, timers, a bounded mailbox. Decides the phases of a turn and
// their order: mailbox, timers, I/O, end of turn (turn-end calls, buffers and posts to other loops,
// one wake each). Knows no packet, no plugin, no session.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>

#include "loop/clock.h"

namespace sara::loop {

using TimerId = uint64_t;  // 0: none; generation-tagged, a stale one touches nobody
using WatchId = uint64_t;

// What crosses between threads: a function and three words. No heap, no closure. The words are
// owned by the post until run() gets them; a post that is refused leaves them with the caller.
struct Post {
    void (*run)(void* self, uint64_t a, uint64_t b) noexcept;
    void* self;
    uint64_t a;
    uint64_t b;
};

enum class PostClass : uint32_t {
    kRequest,  // refused when the mailbox holds mailbox_max posts
    kReply  // answer to something that was admitted once, so bounded by it: never refused while it
            // runs
};

enum : uint32_t { kIoRead = 1, kIoWrite = 2, kIoHangup = 4 };  // as SARA_IO_*

class EventLoop {
  public:
    struct Limits {
        uint32_t mailbox_max = 65'536;    // posts waiting; counter loop_mailbox_full_total
        uint32_t timers_max = 4'000'000;  // counter loop_timers_full_total
        uint32_t events_per_turn = 512;
        uint32_t posts_per_turn = 4096;  // the rest of the mailbox waits for the next turn
    };
    using Fn = void (*)(void* user) noexcept;
    using IoFn = void (*)(void* user, uint32_t events) noexcept;

    EventLoop(uint32_t index, const Clock& clock, Limits limits);
    ~EventLoop();
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;

    // [control] Runs turns on this thread until stop(). [loop] from inside.
    void run();
    // [any] The loop ends after the turn that sees it; what is posted by then still runs.
    void stop();
    // Tests: one turn that waits at most wait_ms for events. Binds the loop to the calling thread.
    void turn(uint64_t wait_ms);
    // [control] While the loop does not run: fn(user, index()) as if from inside of it, current()
    // included.
    void enter(void (*fn)(void* user, uint32_t loop), void* user);

    uint32_t index() const { return index_; }
    // [any] The loop of this thread, or nullptr.
    static EventLoop* current();
    bool isCurrent() const { return current() == this; }

    // [any] False: the mailbox is full (kRequest) or the loop has stopped; run() is not called
    // then. In order per posting thread. From a loop thread it leaves at the end of the turn, in
    // bulk.
    [[nodiscard]] bool post(const Post& p, PostClass c);

    // [loop] period_ms 0: once. Never early; a 4 ms wheel. 0 when timers_max is reached.
    TimerId startTimer(uint64_t delay_ms, uint64_t period_ms, Fn fn, void* user);
    void cancelTimer(TimerId id);
    // [loop] Level-triggered; events 0 reports hangups only. 0 when the descriptor is refused.
    WatchId watch(int fd, uint32_t events, IoFn fn, void* user);
    bool rewatch(WatchId id, uint32_t events);
    void unwatch(WatchId id);
    // [loop] Once, at the end of this turn; calls added meanwhile run in the same turn.
    void atTurnEnd(Fn fn, void* user);

    // [loop] Read once per turn.
    uint64_t nowMs() const { return now_ms_; }
    uint64_t wallMs() const { return wall_ms_; }
    // [any] Turns so far; a watchdog reads it.
    uint64_t turns() const { return turns_.load(std::memory_order_relaxed); }

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
    const uint32_t index_;
    uint64_t now_ms_ = 0;
    uint64_t wall_ms_ = 0;
    std::atomic<uint64_t> turns_{0};
};

}  // namespace sara::loop
