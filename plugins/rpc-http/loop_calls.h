// Where threads of the HTTP server meet the loops: a call goes to a loop as one post, and the
// thread waits for it, never the loop for the thread. Decides which loop is asked (in turn) and how
// long a thread waits.
#pragma once
#include <atomic>
#include <cstdint>
#include <sara/loop.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace sara::rpc_http {

struct CallResult {
    Status status = Status::kTimeout;
    std::string json;  // empty: none
};

class LoopCalls {
  public:
    // host outlives this; timeout_ms is for the command.
    LoopCalls(const Host& host, uint32_t timeout_ms) : host_(host), timeout_ms_(timeout_ms) {}

    // Runs a command and waits for its answer. Only from a thread that may wait. kAgain: the loop
    // is busy; kClosed: the server ends.
    CallResult call(std::string_view service, std::string_view method, std::string_view params,
                    std::string_view peer, bool trusted);
    // The loops that did not take a turn within wait_ms; empty: all of them live. From a thread
    // that may wait.
    std::vector<uint32_t> deafLoops(uint32_t wait_ms);

  private:
    const Host& host_;
    const uint32_t timeout_ms_;
    std::atomic<uint32_t> next_loop_{0};
};

}  // namespace sara::rpc_http
