#include "program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>

namespace sara::boot {

namespace {

using Clock = std::chrono::steady_clock;

int leftMs(Clock::time_point end) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
    return static_cast<int>(std::max<int64_t>(0, left.count()));
}

bool take(int* fd, short events, std::string* into) {
    if (*fd < 0 || events == 0) return false;
    char part[4096];
    const ssize_t n = ::read(*fd, part, sizeof part);
    if (n > 0) {
        into->append(part, static_cast<size_t>(n));
        return true;
    }
    ::close(*fd);
    *fd = -1;
    return false;
}

}  // namespace

Program::Program(const std::vector<std::string>& args,
                 const std::vector<std::string>& environment) {
    int out[2], err[2];
    if (::pipe2(out, O_CLOEXEC) != 0 || ::pipe2(err, O_CLOEXEC) != 0) std::abort();
    std::vector<std::string> words = {path()};
    words.insert(words.end(), args.begin(), args.end());
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ == 0) {
        ::dup2(out[1], STDOUT_FILENO);
        ::dup2(err[1], STDERR_FILENO);
        for (const std::string& variable : environment)
            ::putenv(const_cast<char*>(variable.c_str()));
        ::execv(argv[0], argv.data());
        ::_exit(127);
    }
    ::close(out[1]);
    ::close(err[1]);
    out_fd_ = out[0];
    err_fd_ = err[0];
}

Program::~Program() {
    if (pid_ > 0) {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    if (out_fd_ >= 0) ::close(out_fd_);
    if (err_fd_ >= 0) ::close(err_fd_);
}

void Program::signal(int number) const { ::kill(pid_, number); }

bool Program::readMore(int timeout_ms) {
    pollfd fds[] = {{out_fd_, POLLIN, 0}, {err_fd_, POLLIN, 0}};
    if (::poll(fds, 2, timeout_ms) <= 0) return false;
    take(&out_fd_, fds[0].revents, &out_);
    take(&err_fd_, fds[1].revents, &err_);
    return true;
}

bool Program::waitForOutput(const std::string& text, int timeout_ms) {
    const auto end = Clock::now() + std::chrono::milliseconds(timeout_ms);
    while (out_.find(text) == std::string::npos) {
        if (out_fd_ < 0 || leftMs(end) == 0) return false;
        readMore(leftMs(end));
    }
    return true;
}

int Program::wait(int timeout_ms) {
    const auto end = Clock::now() + std::chrono::milliseconds(timeout_ms);
    int status = 0;
    for (;;) {
        const pid_t ended = ::waitpid(pid_, &status, WNOHANG);
        if (ended == pid_) break;
        if (leftMs(end) == 0) return -1;
        if (out_fd_ >= 0 || err_fd_ >= 0) {
            readMore(20);
        } else {
            ::poll(nullptr, 0, 5);
        }
    }
    pid_ = -1;
    // A daemon keeps the pipes until it is ready, so the end may come later than the process's.
    while ((out_fd_ >= 0 || err_fd_ >= 0) && readMore(200)) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace sara::boot
