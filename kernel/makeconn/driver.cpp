#include "makeconn/driver.h"

#include <openssl/ssl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>

#include "makeconn/now_ns.h"

namespace sara::makeconn {
namespace {
constexpr size_t kScratchBytes = 256 << 10;
constexpr uint32_t kEnded = EPOLLRDHUP | EPOLLHUP | EPOLLERR;
}  // namespace

Driver::Driver(Target target) : target_(std::move(target)), scratch_(kScratchBytes) {
    epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
    if (epoll_ < 0) throw std::runtime_error("no epoll");
    if (!target_.tls) return;
    context_ = ::SSL_CTX_new(::TLS_client_method());
    if (context_ == nullptr) throw std::runtime_error("no TLS");
    ::SSL_CTX_set_mode(context_, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_RELEASE_BUFFERS |
                                     SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

Driver::~Driver() {
    if (context_ != nullptr) ::SSL_CTX_free(context_);
    ::close(epoll_);
}

bool Driver::connect(Connection& connection) {
    const auto& from = target_.from;
    const Endpoint* source = from.empty() ? nullptr : &from[next_source_++ % from.size()];
    if (!connection.open(target_, source, context_)) return false;
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    event.data.ptr = &connection;
    if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.fd(), &event) == 0) return true;
    const int error = errno;
    connection.close();
    errno = error;
    return false;
}

void Driver::turn(int wait_ms) {
    flush();
    std::array<epoll_event, 512> events;
    const int n = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), wait_ms);
    for (int i = 0; i < n; ++i) {
        const epoll_event& event = events[static_cast<size_t>(i)];
        Connection& connection = *static_cast<Connection*>(event.data.ptr);
        if ((event.events & EPOLLOUT) != 0) connection.onWritable();
        if ((event.events & ~static_cast<uint32_t>(EPOLLOUT)) != 0 &&
            connection.state() != Connection::State::kClosed) {
            connection.onReadable(scratch_.data(), scratch_.size(), (event.events & kEnded) != 0);
        }
    }
    flush();
}

void Driver::flush() {
    for (size_t i = 0; i < dirty_.size(); ++i) {  // a flush may close, and a close may send
        dirty_[i]->dirty = false;
        dirty_[i]->flush();
    }
    dirty_.clear();
}

bool Driver::runUntil(const std::function<bool()>& done, double seconds) {
    const uint64_t end = nowNs() + static_cast<uint64_t>(seconds * 1e9);
    while (!done()) {
        const uint64_t now = nowNs();
        if (now >= end) return false;
        const uint64_t left_ms = (end - now) / 1'000'000 + 1;
        turn(static_cast<int>(left_ms < 20 ? left_ms : 20));
    }
    return true;
}

}  // namespace sara::makeconn
