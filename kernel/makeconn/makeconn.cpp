#include "makeconn/makeconn.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <random>
#include <thread>

#include "makeconn/now_ns.h"
#include "makeconn/plan.h"
#include "makeconn/summary.h"
#include "makeconn/swarm.h"

namespace sara::makeconn {
namespace {

constexpr double kLineEverySeconds = 2;
constexpr double kDrainSeconds = 10;  // for what is on its way when sending ends
constexpr auto kTick = std::chrono::milliseconds(50);

enum Exit { kGood = 0, kBad = 1, kNotBegun = 2 };

volatile std::sig_atomic_t g_asked_to_end = 0;
extern "C" void onEnd(int) { g_asked_to_end = 1; }

double secondsSince(uint64_t ns) { return static_cast<double>(nowNs() - ns) / 1e9; }

std::string targetOf(const Options& options, Target* target, MachineLimits* machine, Plan* plan) {
    std::string wrong = resolve(options.host, options.port, AF_UNSPEC, &target->to);
    if (!wrong.empty()) return wrong;
    const bool loopback = target->to.family() == AF_INET && target->to.isLoopback();
    *machine = readLimits();
    *plan = planFor(options, *machine, loopback);
    if (!plan->wrong.empty()) return plan->wrong;
    target->host = options.host;
    target->tls = options.tls;
    target->ws = options.ws;
    for (const std::string& source : plan->sources) {
        target->from.emplace_back();
        wrong = resolve(source, 0, target->to.family(), &target->from.back());
        if (!wrong.empty()) return "--laddr " + wrong;
        // At connect the same error says that ports have run out.
        wrong = tryBind(target->from.back());
        if (!wrong.empty()) {
            return "--laddr " + source + ": " + wrong + "; is it an address of this machine?";
        }
    }
    return {};
}

class Run {
  public:
    Run(const Options& options, const Target& target, const Plan& plan)
        : options_(options),
          target_(target),
          plan_(plan),
          boards_(plan.workers, options.total),
          terminal_(::isatty(STDERR_FILENO) == 1) {}

    int run() {
        const uint64_t began_ns = nowNs();
        forkWorkers();
        Summary at = sumOf(boards_, plan_.workers);
        before_ = at;
        line_ns_ = began_ns;
        (void)until([&] { return sum().settled == plan_.workers; }, 0);
        RunTimes times;
        at = sum();
        times.connect_s = at.settled == plan_.workers
                              ? static_cast<double>(at.settled_ns - began_ns) / 1e9
                              : secondsSince(began_ns);
        const uint64_t go_ns = nowNs();
        if (at.online > at.closed && g_asked_to_end == 0) {
            boards_.signal().go.store(true);
            (void)until([&] { return sum().online == sum().closed; }, options_.duration_s);
        }
        times.load_s = secondsSince(go_ns);
        boards_.signal().stop.store(true);
        drain();
        const Summary end = sum();
        boards_.signal().finish.store(true);
        const bool whole = joinWorkers();
        if (terminal_ && !options_.json) std::fputc('\n', stderr);
        const std::string text =
            options_.json ? jsonLine(options_, end, times) + "\n" : table(options_, end, times);
        std::fputs(text.c_str(), stdout);
        std::fflush(stdout);
        return whole && isGood(options_, end) ? kGood : kBad;
    }

  private:
    [[nodiscard]] Summary sum() const { return sumOf(boards_, plan_.workers); }

    void forkWorkers() {
        std::random_device device;
        const uint64_t run = static_cast<uint64_t>(device()) << 32 | device();
        const pid_t parent = ::getpid();
        std::fflush(nullptr);
        uint32_t first = 0;
        for (uint32_t i = 0; i < plan_.workers; ++i) {
            const uint32_t count =
                options_.total / plan_.workers + (i < options_.total % plan_.workers ? 1 : 0);
            const pid_t pid = ::fork();
            if (pid == 0) work(parent, {run, first, count, i});
            if (pid < 0) throw std::runtime_error("cannot fork a worker");
            workers_.push_back(pid);
            first += count;
        }
    }

