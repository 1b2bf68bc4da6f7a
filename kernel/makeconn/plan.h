// What this machine allows a load: files per process, ports per address. Decides how many processes
// and source addresses a run needs; refuses one that cannot work with a sentence that says which
// limit is too low and what to do.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "makeconn/options.h"

namespace sara::makeconn {

struct MachineLimits {
    uint64_t files = 0;       // hard limit of open files per process
    uint32_t processors = 1;  // that this process may use
    uint16_t port_first = 0;  // net.ipv4.ip_local_port_range
    uint16_t port_last = 0;

    [[nodiscard]] uint32_t ports() const { return port_last - port_first + 1u; }
};

struct Plan {
    uint32_t workers = 0;
    std::vector<std::string> sources;  // empty: the system's choice
    std::string wrong;                 // not empty: it cannot be done, one sentence
};

// [any] loopback: the server is on a 127.x address.
[[nodiscard]] Plan planFor(const Options& options, const MachineLimits& machine, bool loopback);
// [control] Of the machine we run on.
[[nodiscard]] MachineLimits readLimits();
// [control] Raises the soft limit of files to the hard one.
void raiseFileLimit();

}  // namespace sara::makeconn
