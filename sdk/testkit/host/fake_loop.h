// One event loop of the fake host: a queue of posts, timers on a clock that the test moves, file
// descriptors watched by poll(). Runs only while somebody calls turn(); decides nothing about
// fairness or speed. One thread at a time may turn a loop, different loops may be turned by
// different threads.
#pragma once
#include <sara/sara.h>

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace sara::testkit {

// The time of a fake host. Monotonic time starts at 1,000,000 ms and never goes back; wall time is
// whatever the test says. With real_time both follow the machine, plus what advance() added.
class FakeClock {
  public:
    explicit FakeClock(bool real_time) : real_time_(real_time) {}
    uint64_t nowMs() const;                // [any]
    uint64_t wallMs() const;               // [any]
    void advance(uint64_t ms);             // [any] both clocks
    void setWall(uint64_t ms_since_1970);  // [any] wall clock only, also backwards

  private:
    const bool real_time_;
    std::atomic<uint64_t> now_ms_{1'000'000};
    std::atomic<int64_t> wall_minus_now_ms_{1'700'000'000'000 - 1'000'000};
    std::atomic<uint64_t> added_ms_{0};
};

class FakeLoop {
  public:
    FakeLoop(const sara_host* host, uint32_t number, const FakeClock& clock, size_t mailbox_max);
    ~FakeLoop();
    FakeLoop(const FakeLoop&) = delete;
    FakeLoop& operator=(const FakeLoop&) = delete;

    uint32_t number() const { return number_; }
    const sara_host* host() const { return host_; }
    // The loop that this thread is turning now, or nullptr.
    static FakeLoop* current();

    // One turn: posts, due timers, watched descriptors, work, what was asked for the end of the
    // turn. Waits up to wait_ms for the first of them. True when anything ran.
    bool turn(int wait_ms = 0);
    // Runs fn as the input of a turn of this loop, then the rest of the turn.
    void run(const std::function<void()>& fn);

    // [any]
    sara_status post(sara_fn fn, void* user);
    // [any] From now on post() answers this (SARA_E_AGAIN, SARA_E_CLOSED); SARA_OK: as usual again.
    void refusePosts(sara_status status) { refuse_.store(status); }
    // [any] Posts that wait.
    size_t queued() const;

    // The functions of sara.loop/1, on the thread that turns.
    sara_id timer(uint64_t delay_ms, uint64_t period_ms, sara_fn fn, void* user);
    void cancel(sara_id id) { timers_.erase(id); }
    sara_id watch(int32_t fd, uint32_t events, sara_io_fn fn, void* user);
    sara_status rewatch(sara_id id, uint32_t events);
    void unwatch(sara_id id) { watches_.erase(id); }
    void atTurnEnd(sara_fn fn, void* user) { turn_end_.push_back({fn, user}); }
    sara_status work(sara_fn job, sara_fn done, void* user);

    size_t timers() const { return timers_.size(); }
    size_t watches() const { return watches_.size(); }

  private:
    struct Call {
        sara_fn fn;
        void* user;
    };
    struct Timer {
        uint64_t due_ms;
        uint64_t period_ms;
        sara_fn fn;
        void* user;
    };
    struct Watch {
        int32_t fd;
        uint32_t events;
        sara_io_fn fn;
        void* user;
    };
    struct Job {
        sara_fn work;
        sara_fn done;
        void* user;
    };

    bool runPosts();
    bool runTimers();
    bool runWatches(int wait_ms);
    bool runWork();
    bool runTurnEnd();
    int waitMs(int wait_ms) const;

    const sara_host* const host_;
    const uint32_t number_;
    const FakeClock& clock_;
    const size_t mailbox_max_;
    int wake_fd_ = -1;

    // Owned by the turning thread.
    sara_id next_id_ = 1;
    std::map<sara_id, Timer> timers_;
    std::map<sara_id, Watch> watches_;
    std::vector<Call> turn_end_;
    std::vector<Job> jobs_;

    // Shared.
    std::atomic<sara_status> refuse_{SARA_OK};
    mutable std::mutex mutex_;
    std::vector<Call> mailbox_;
};

}  // namespace sara::testkit
