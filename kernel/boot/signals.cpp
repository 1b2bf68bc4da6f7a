#include "boot/signals.h"

#include <poll.h>
#include <pthread.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <csignal>
#include <stdexcept>

namespace sara::boot {

namespace {

sigset_t ours() {
    sigset_t set;
    sigemptyset(&set);
    for (const int number : {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1}) sigaddset(&set, number);
    return set;
}

}  // namespace

void Signals::block() {
    sigset_t set = ours();
    sigaddset(&set, SIGPIPE);  // blocked, not read: a write says EPIPE
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

Signals::Signals() {
    const sigset_t set = ours();
    fd_ = ::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (fd_ < 0) throw std::runtime_error("signalfd failed");
}

Signals::~Signals() { ::close(fd_); }

Signals::Event Signals::wait(uint64_t timeout_ms) {
    pollfd readable{fd_, POLLIN, 0};
    const int timeout =
        timeout_ms == UINT64_MAX ? -1 : static_cast<int>(std::min<uint64_t>(timeout_ms, INT_MAX));
    if (::poll(&readable, 1, timeout) <= 0) return Event::kNone;
    signalfd_siginfo info{};
    if (::read(fd_, &info, sizeof info) != static_cast<ssize_t>(sizeof info)) return Event::kNone;
    switch (static_cast<int>(info.ssi_signo)) {
        case SIGHUP:
            return Event::kReopen;
        case SIGUSR1:
            request_ = info.ssi_code == SI_QUEUE ? info.ssi_int : 0;
            return Event::kReport;
        default:
            return Event::kEnd;
    }
}

}  // namespace sara::boot
