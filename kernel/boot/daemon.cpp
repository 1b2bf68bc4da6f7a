#include "boot/daemon.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>

namespace sara::boot {

namespace {

[[noreturn]] void waitForChild(int pipe_end, pid_t child) {
    char word = 0;
    ssize_t n = 0;
    do {
        n = ::read(pipe_end, &word, 1);
    } while (n < 0 && errno == EINTR);
    if (n == 1) ::_exit(0);
    // The child has printed why. Its status is not interesting, but its end is.
    ::waitpid(child, nullptr, 0);
    ::_exit(1);
}

}  // namespace

Daemon::~Daemon() {
    if (parent_ >= 0) ::close(parent_);
}

void Daemon::fork() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe for the daemon");
    const pid_t child = ::fork();
    if (child < 0) throw std::runtime_error("cannot fork");
    if (child > 0) {
        ::close(ends[1]);
        waitForChild(ends[0], child);
    }
    ::close(ends[0]);
    parent_ = ends[1];
    forked_ = true;
    ::setsid();
    ::umask(027);
}

void Daemon::ready() {
    if (!forked_ || parent_ < 0) return;
    // The terminal first: whoever waits for the parent may close it at once.
    const int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    if (nothing >= 0) {
        for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(nothing, fd);
        ::close(nothing);
    }
    if (::chdir("/") != 0) return;
    const char word = 'R';
    while (::write(parent_, &word, 1) < 0 && errno == EINTR) {
    }
    ::close(parent_);
    parent_ = -1;
}

}  // namespace sara::boot
