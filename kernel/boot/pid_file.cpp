#include "boot/pid_file.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <iostream>

namespace sara::boot {

namespace {

// Symbolic links are refused: the default lies in /tmp, where everybody may put one.
constexpr int kOpenFlags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;

std::string why() { return std::strerror(errno); }

pid_t pidIn(int fd) {
    char text[32] = {};
    const ssize_t n = ::pread(fd, text, sizeof text - 1, 0);
    pid_t pid = 0;
    if (n <= 0 || std::from_chars(text, text + n, pid).ec != std::errc() || pid <= 1) return 0;
    return pid;
}

// The name may have been removed or given to another file between open and lock.
bool isStillNamed(int fd, const std::string& path) {
    struct stat ours {
    }, named{};
    return ::fstat(fd, &ours) == 0 && ::lstat(path.c_str(), &named) == 0 &&
           ours.st_dev == named.st_dev && ours.st_ino == named.st_ino;
}

}  // namespace

bool PidFile::claim(const std::string& path, std::string* error) {
    if (path.empty()) return true;
    for (int attempt = 0; attempt < 8; ++attempt) {
        const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | kOpenFlags, 0644);
        struct stat about {};
        if (fd < 0 || ::fstat(fd, &about) != 0) {
            *error = "pid file " + path + ": " + why();
            if (fd >= 0) ::close(fd);
            return false;
        }
        if (!S_ISREG(about.st_mode)) {
            *error = "pid file " + path + ": is not a regular file";
            ::close(fd);
            return false;
        }
        if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
            const pid_t holder = pidIn(fd);
            *error = "pid file " + path + ": a server is running already, pid " +
                     std::to_string(holder) + "; stop it or give this one another \"pidfile\"";
            ::close(fd);
            return false;
        }
        if (!isStillNamed(fd, path)) {
            ::close(fd);
            continue;
        }
        const std::string text = std::to_string(::getpid());
        if (::ftruncate(fd, 0) != 0 ||
            ::pwrite(fd, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) {
            *error = "pid file " + path + ": " + why();
            ::close(fd);
            return false;
        }
        path_ = path;
        fd_ = fd;
        return true;
    }
    *error = "pid file " + path + ": others create and remove it all the time";
    return false;
}

PidFile::~PidFile() {
    if (fd_ < 0) return;
    if (isStillNamed(fd_, path_)) ::unlink(path_.c_str());
    ::close(fd_);  // and with it the lock
}

PidState readPidFile(const std::string& path, pid_t* pid, std::string* error) {
    const int fd = ::open(path.c_str(), O_RDONLY | kOpenFlags);
    if (fd < 0) {
        if (errno != ENOENT) *error = "pid file " + path + ": " + why();
        return PidState::kNone;
    }
    // A shared lock: two curious readers do not take each other for a server.
    const bool free = ::flock(fd, LOCK_SH | LOCK_NB) == 0;
    *pid = pidIn(fd);
    ::close(fd);
    if (free) return PidState::kStale;
    if (*pid == 0) {
        *error = "pid file " + path + ": is locked, but holds no pid";
        return PidState::kNone;
    }
    return PidState::kRunning;
}

int stopServer(const std::string& path, int64_t timeout_ms) {
    pid_t pid = 0;
    std::string error;
    const PidState state = readPidFile(path, &pid, &error);
    if (!error.empty()) {
        std::cerr << "sara: " << error << "\n";
        return 1;
    }
    if (state == PidState::kNone) {
        std::cout << "sara is not running (no pid file " << path << ")\n";
        return 0;
    }
    if (state == PidState::kStale) {
        std::cout << "sara is not running (" << path << " is left over)\n";
        return 0;
    }
    // A descriptor of the process: the number may be given to another one while we wait.
    const int process = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
    if (process < 0 || readPidFile(path, &pid, &error) != PidState::kRunning) {
        std::cout << "server shutdown success: it ended by itself\n";
        if (process >= 0) ::close(process);
        return 0;
    }
    if (::syscall(SYS_pidfd_send_signal, process, SIGTERM, nullptr, 0) != 0) {
        std::cerr << "sara: pid " << pid << " cannot be stopped: " << why() << "\n";
        ::close(process);
        return 1;
    }
    pollfd ended{process, POLLIN, 0};
    const int got = ::poll(&ended, 1, static_cast<int>(timeout_ms));
    ::close(process);
    if (got <= 0) {
        std::cerr << "sara: pid " << pid << " still runs " << timeout_ms << " ms after SIGTERM\n";
        return 1;
    }
    std::cout << "server shutdown success: pid " << pid << " has ended\n";
    return 0;
}

}  // namespace sara::boot
