// Timers of one loop. Decides when a timer is due: at the first 4 ms tick that is not before its
// time, and never in the pass that started it. A hierarchical wheel: start and cancel are O(1), a
// timer moves down at most five times in its life. Refuses more than timers_max timers; reads no
// clock.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

namespace sara::loop {

class TimerWheel {
  public:
    using Fn = void (*)(void* user) noexcept;
    static constexpr uint64_t kTickMs = 4;
    static constexpr uint64_t kNever = UINT64_MAX;

    TimerWheel(uint64_t now_ms, uint32_t timers_max);

    // [loop] 0 when timers_max is reached. period_ms 0: once.
    uint64_t start(uint64_t now_ms, uint64_t delay_ms, uint64_t period_ms, Fn fn, void* user);
    // [loop] False: the id is stale, nobody was touched. fn does not run after this.
    bool cancel(uint64_t id);
    // [loop] Runs what is due, in order of ticks. A periodic timer that missed periods runs once.
    void advance(uint64_t now_ms);
    // [loop] When advance() has something to do next, or kNever. At or before the next due time.
    uint64_t nextMs() const;
    uint32_t size() const { return size_; }

  private:
    static constexpr uint32_t kBits = 6;
    static constexpr uint32_t kSlots = 1u << kBits;
    static constexpr uint32_t kLevels = 6;                  // 64^6 ticks: eight years
    static constexpr uint32_t kRunning = kLevels * kSlots;  // list of the tick that is being run
    static constexpr uint32_t kUnlinked = kRunning + 1;
    static constexpr uint32_t kNil = UINT32_MAX;
    static constexpr uint32_t kChunkBits = 10;
    static constexpr uint64_t kLongestMs = kTickMs << (kBits * kLevels - 1);

    struct Node {
        Fn fn;
        void* user;
        uint64_t due_ms;
        uint64_t period_ms;
        uint32_t prev;
        uint32_t next;
        uint32_t generation;
        uint32_t list;
    };
    struct List {
        uint32_t first = kNil;
        uint32_t last = kNil;
    };

    Node& node(uint32_t i) { return chunks_[i >> kChunkBits][i & ((1u << kChunkBits) - 1)]; }
    uint32_t allocate();
    void release(uint32_t i);
    void place(uint32_t i);
    void link(uint32_t i, uint32_t list);
    void unlink(uint32_t i);
    void cascade(uint32_t level);
    void runTick(uint64_t now_ms);
    uint64_t nextTick() const;

    const uint32_t timers_max_;
    uint64_t tick_;           // the last tick that was run
    uint64_t earliest_tick_;  // nothing new is placed before it: it is past or being run
    uint32_t size_ = 0;
    uint32_t free_ = kNil;
    uint32_t used_ = 0;  // nodes ever handed out
    List lists_[kRunning + 1];
    uint64_t occupied_[kLevels] = {};
    std::vector<std::unique_ptr<Node[]>> chunks_;
};

}  // namespace sara::loop
