#include "load/connection.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "load/process_usage.h"

#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24
#endif

namespace sara::bench {
namespace {

constexpr char kFrameEnd = '\x01';

sockaddr_in addressOf(const std::string& host, uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    ::inet_pton(AF_INET, host.c_str(), &address.sin_addr);
    return address;
}

}  // namespace

Connection::~Connection() { close(); }

void Connection::close() {
    if (ssl_ != nullptr) ::SSL_free(ssl_);
    if (fd_ >= 0) ::close(fd_);
    ssl_ = nullptr;
    fd_ = -1;
    state_ = State::kClosed;
}

void Connection::end() {
    if (state_ == State::kClosed) return;
    close();
    owner_.onClosed(*this);
}

bool Connection::open(const std::string& host, uint16_t port, const std::string& source,
                      SSL_CTX* context) {
    state_ = State::kConnecting;
    out_.clear();
    sent_ = 0;
    partial_.clear();
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd_ < 0) return false;
    const int one = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    // The port is chosen at connect, per destination: a bound address has 28,000 of them for each.
    ::setsockopt(fd_, SOL_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    const sockaddr_in from = addressOf(source, 0);
    const sockaddr_in to = addressOf(host, port);
    const bool started = ::bind(fd_, reinterpret_cast<const sockaddr*>(&from), sizeof from) == 0 &&
                         (::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0 ||
                          errno == EINPROGRESS);
    if (started && context != nullptr) {
        ssl_ = ::SSL_new(context);
        ::SSL_set_fd(ssl_, fd_);
        ::SSL_set_connect_state(ssl_);
    }
    if (!started) close();
    return started;
}

void Connection::shakeHands() {
    state_ = State::kHandshake;
    if (ssl_ != nullptr) {
        const int rc = ::SSL_do_handshake(ssl_);
        if (rc != 1) {
            const int error = ::SSL_get_error(ssl_, rc);
            if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) end();
            return;
        }
    }
    state_ = State::kOpen;
    owner_.onConnected(*this);
}

long Connection::readSome(char* bytes, size_t size) {
    if (ssl_ == nullptr) {
        const ssize_t n = ::recv(fd_, bytes, size, 0);
        if (n >= 0) return n;
        return errno == EAGAIN || errno == EINTR ? -1 : 0;
    }
    const int n = ::SSL_read(ssl_, bytes, static_cast<int>(size));
    if (n > 0) return n;
    const int error = ::SSL_get_error(ssl_, n);
    return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? -1 : 0;
}

long Connection::writeSome(const char* bytes, size_t size) {
    if (ssl_ == nullptr) {
        const ssize_t n = ::send(fd_, bytes, size, MSG_NOSIGNAL);
        if (n >= 0) return n;
        return errno == EAGAIN || errno == EINTR ? -1 : 0;
    }
    const int n = ::SSL_write(ssl_, bytes, static_cast<int>(size));
    if (n > 0) return n;
    const int error = ::SSL_get_error(ssl_, n);
    return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? -1 : 0;
}

void Connection::onReadable(char* scratch, size_t scratch_size) {
    if (state_ == State::kConnecting || state_ == State::kHandshake) {
        if (state_ == State::kHandshake) shakeHands();
        if (state_ != State::kOpen) return;
    }
    while (state_ == State::kOpen) {
        const long n = readSome(scratch, scratch_size);
        if (n < 0) return;
        if (n == 0) return end();
        take(scratch, static_cast<size_t>(n), nowNs());
        // A short read of plain TCP has emptied the socket; TLS gives one record at a time.
        if (ssl_ == nullptr && static_cast<size_t>(n) < scratch_size) return;
    }
}

void Connection::take(const char* bytes, size_t size, uint64_t now_ns) {
    if (partial_.empty()) {
        const size_t used = cut(bytes, size, 0, now_ns);
        if (used < size) partial_.assign(bytes + used, size - used);
        return;
    }
    const size_t scanned = partial_.size();
    partial_.append(bytes, size);
    partial_.erase(0, cut(partial_.data(), partial_.size(), scanned, now_ns));
}

size_t Connection::cut(const char* bytes, size_t size, size_t scanned, uint64_t now_ns) {
    size_t start = 0;
    while (state_ == State::kOpen) {
        const size_t from = start + scanned;
        const void* end = std::memchr(bytes + from, kFrameEnd, size - from);
        if (end == nullptr) break;
        const auto at = static_cast<size_t>(static_cast<const char*>(end) - bytes);
        owner_.onFrame(*this, {bytes + start, at - start}, now_ns);
        start = at + 1;
        scanned = 0;
    }
    return start;
}

void Connection::onWritable() {
    if (state_ == State::kConnecting) {
        int error = 0;
        socklen_t length = sizeof error;
        ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &length);
        if (error != 0) return end();
        shakeHands();
    } else if (state_ == State::kHandshake) {
        shakeHands();
    }
    if (state_ == State::kOpen) flush();
}

void Connection::flush() {
    while (state_ == State::kOpen && sent_ < out_.size()) {
        const long n = writeSome(out_.data() + sent_, out_.size() - sent_);
        if (n < 0) return;
        if (n == 0) return end();
        sent_ += static_cast<size_t>(n);
    }
    out_.clear();
    sent_ = 0;
}

}  // namespace sara::bench
