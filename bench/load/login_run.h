// Logins: how many per second, coming and going, or what each costs in memory when it stays.
#pragma once
#include <memory>
#include <vector>

#include "load/client_parts.h"
#include "load/options.h"
#include "load/report.h"

namespace sara::bench {

class LoginRun : public Owner {
  public:
    // stay: each connection logs in once and stays (mode idle), else it closes and comes again
    // until count logins are done (mode logins).
    LoginRun(const Options& options, bool stay);
    [[nodiscard]] Outcome run();  // throws std::runtime_error

    void onConnected(Connection& connection) override;
    void onFrame(Connection& connection, std::string_view body, uint64_t now_ns) override;
    void onClosed(Connection& connection) override;

  private:
    void start(Connection& connection);

    const Options& options_;
    const bool stay_;
    Driver driver_;
    std::vector<std::unique_ptr<Connection>> connections_;
    std::vector<uint64_t> started_ns_;
    std::vector<Connection*> ready_;  // may start a login in the next turn
    Histogram latency_;
    uint64_t started_ = 0;
    uint64_t done_ = 0;
    uint64_t failed_ = 0;
};

}  // namespace sara::bench
