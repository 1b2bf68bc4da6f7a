// Posts on their way into one loop. Decides who is admitted (a bound for requests, none for
// replies, nobody once closed) and when a wake is worth a system call: only when the loop sleeps.
// An outbox is what one loop has for another in one turn; it crosses with one lock. What was
// admitted always reaches take().
#pragma once
#include <atomic>
#include <cstdint>
#include <mutex>
#include <vector>

#include "loop/event_loop.h"

namespace sara::loop {

class Outbox;

class Mailbox {
  public:
    enum class Admission { kAdmitted, kFull, kClosed };

    // wake_fd: an eventfd of the owner, written to when it sleeps.
    Mailbox(uint32_t posts_max, int wake_fd) : posts_max_(posts_max), wake_fd_(wake_fd) {}

    // [any] From a thread without an outbox.
    Admission post(const Post& p, PostClass c);
    // [any] The owner's present or next sleep ends at once.
    void wake();

    // [loop] The owner: moves everything to the empty vector `to`.
    void take(std::vector<Post>& to);
    // [loop] The owner: a hint that take() would bring something.
    bool filled() const { return filled_.load(std::memory_order_relaxed); }
    // [loop] True: the owner may block, and a post wakes it. False: something waits already.
    bool prepareSleep();
    // [loop] The owner has run n of the posts that it took.
    void finished(uint64_t n) { state_.fetch_sub(n, std::memory_order_relaxed); }
    // [loop] The owner: nobody is admitted from now on, except by outboxes that are open already.
    void close();
    // [loop] No outbox of another loop is open, so after one more take() nothing comes any more.
    bool settled() const { return (state_.load(std::memory_order_acquire) & kOpenMask) == 0; }
    bool closed() const { return (state_.load(std::memory_order_relaxed) & kClosed) != 0; }
    // [any] Posts admitted and not finished, with what outboxes have reserved.
    uint64_t waiting() const { return state_.load(std::memory_order_relaxed) & kWaitingMask; }
    uint32_t postsMax() const { return posts_max_; }

  private:
    friend class Outbox;
    // One word, so that admission is one atomic step: posts, open outboxes, closed.
    static constexpr uint64_t kWaitingMask = (uint64_t{1} << 40) - 1;
    static constexpr uint64_t kOpenOne = uint64_t{1} << 40;
    static constexpr uint64_t kClosed = uint64_t{1} << 63;
    static constexpr uint64_t kOpenMask = kClosed - kOpenOne;

    void signal();
    // Adds one open outbox; false when closed.
    bool open();
    // Room for up to `want` requests; how many were granted.
    uint32_t reserve(uint32_t want);
    // Takes over the posts of an outbox (it gets an empty vector) and closes it.
    void handOver(std::vector<Post>& posts, uint64_t reserved);

    const uint32_t posts_max_;
    const int wake_fd_;
    alignas(64) std::atomic<uint64_t> state_{0};
    alignas(64) std::mutex mutex_;
    std::vector<Post> posts_;          // mutex_
    bool sleeping_ = false;            // mutex_
    bool woken_ = false;               // mutex_
    std::atomic<bool> filled_{false};  // hint: posts_ is not empty; written under mutex_
};

class Outbox {
  public:
    explicit Outbox(Mailbox& target) : target_(target) {}

    Mailbox& target() const { return target_; }
    // [loop] The poster.
    Mailbox::Admission add(const Post& p, PostClass c);
    // [loop] The poster, at the end of its turn.
    void flush();

  private:
    static constexpr uint32_t kReserveAtOnce = 64;

    Mailbox& target_;
    std::vector<Post> posts_;
    uint64_t reserved_ = 0;  // requests that the target has counted for us since open()
    uint64_t used_ = 0;      // of these
    bool open_ = false;
};

}  // namespace sara::loop
