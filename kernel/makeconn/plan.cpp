#include "makeconn/plan.h"

#include <sched.h>
#include <sys/resource.h>

#include <algorithm>
#include <fstream>

namespace sara::makeconn {
namespace {

constexpr uint32_t kWorkersMax = 256;       // docs/limits.md: makeconn_workers_max
constexpr uint64_t kOwnFiles = 32;          // of a worker besides its connections
constexpr uint32_t kUsersPerWorker = 1000;  // fewer do not fill a processor
// The server's default for connections of one address is 10,000.
constexpr uint32_t kUsersPerLoopback = 9000;

uint32_t parts(uint64_t all, uint64_t part) {
    return static_cast<uint32_t>((all + part - 1) / part);
}

std::string fileSentence(uint64_t needed, const std::string& what, const MachineLimits& machine) {
    return what + " need " + std::to_string(needed) + " open files each, and a process may open " +
           std::to_string(machine.files) + " here (hard limit, `ulimit -Hn`)";
}

void planWorkers(const Options& o, const MachineLimits& machine, Plan& plan) {
    if (machine.files <= kOwnFiles) {
        plan.wrong = fileSentence(kOwnFiles + 1, "processes", machine) + ": raise it";
        return;
    }
    const uint32_t needed = parts(o.total, machine.files - kOwnFiles);
    if (o.workers != 0) {
        plan.workers = std::min(o.workers, o.total);
        if (needed <= plan.workers) return;
        plan.wrong =
            fileSentence(parts(o.total, o.workers) + kOwnFiles,
                         std::to_string(o.total) + " connections in " + std::to_string(o.workers) +
                             (o.workers == 1 ? " worker" : " workers"),
                         machine) +
            ": raise it, or say --workers " + std::to_string(needed);
        return;
    }
    const uint32_t useful = std::min(machine.processors, parts(o.total, kUsersPerWorker));
    plan.workers = std::max({needed, useful, 1u});
    if (plan.workers <= kWorkersMax) return;
    plan.wrong = fileSentence(parts(o.total, kWorkersMax) + kOwnFiles,
                              std::to_string(o.total) + " connections in " +
                                  std::to_string(kWorkersMax) + " workers",
                              machine) +
                 ": raise it";
}

void planSources(const Options& o, const MachineLimits& machine, bool loopback, Plan& plan) {
    plan.sources = o.laddr;
    if (plan.sources.empty() && loopback) {
        const uint32_t each = std::min(kUsersPerLoopback, machine.ports());
        const uint32_t count = std::min(parts(o.total, each), 250u);
        for (uint32_t i = 1; i <= count; ++i) {
            plan.sources.push_back("127.0.0." + std::to_string(i));
        }
    }
    const uint64_t addresses = std::max<uint64_t>(plan.sources.size(), 1);
    if (o.total <= addresses * machine.ports()) return;
    plan.wrong = std::to_string(o.total) + " connections from " + std::to_string(addresses) +
                 (addresses == 1 ? " address" : " addresses") +
                 " run out of ports: one address has " + std::to_string(machine.ports()) +
                 " (net.ipv4.ip_local_port_range is " + std::to_string(machine.port_first) + " " +
                 std::to_string(machine.port_last) + "); name " +
                 std::to_string(parts(o.total, machine.ports())) +
                 " addresses of this machine with --laddr, or widen the range";
}

}  // namespace

Plan planFor(const Options& options, const MachineLimits& machine, bool loopback) {
    Plan plan;
    planWorkers(options, machine, plan);
    if (plan.wrong.empty()) planSources(options, machine, loopback, plan);
    return plan;
}

MachineLimits readLimits() {
    MachineLimits machine;
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    machine.files = files.rlim_max;
    cpu_set_t processors;
    CPU_ZERO(&processors);
    if (::sched_getaffinity(0, sizeof processors, &processors) == 0) {
        machine.processors = static_cast<uint32_t>(std::max(1, CPU_COUNT(&processors)));
    }
    std::ifstream range("/proc/sys/net/ipv4/ip_local_port_range");
    if (!(range >> machine.port_first >> machine.port_last) ||
        machine.port_last < machine.port_first) {
        machine.port_first = 32768;
        machine.port_last = 60999;
    }
    return machine;
}

void raiseFileLimit() {
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
}

}  // namespace sara::makeconn
