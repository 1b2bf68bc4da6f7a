// The queue in front of the writer: chains of operations from all loops, in order per loop. Bounded
// by operations and by packet bytes; a full queue refuses, it never makes a loop wait.
#pragma once
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <utility>

#include "store-embedded/operation.h"

namespace sara::store_embedded {

class Intake {
  public:
    Intake(uint64_t operations_max, uint64_t bytes_max)
        : operations_max_(operations_max), bytes_max_(bytes_max) {}

    // [any] Reserves room for one operation with that many packet bytes; release() gives it back.
    bool reserve(uint64_t bytes) {
        if (operations_.fetch_add(1, std::memory_order_relaxed) >= operations_max_) {
            release(1, 0);
            return false;
        }
        if (bytes_.fetch_add(bytes, std::memory_order_relaxed) < bytes_max_) return true;
        release(1, bytes);
        return false;
    }
    // [any]
    void release(uint64_t operations, uint64_t bytes) {
        operations_.fetch_sub(operations, std::memory_order_relaxed);
        bytes_.fetch_sub(bytes, std::memory_order_relaxed);
    }
    // [any] Hands operations over; wakes the writer.
    void push(OperationChain& chain) {
        const std::lock_guard lock(mutex_);
        chain_.splice(chain);
        if (waiting_) wake_.notify_one();
    }
    // [writer] Takes all there is. With nothing there it waits up to wait for something, for
    // nudge() or for close().
    bool take(OperationChain* to, std::chrono::milliseconds wait) {
        std::unique_lock lock(mutex_);
        if (chain_.empty() && !closed_ && !nudged_ && wait.count() > 0) {
            waiting_ = true;
            wake_.wait_for(lock, wait, [this] { return !chain_.empty() || closed_ || nudged_; });
            waiting_ = false;
        }
        to->splice(chain_);
        return std::exchange(nudged_, false);
    }
    // [any] A post to a loop failed: ends one wait, so that the writer posts again.
    void nudge() {
        const std::lock_guard lock(mutex_);
        nudged_ = true;
        wake_.notify_one();
    }
    // [any] No more waiting; what is queued can still be taken.
    void close() {
        const std::lock_guard lock(mutex_);
        closed_ = true;
        wake_.notify_one();
    }
    bool closed() const {
        const std::lock_guard lock(mutex_);
        return closed_;
    }

  private:
    const uint64_t operations_max_;
    const uint64_t bytes_max_;
    std::atomic<uint64_t> operations_{0};
    std::atomic<uint64_t> bytes_{0};
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    OperationChain chain_;
    bool waiting_ = false;
    bool nudged_ = false;
    bool closed_ = false;
};

}  // namespace sara::store_embedded
