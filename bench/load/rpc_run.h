// Commands over HTTP, one after the other on each of some kept connections: how many a second, and
// how long each takes. Decides what is asked (isonline of users who are away); refuses to measure a
// server that answers anything else than the expected text.
#pragma once
#include <string>
#include <vector>

#include "load/client_parts.h"
#include "load/options.h"
#include "load/report.h"

namespace sara::bench {

class RpcRun {
  public:
    explicit RpcRun(const Options& options);
    ~RpcRun();
    RpcRun(const RpcRun&) = delete;
    RpcRun& operator=(const RpcRun&) = delete;
    // Throws std::runtime_error.
    Outcome run();

  private:
    struct Caller {
        int fd = -1;
        std::string answer;     // what has come of it
        uint64_t asked_ns = 0;  // 0: nothing under way
    };
    void connect(Caller& caller) const;
    void ask(Caller& caller) const;
    void read(Caller& caller, bool counts);
    void turn(bool counts);

    const Options& options_;
    std::string request_;
    std::vector<Caller> callers_;
    Histogram times_;
    uint64_t answered_ = 0;
    uint64_t strange_ = 0;
};

}  // namespace sara::bench
