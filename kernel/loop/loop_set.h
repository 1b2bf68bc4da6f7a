// The loops of the process and their threads. Decides how many there are and which one is a user's
// home.
#pragma once
#include <cstdint>
#include <memory>
#include <string_view>
#include <thread>
#include <vector>

#include "loop/event_loop.h"

namespace sara::loop {

class LoopSet {
  public:
    LoopSet(uint32_t count, const Clock& clock, EventLoop::Limits limits);
    ~LoopSet();  // stops and joins

    uint32_t size() const { return static_cast<uint32_t>(loops_.size()); }
    EventLoop& at(uint32_t i) { return *loops_[i]; }
    // [control] Starts one thread per loop, named sara-loop-N, with all signals blocked.
    void start();
    // [control] Stops and joins. Safe twice.
    void stop();
    // [control] Runs fn(user, loop index) on every loop and waits for all of them; before start()
    // it runs them here. Not from a loop.
    void runOnEach(void (*fn)(void* user, uint32_t loop), void* user);
    // [any] Home loop of a bare jid: stable for one process.
    uint32_t homeOf(std::string_view bare_jid) const;

  private:
    std::vector<std::unique_ptr<EventLoop>> loops_;
    std::vector<std::thread> threads_;
    bool running_ = false;
};

}  // namespace sara::loop
