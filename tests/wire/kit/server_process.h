// The real server as a child process: its conf, its ready line, its end. Decides that a test never
// leaves a server behind; refuses to guess a port that the ready line does not name.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kit/conf.h"
#include "kit/deadline.h"

namespace sara::wire {

// The server's executable, from the build tree of these tests or from $SARA_TEST_BINARY.
[[nodiscard]] std::string saraBinary();

// One child process with stdin from /dev/null and its output in a file.
class ChildProcess {
  public:
    // Starts args[0] with args. limit_files: RLIMIT_NOFILE of the child, 0 for ours. stdin_path:
    // what the child reads. Throws std::runtime_error.
    ChildProcess(std::vector<std::string> args, std::string output_path, uint64_t limit_files = 0,
                 const std::string& stdin_path = "/dev/null");
    ~ChildProcess();  // kills with SIGKILL what still runs
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;

    void signal(int number) const;
    // Exit code (128 + signal number when killed), or nothing when it still runs at the deadline.
    [[nodiscard]] std::optional<int> waitExit(Millis wait = kPatience);
    [[nodiscard]] std::string output() const;
    [[nodiscard]] pid_t pid() const { return pid_; }

  private:
    pid_t pid_ = -1;
    std::optional<int> exit_code_;
    std::string output_path_;
};

class ServerProcess {
  public:
    // Writes conf into folder and starts the server. Throws std::runtime_error with the server's
    // output when it does not become ready.
    ServerProcess(const std::string& folder, const Conf& conf, uint64_t limit_files = 0);

    [[nodiscard]] uint16_t port() const { return port_; }
    [[nodiscard]] uint16_t tlsPort() const { return tls_port_; }
    [[nodiscard]] uint16_t wsPort() const { return ws_port_; }
    [[nodiscard]] uint16_t wssPort() const { return wss_port_; }
    [[nodiscard]] uint16_t rpcPort() const { return rpc_port_; }
    [[nodiscard]] pid_t pid() const { return child_.pid(); }
    [[nodiscard]] std::string output() const { return child_.output(); }
    [[nodiscard]] std::string readyLine() const { return ready_line_; }
    [[nodiscard]] bool running() { return !child_.waitExit(Millis(0)); }

    // SIGTERM, and the exit code; nothing when it does not end in time.
    [[nodiscard]] std::optional<int> terminate(Millis wait = kPatience);
    void killHard();  // SIGKILL, and waits for the end
    void signal(int number) const { child_.signal(number); }
    [[nodiscard]] std::optional<int> waitExit(Millis wait = kPatience) {
        return child_.waitExit(wait);
    }

    [[nodiscard]] uint64_t rssKb() const;
    [[nodiscard]] size_t openFiles() const;
    [[nodiscard]] double cpuSeconds() const;

  private:
    void awaitReady();

    ChildProcess child_;
    std::string ready_line_;
    uint16_t port_ = 0;
    uint16_t tls_port_ = 0;
    uint16_t ws_port_ = 0;
    uint16_t wss_port_ = 0;
    uint16_t rpc_port_ = 0;
};

// Runs `sara` with args to its end. Returns exit code and output; code -1 when it did not end in
// time.
struct CommandResult {
    int code = -1;
    std::string output;
};
[[nodiscard]] CommandResult runSara(const std::string& folder, const std::vector<std::string>& args,
                                    const std::string& stdin_text = "");

}  // namespace sara::wire
