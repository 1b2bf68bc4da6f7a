// What a process used, read from /proc. Decides that a process which is gone used nothing.
#pragma once
#include <cstdint>

namespace sara::bench {

struct ProcessUsage {
    double cpu_seconds = 0;  // user and system
    uint64_t rss_bytes = 0;
};

[[nodiscard]] ProcessUsage usageOf(int pid);

}  // namespace sara::bench
