// The load generator of the project: one thread, one mode per run, one line of JSON. Loopback is
// enough; for numbers that mean something see bench/run.sh, which runs server and ceiling in turn
// on one core each.
#include <sys/resource.h>

#include <cstdio>
#include <exception>

#include "load/chat_run.h"
#include "load/group_run.h"
#include "load/login_run.h"
#include "load/offline_run.h"
#include "load/options.h"
#include "load/rpc_run.h"

namespace {

sara::bench::Outcome runMode(const sara::bench::Options& options) {
    if (options.mode == "chat") return sara::bench::ChatRun(options).run();
    if (options.mode == "group") return sara::bench::GroupRun(options).run();
    if (options.mode == "offline") return sara::bench::OfflineRun(options).run();
    if (options.mode == "rpc") return sara::bench::RpcRun(options).run();
    return sara::bench::LoginRun(options, options.mode == "idle").run();
}

}  // namespace

int main(int argc, char** argv) {
    sara::bench::Options options;
    const std::string wrong = sara::bench::parseOptions({argv + 1, argv + argc}, options);
    if (!wrong.empty()) {
        std::fprintf(stderr, "emsg_load: %s\n%s", wrong.c_str(), sara::bench::usage());
        return 2;
    }
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
    try {
        const sara::bench::Outcome outcome = runMode(options);
        std::printf("%s\n", outcome.line.c_str());
        return outcome.good ? 0 : 1;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "emsg_load: %s\n", e.what());
        return 1;
    }
}