    [[noreturn]] void work(pid_t parent, const Swarm::Share& share) {
        // Ctrl-C goes to all of us; the parent says when it is over, or is dead.
        std::signal(SIGINT, SIG_IGN);
        std::signal(SIGTERM, SIG_IGN);
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != parent) ::_exit(kBad);
        try {
            Swarm(options_, target_, share, boards_).run();
        } catch (const std::exception& e) {
            std::fprintf(stderr, "sara makeconn: worker: %s\n", e.what());
            ::_exit(kBad);
        }
        ::_exit(kGood);
    }

    // Ticks until done(), the seconds are over (0: never), or somebody ended it.
    template <typename Done>
    bool until(const Done& done, double seconds) {
        const uint64_t begin_ns = nowNs();
        while (!done()) {
            if (g_asked_to_end != 0 || workerDied()) return false;
            if (seconds > 0 && secondsSince(begin_ns) >= seconds) return false;
            std::this_thread::sleep_for(kTick);
            progress();
        }
        return true;
    }

    // What was sent and not received may still be on its way.
    void drain() {
        const uint64_t begin_ns = nowNs();
        while (secondsSince(begin_ns) < kDrainSeconds && !workerDied()) {
            const Summary at = sum();
            const bool here =
                at.received >= at.sent && at.acked + at.notices >= at.sent && at.echoes >= at.beats;
            if (here || at.online == at.closed) return;
            std::this_thread::sleep_for(kTick);
        }
    }

    void progress() {
        const double seconds = secondsSince(line_ns_);
        if (seconds < kLineEverySeconds) return;
        const Summary now = sum();
        const std::string line = liveLine(before_, now, seconds);
        std::fprintf(stderr, terminal_ ? "\r%s\033[K" : "%s\n", line.c_str());
        before_ = now;
        line_ns_ = nowNs();
    }

    bool workerDied() {
        for (const pid_t pid : workers_) {
            siginfo_t info{};
            const int rc =
                ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT);
            if (rc == 0 && info.si_pid == pid) return true;
        }
        return false;
    }

    bool joinWorkers() {
        bool whole = true;
        for (const pid_t pid : workers_) {
            int status = 0;
            whole = ::waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
                    WEXITSTATUS(status) == kGood && whole;
        }
        if (!whole) std::fprintf(stderr, "sara makeconn: a worker did not end in order\n");
        return whole;
    }

    const Options& options_;
    const Target& target_;
    const Plan& plan_;
    Boards boards_;
    const bool terminal_;
    std::vector<pid_t> workers_;
    Summary before_;
    uint64_t line_ns_ = 0;
};

int makeconn(const std::vector<std::string>& args) {
    Options options;
    std::string wrong = parseOptions(args, options);
    if (!wrong.empty()) {
        std::fprintf(stderr, "sara makeconn: %s\n\n%s", wrong.c_str(), usage());
        return kNotBegun;
    }
    if (options.help) {
        std::fputs(usage(), stdout);
        return kGood;
    }
    Target target;
    MachineLimits machine;
    Plan plan;
    wrong = targetOf(options, &target, &machine, &plan);
    if (!wrong.empty()) {
        std::fprintf(stderr, "sara makeconn: %s\n", wrong.c_str());
        return kNotBegun;
    }
    raiseFileLimit();
    std::string laddr;
    for (const std::string& source : plan.sources) laddr += (laddr.empty() ? "" : ",") + source;
    std::fprintf(stderr, "laddr %s  raddr %s:%u  total %u  heartbeat %g\n",
                 laddr.empty() ? "-" : laddr.c_str(), options.host.c_str(), options.port,
                 options.total, options.heartbeat_s);
    std::fprintf(stderr, "cpu core: %u  worker: %u  files per process: %llu\n", machine.processors,
                 plan.workers, static_cast<unsigned long long>(machine.files));
    struct sigaction end {};
    end.sa_handler = onEnd;
    for (const int number : {SIGINT, SIGTERM}) ::sigaction(number, &end, nullptr);
    return Run(options, target, plan).run();
}

}  // namespace

int runMakeconn(const std::vector<std::string>& args) noexcept {
    try {
        return makeconn(args);
    } catch (const std::exception& e) {
        std::fprintf(stderr, "sara makeconn: %s\n", e.what());
        return kNotBegun;
    }
}

}  // namespace sara::makeconn
