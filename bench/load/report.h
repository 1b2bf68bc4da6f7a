// The one line that a run prints. Decides that numbers are plain JSON and that a run says itself
// whether its messages were all right.
#pragma once
#include <cstdint>
#include <string>

#include "load/client_parts.h"
#include "load/process_usage.h"

namespace sara::bench {

class Report {
  public:
    explicit Report(const std::string& mode) : text_("{\"mode\":\"" + mode + '"') {}
    void number(const std::string& name, double value);
    void count(const std::string& name, uint64_t value);
    void latency(const std::string& name, const Histogram& histogram);  // p50, p99, p999, in us
    // CPU of the server and of ourselves between two readings; per million of units.
    void usage(const ProcessUsage& before, const ProcessUsage& after, double own_cpu_seconds,
               double seconds, double units);
    [[nodiscard]] std::string line() const { return text_ + "}"; }

  private:
    std::string text_;
};

// What one run came to: its line, and whether everything arrived once and in order.
struct Outcome {
    std::string line;
    bool good = false;
};

// CPU seconds of this process.
[[nodiscard]] double ownCpuSeconds();

}  // namespace sara::bench
