#include "loop/mailbox.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

namespace sara::loop {

Mailbox::Admission Mailbox::post(const Post& p, PostClass c) {
    bool wake_owner = false;
    {
        const std::lock_guard lock(mutex_);
        const uint64_t state = state_.load(std::memory_order_relaxed);
        if ((state & kClosed) != 0) return Admission::kClosed;
        if (c == PostClass::kRequest && (state & kWaitingMask) >= posts_max_) {
            return Admission::kFull;
        }
        state_.fetch_add(1, std::memory_order_relaxed);
        posts_.push_back(p);
        filled_.store(true, std::memory_order_relaxed);
        wake_owner = std::exchange(sleeping_, false);
    }
    if (wake_owner) signal();
    return Admission::kAdmitted;
}

void Mailbox::wake() {
    {
        const std::lock_guard lock(mutex_);
        woken_ = true;  // also for an owner that is just about to sleep
        if (!std::exchange(sleeping_, false)) return;
    }
    signal();
}

void Mailbox::signal() {
    // Cannot fail short of a closed descriptor: the counter would have to overflow.
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t n = write(wake_fd_, &one, sizeof one);
}

void Mailbox::take(std::vector<Post>& to) {
    const std::lock_guard lock(mutex_);
    sleeping_ = false;
    filled_.store(false, std::memory_order_relaxed);
    posts_.swap(to);
}

bool Mailbox::prepareSleep() {
    const std::lock_guard lock(mutex_);
    sleeping_ = posts_.empty() && !std::exchange(woken_, false);
    return sleeping_;
}

void Mailbox::close() {
    const std::lock_guard lock(mutex_);
    state_.fetch_or(kClosed, std::memory_order_acq_rel);
}

bool Mailbox::open() {
    uint64_t state = state_.load(std::memory_order_relaxed);
    do {
        if ((state & kClosed) != 0) return false;
    } while (!state_.compare_exchange_weak(state, state + kOpenOne, std::memory_order_acq_rel,
                                           std::memory_order_relaxed));
    return true;
}

uint32_t Mailbox::reserve(uint32_t want) {
    uint64_t state = state_.load(std::memory_order_relaxed);
    uint64_t granted = 0;
    do {
        const uint64_t waiting = state & kWaitingMask;
        if (waiting >= posts_max_) return 0;
        granted = std::min<uint64_t>(want, posts_max_ - waiting);
    } while (!state_.compare_exchange_weak(state, state + granted, std::memory_order_relaxed));
    return static_cast<uint32_t>(granted);
}

void Mailbox::handOver(std::vector<Post>& posts, uint64_t reserved) {
    bool wake_owner = false;
    const uint64_t change = posts.size() - reserved - kOpenOne;
    if (posts.empty()) {
        state_.fetch_add(change, std::memory_order_release);
        return;
    }
    {
        const std::lock_guard lock(mutex_);
        if (posts_.empty()) {
            posts_.swap(posts);
        } else {
            posts_.insert(posts_.end(), posts.begin(), posts.end());
        }
        // Under the lock: the owner must not finish a reply before it is counted.
        state_.fetch_add(change, std::memory_order_release);
        filled_.store(true, std::memory_order_relaxed);
        wake_owner = std::exchange(sleeping_, false);
    }
    posts.clear();
    if (wake_owner) signal();
}

Mailbox::Admission Outbox::add(const Post& p, PostClass c) {
    if (!open_) {
        if (!target_.open()) return Mailbox::Admission::kClosed;
        open_ = true;
    }
    if (c == PostClass::kRequest) {
        if (used_ == reserved_) {
            reserved_ += target_.reserve(kReserveAtOnce);
            if (used_ == reserved_) return Mailbox::Admission::kFull;
        }
        ++used_;
    }
    posts_.push_back(p);
    return Mailbox::Admission::kAdmitted;
}

void Outbox::flush() {
    if (!open_) return;
    open_ = false;
    target_.handOver(posts_, reserved_);
    reserved_ = used_ = 0;
}

}  // namespace sara::loop
