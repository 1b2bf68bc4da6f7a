// The circuit breaker in front of the backend: after so many failures in a row nobody asks it for a
// while, then one call tries. Decides when; refuses to guess from one failure. Owned by one thread,
// time is given to it.
#pragma once
#include <algorithm>
#include <cstdint>

namespace sara::auth_callback {

class Breaker {
  public:
    enum class State { kClosed, kOpen, kProbing };

    Breaker(unsigned failures, uint64_t open_ms) : failures_max_(failures), open_ms_(open_ms) {}

    // May a call go out now? An open breaker lets one through when its time has come; that one must
    // end in succeeded() or failed().
    bool admit(uint64_t now_ms) {
        if (state_ == State::kClosed) return true;
        if (state_ == State::kProbing || now_ms < retry_at_ms_) return false;
        state_ = State::kProbing;
        return true;
    }
    // Each true: the state has changed between closed and not closed.
    bool succeeded() {
        failures_ = 0;
        wait_ms_ = 0;
        const bool was_closed = state_ == State::kClosed;
        state_ = State::kClosed;
        return !was_closed;
    }
    bool failed(uint64_t now_ms) {
        // Calls that were under way when it opened say nothing new.
        if (state_ == State::kOpen) return false;
        if (state_ == State::kClosed && ++failures_ < failures_max_) return false;
        const bool was_closed = state_ == State::kClosed;
        state_ = State::kOpen;
        wait_ms_ = wait_ms_ == 0 ? open_ms_ : std::min(2 * wait_ms_, kDoublings * open_ms_);
        retry_at_ms_ = now_ms + wait_ms_;
        return was_closed;
    }

    State state() const { return state_; }
    bool closed() const { return state_ == State::kClosed; }
    // When an open breaker lets the next call through.
    uint64_t retryAtMs() const { return retry_at_ms_; }

  private:
    static constexpr uint64_t kDoublings = 16;

    const unsigned failures_max_;
    const uint64_t open_ms_;
    State state_ = State::kClosed;
    unsigned failures_ = 0;
    uint64_t wait_ms_ = 0;
    uint64_t retry_at_ms_ = 0;
};

}  // namespace sara::auth_callback
