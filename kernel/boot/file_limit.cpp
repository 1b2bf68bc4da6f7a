#include "boot/file_limit.h"

#include <sys/resource.h>

namespace sara::boot {
namespace {

constexpr uint64_t kOwnFiles = 400;  // database, plugins, log, loops, callback, rpc
constexpr uint64_t kFewFiles = 4096;

}  // namespace

uint64_t raiseFileLimit() {
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return 0;
    const rlim_t soft = files.rlim_cur;
    files.rlim_cur = files.rlim_max;
    return ::setrlimit(RLIMIT_NOFILE, &files) == 0 ? files.rlim_cur : soft;
}

FileLimitLine describeFileLimit(uint64_t files) {
    const uint64_t clients = files > kOwnFiles ? files - kOwnFiles : 0;
    FileLimitLine line;
    line.text = "may open " + std::to_string(files) + " files, enough for about " +
                std::to_string(clients) + " clients";
    line.warning = files < kFewFiles;
    if (line.warning) line.text += "; raise the hard limit (LimitNOFILE, ulimit -Hn)";
    return line;
}

}  // namespace sara::boot
