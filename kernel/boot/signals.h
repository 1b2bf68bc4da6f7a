// Signals as events of the control thread. Decides which ones are ours (TERM and INT end, HUP
// reopens logs, USR1 writes counters and profiles) and that a second TERM never kills a drain.
#pragma once
#include <cstdint>

namespace sara::boot {

class Signals {
  public:
    enum class Event { kNone, kEnd, kReopen, kReport };

    // [control] First statement of main(), before any thread: threads inherit the mask.
    static void block();

    Signals();
    ~Signals();
    Signals(const Signals&) = delete;
    Signals& operator=(const Signals&) = delete;

    // [control] Waits for the next signal, at most timeout_ms (UINT64_MAX: for ever).
    Event wait(uint64_t timeout_ms);
    // The number that came with the last kReport: `sara pprof` asks with one, `kill` with 0.
    [[nodiscard]] int request() const { return request_; }
    // Readable when a signal waits: for whoever has more to poll.
    int fd() const { return fd_; }

  private:
    int fd_;
    int request_ = 0;
};

}  // namespace sara::boot
