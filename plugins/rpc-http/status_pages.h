// What operators' tools read: /metrics in the text format 0.0.4 of Prometheus, /healthz and
// /readyz as JSON. Decides their form; what is counted and checked is the host's and the plugins'.
#pragma once
#include <cstdint>
#include <mutex>
#include <sara/host.hpp>
#include <string>

#include "loop_calls.h"

namespace sara::rpc_http {

struct Page {
    int status = 200;  // HTTP; 503: not alive or not ready
    std::string body;
};

class StatusPages {
  public:
    // [control] Both outlive this.
    StatusPages(const Host& host, LoopCalls& calls) : host_(host), calls_(calls) {}

    // From a thread that may wait.
    std::string metrics() const;
    // Every loop takes turns. Asked at most every kHealthAgeMs: nobody loads the loops with it.
    Page healthz();
    // Every check says yes; otherwise which ones do not, and why.
    Page readyz() const;

  private:
    static constexpr uint32_t kLoopWaitMs = 1000;  // docs/limits.md: loop_wait_ms
    static constexpr uint64_t kHealthAgeMs = 200;

    const Host& host_;
    LoopCalls& calls_;
    std::mutex mutex_;  // guards what follows; held while the loops are asked, by one thread
    uint64_t asked_ms_ = 0;
    Page health_;
};

}  // namespace sara::rpc_http
