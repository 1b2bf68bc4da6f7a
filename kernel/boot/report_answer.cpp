#include "boot/report_answer.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <random>

#include "boot/pid_file.h"

namespace sara::boot {
namespace {

constexpr size_t kAnswerBytesMax = 16u << 10;
constexpr int kLookEveryMs = 20;

std::string answerFile(const std::string& pid_file) { return pid_file + ".answer"; }
std::string headOf(int request) { return "request " + std::to_string(request) + "\n"; }

std::string answerError() { return std::strerror(errno); }

// The answer to this request, "" when it is not there (yet).
std::string readAnswer(const std::string& pid_file, int request) {
    struct stat pid_owner {
    }, owner{};
    const int fd =
        ::open(answerFile(pid_file).c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) return {};
    std::string text;
    // Whoever may write the pid file may write the answer.
    if (::fstat(fd, &owner) == 0 && S_ISREG(owner.st_mode) &&
        ::stat(pid_file.c_str(), &pid_owner) == 0 && owner.st_uid == pid_owner.st_uid) {
        text.resize(kAnswerBytesMax);
        const ssize_t n = ::read(fd, text.data(), text.size());
        text.resize(n > 0 ? static_cast<size_t>(n) : 0);
    }
    ::close(fd);
    const std::string head = headOf(request);
    return text.rfind(head, 0) == 0 ? text.substr(head.size()) : "";
}

// SIGUSR1 with a number. A descriptor of the process: its pid may be another one's by now.
bool send(int process, int request) {
    siginfo_t info{};
    info.si_signo = SIGUSR1;
    info.si_code = SI_QUEUE;
    info.si_pid = ::getpid();
    info.si_uid = ::getuid();
    info.si_value.sival_int = request;
    return ::syscall(SYS_pidfd_send_signal, process, SIGUSR1, &info, 0) == 0;
}

int failed(const std::string& sentence) {
    std::cerr << "sara: pprof: " << sentence << "\n";
    return 1;
}

}  // namespace

std::string answerReport(const std::string& pid_file, int request, const std::string& lines) {
    if (pid_file.empty()) return {};
    const std::string fresh = answerFile(pid_file) + ".new";
    ::unlink(fresh.c_str());
    const int fd =
        ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0) return fresh + ": " + answerError();
    const std::string text = headOf(request) + lines;
    const bool written = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    ::close(fd);
    // Whoever reads sees the old answer or the whole new one.
    if (written && ::rename(fresh.c_str(), answerFile(pid_file).c_str()) == 0) return {};
    std::string error = answerFile(pid_file) + ": " + answerError();
    ::unlink(fresh.c_str());
    return error;
}

void forgetReport(const std::string& pid_file) {
    if (!pid_file.empty()) ::unlink(answerFile(pid_file).c_str());
}

int askForProfiles(const std::string& pid_file, int64_t timeout_ms) {
    if (pid_file.empty()) return failed("the conf file says \"pidfile\": \"\", so nobody is known");
    pid_t pid = 0;
    std::string error;
    const PidState state = readPidFile(pid_file, &pid, &error);
    if (!error.empty()) return failed(error);
    if (state == PidState::kNone)
        return failed("sara is not running (no pid file " + pid_file + ")");
    if (state == PidState::kStale) {
        return failed("sara is not running (" + pid_file + " is left over)");
    }
    const int process = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
    const int request = static_cast<int>(std::random_device()() >> 1);
    if (process < 0 || !send(process, request)) {
        error = "pid " + std::to_string(pid) + " cannot be asked: " + answerError();
        if (process >= 0) ::close(process);
        return failed(error);
    }
    std::string answer;
    for (int64_t waited = 0; waited < timeout_ms && answer.empty(); waited += kLookEveryMs) {
        pollfd ended{process, POLLIN, 0};
        const bool gone = ::poll(&ended, 1, kLookEveryMs) > 0;
        answer = readAnswer(pid_file, request);
        if (gone && answer.empty()) {
            ::close(process);
            return failed("pid " + std::to_string(pid) + " has ended");
        }
    }
    ::close(process);
    if (answer.empty()) {
        return failed("pid " + std::to_string(pid) + " did not answer in " +
                      std::to_string(timeout_ms) + " ms; its log says more");
    }
    if (answer.front() == '!') return failed(answer.substr(1, answer.find('\n') - 1));
    std::cout << answer;
    return 0;
}

}  // namespace sara::boot
