#include "kit/server_process.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <sstream>
#include <stdexcept>

#include "kit/temp_folder.h"

namespace sara::wire {
namespace {

// What the child does between fork and exec: only calls that are safe there.
[[noreturn]] void becomeChild(char* const* argv, const char* output, const char* input,
                              uint64_t limit_files, pid_t parent) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // a test that dies takes its server along
    if (::getppid() != parent) ::_exit(126);
    const int in = ::open(input, O_RDONLY | O_CLOEXEC);
    const int out = ::open(output, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (in < 0 || out < 0) ::_exit(126);
    ::dup2(in, STDIN_FILENO);
    ::dup2(out, STDOUT_FILENO);
    ::dup2(out, STDERR_FILENO);
    if (limit_files > 0) {
        const rlimit limit{limit_files, limit_files};
        ::setrlimit(RLIMIT_NOFILE, &limit);
    }
    ::execv(argv[0], argv);
    ::_exit(127);
}

std::string procFile(pid_t pid, const char* name) {
    return readFile("/proc/" + std::to_string(pid) + "/" + name);
}

// The port that the ready line names for a listener: what stands behind "tcp 127.0.0.1:".
uint16_t portOf(const std::string& line, const std::string& listener) {
    const auto name = line.find(" " + listener + " ");
    const auto colon = name == std::string::npos ? name : line.find(':', name);
    if (colon == std::string::npos) return 0;
    return static_cast<uint16_t>(std::strtoul(line.c_str() + colon + 1, nullptr, 10));
}

std::string confFile(const std::string& folder, const Conf& conf) {
    const std::string path = folder + "/conf.json";
    writeFile(path, conf.json());
    return path;
}

std::string nextOutput(const std::string& folder) {
    static std::atomic<int> count{0};
    return folder + "/output." + std::to_string(++count);
}

}  // namespace

std::string saraBinary() {
    const char* other = ::getenv("SARA_TEST_BINARY");
    return other != nullptr ? other : SARA_BINARY_DIR "/bin/sara";
}

ChildProcess::ChildProcess(std::vector<std::string> args, std::string output_path,
                           uint64_t limit_files, const std::string& stdin_path)
    : output_path_(std::move(output_path)) {
    if (::access(args[0].c_str(), X_OK) != 0) throw std::runtime_error("no program " + args[0]);
    std::vector<char*> argv;
    for (std::string& arg : args) argv.push_back(arg.data());
    argv.push_back(nullptr);
    const pid_t parent = ::getpid();
    pid_ = ::fork();
    if (pid_ < 0) throw std::runtime_error("fork failed");
    if (pid_ == 0) {
        becomeChild(argv.data(), output_path_.c_str(), stdin_path.c_str(), limit_files, parent);
    }
}

ChildProcess::~ChildProcess() {
    if (exit_code_) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
}

void ChildProcess::signal(int number) const {
    if (!exit_code_) ::kill(pid_, number);
}

std::optional<int> ChildProcess::waitExit(Millis wait) {
    (void)waitUntil(
        [&] {
            if (exit_code_) return true;
            int status = 0;
            if (::waitpid(pid_, &status, WNOHANG) != pid_) return false;
            exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
            return true;
        },
        wait);
    return exit_code_;
}

std::string ChildProcess::output() const { return readFile(output_path_); }

ServerProcess::ServerProcess(const std::string& folder, const Conf& conf, uint64_t limit_files)
    : child_({saraBinary(), "-c", confFile(folder, conf)}, nextOutput(folder), limit_files) {
    awaitReady();
}

void ServerProcess::awaitReady() {
    const bool ready = waitUntil(
        [&] {
            std::istringstream lines(child_.output());
            for (std::string line; std::getline(lines, line);) {
                // A line is whole once its end is there; getline cannot tell for the last one.
                if (line.find("ready") == std::string::npos || lines.eof()) continue;
                port_ = portOf(line, "tcp");
                tls_port_ = portOf(line, "tls");
                ws_port_ = portOf(line, "ws");
                wss_port_ = portOf(line, "wss");
                rpc_port_ = portOf(line, "rpc");
                ready_line_ = line;
                if (port_ + tls_port_ + ws_port_ + wss_port_ != 0) return true;
            }
            return child_.waitExit(Millis(0)).has_value();
        },
        Millis(20'000));
    if (!ready || ready_line_.empty() || !running()) {
        throw std::runtime_error("the server is not ready; it said:\n" + child_.output());
    }
}

std::optional<int> ServerProcess::terminate(Millis wait) {
    child_.signal(SIGTERM);
    return child_.waitExit(wait);
}

void ServerProcess::killHard() {
    child_.signal(SIGKILL);
    (void)child_.waitExit();
}

uint64_t ServerProcess::rssKb() const {
    const std::string status = procFile(pid(), "status");
    const auto at = status.find("VmRSS:");
    return at == std::string::npos ? 0 : std::strtoull(status.c_str() + at + 6, nullptr, 10);
}

size_t ServerProcess::openFiles() const {
    std::error_code error;
    size_t count = 0;
    const std::filesystem::path folder = "/proc/" + std::to_string(pid()) + "/fd";
    for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end;
         it.increment(error)) {
        ++count;
    }
    return count;
}

double ServerProcess::cpuSeconds() const {
    const std::string stat = procFile(pid(), "stat");
    std::istringstream fields(stat.substr(std::min(stat.size(), stat.rfind(')') + 1)));
    std::string word;
    unsigned long ticks = 0;
    for (int i = 3; i <= 15 && fields >> word; ++i) {
        if (i >= 14) ticks += std::strtoul(word.c_str(), nullptr, 10);
    }
    return static_cast<double>(ticks) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

CommandResult runSara(const std::string& folder, const std::vector<std::string>& args,
                      const std::string& stdin_text) {
    std::vector<std::string> all{saraBinary()};
    all.insert(all.end(), args.begin(), args.end());
    const std::string output = nextOutput(folder);
    const std::string input = output + ".stdin";
    writeFile(input, stdin_text);
    ChildProcess child(all, output, 0, input);
    CommandResult result;
    result.code = child.waitExit(Millis(20'000)).value_or(-1);
    result.output = child.output();
    return result;
}

}  // namespace sara::wire
