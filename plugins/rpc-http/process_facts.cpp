#include "process_facts.h"

#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

namespace sara::rpc_http {
namespace {

std::string seconds(const timeval& a, const timeval& b) {
    char text[48];
    const double sum =
        static_cast<double>(a.tv_sec + b.tv_sec) + static_cast<double>(a.tv_usec + b.tv_usec) / 1e6;
    std::snprintf(text, sizeof text, "%.3f", sum);
    return text;
}

}  // namespace

std::vector<ProcessFact> processFacts() {
    std::vector<ProcessFact> facts;
    rusage usage{};
    if (getrusage(RUSAGE_SELF, &usage) == 0) {
        facts.push_back({"process_cpu_seconds_total", "user and system time", true,
                         seconds(usage.ru_utime, usage.ru_stime)});
    }
    uint64_t pages_all = 0, pages_resident = 0;
    if (std::ifstream("/proc/self/statm") >> pages_all >> pages_resident) {
        const auto page_bytes = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
        facts.push_back({"process_resident_memory_bytes", "resident memory", false,
                         std::to_string(pages_resident * page_bytes)});
    }
    std::error_code error;
    size_t files = 0;
    for (std::filesystem::directory_iterator entry("/proc/self/fd", error), end; entry != end;
         entry.increment(error)) {
        if (error) break;
        ++files;
    }
    if (files > 0) {
        facts.push_back({"process_open_fds", "open files", false, std::to_string(files)});
    }
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        facts.push_back(
            {"process_max_fds", "files that may be open", false, std::to_string(limit.rlim_cur)});
    }
    return facts;
}

}  // namespace sara::rpc_http
