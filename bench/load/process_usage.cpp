#include "load/process_usage.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace sara::bench {
namespace {

// Nanoseconds on a CPU, of all threads: finer than the ticks of /proc/PID/stat.
uint64_t cpuNs(const std::string& folder) {
    uint64_t sum = 0;
    std::error_code error;
    for (const auto& thread : std::filesystem::directory_iterator(folder + "/task", error)) {
        std::ifstream in(thread.path() / "schedstat");
        uint64_t ns = 0;
        if (in >> ns) sum += ns;
    }
    return sum;
}

}  // namespace

ProcessUsage usageOf(int pid) {
    if (pid <= 0) return {};
    const std::string folder = "/proc/" + std::to_string(pid);
    std::ifstream statm(folder + "/statm");
    uint64_t all = 0;
    uint64_t resident = 0;
    statm >> all >> resident;
    return {static_cast<double>(cpuNs(folder)) / 1e9,
            resident * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE))};
}

}  // namespace sara::bench
