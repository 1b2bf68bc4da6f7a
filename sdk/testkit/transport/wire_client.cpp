#include "testkit/transport/wire_client.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <stdexcept>

namespace sara::testkit {

WireClient::WireClient(uint16_t port, const WireClientOptions& options) {
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (options.receive_buffer > 0) {
        ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &options.receive_buffer, sizeof(int));
    }
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) {
        const std::string why = std::strerror(errno);
        ::close(fd_);
        throw std::runtime_error("connect: " + why);
    }
    sockaddr_in local{};
    socklen_t len = sizeof local;
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&local), &len);
    local_port_ = ntohs(local.sin_port);
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::fcntl(fd_, F_SETFL, O_NONBLOCK);
    if (!options.tls) return;
    std::signal(SIGPIPE, SIG_IGN);  // OpenSSL's own socket BIO
    ctx_ = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_mode(ctx_, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    if (options.tls_max != 0) {
        // An old version is what some tests are about; it needs the old security level.
        SSL_CTX_set_security_level(ctx_, 0);
        SSL_CTX_set_max_proto_version(ctx_, options.tls_max);
    }
    SSL_CTX_set_min_proto_version(ctx_, options.tls_min);
    tls_ = SSL_new(ctx_);
    if (options.resume != nullptr) SSL_set_session(tls_, options.resume);
    SSL_set_fd(tls_, fd_);
    SSL_set_connect_state(tls_);
}

WireClient::~WireClient() { close(); }

void WireClient::close() {
    if (tls_ != nullptr) SSL_free(tls_);
    if (ctx_ != nullptr) SSL_CTX_free(ctx_);
    if (fd_ >= 0) ::close(fd_);
    tls_ = nullptr;
    ctx_ = nullptr;
    fd_ = -1;
}

void WireClient::shutdownWrite() {
    if (tls_ != nullptr) SSL_shutdown(tls_);
    ::shutdown(fd_, SHUT_WR);
}

void WireClient::reset() {
    const linger now{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close();
}

bool WireClient::pump() {
    if (fd_ < 0) return false;
    return tls_ != nullptr ? pumpTls() : pumpPlain();
}

bool WireClient::pumpPlain() {
    bool moved = false;
    while (!unsent_.empty()) {
        const ssize_t n = ::send(fd_, unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
        if (n <= 0) {
            if (n < 0 && errno != EAGAIN) {
                broken_ = true;
                unsent_.clear();
            }
            break;
        }
        unsent_.erase(0, static_cast<size_t>(n));
        moved = true;
    }
    char buf[65536];
    while (reading_ && !ended_) {
        const ssize_t n = ::recv(fd_, buf, sizeof buf, 0);
        if (n > 0) {
            received_.append(buf, static_cast<size_t>(n));
        } else if (n == 0) {
            ended_ = true;
        } else {
            if (errno != EAGAIN) {
                broken_ = true;
                ended_ = true;
            }
            break;
        }
        moved = true;
    }
    return moved;
}

bool WireClient::pumpTls() {
    bool moved = false;
    ERR_clear_error();
    while (!unsent_.empty() && !broken_) {
        size_t n = 0;
        const int r =
            SSL_write_ex(tls_, unsent_.data(), std::min<size_t>(unsent_.size(), 16384), &n);
        if (r != 1) {
            const int why = SSL_get_error(tls_, r);
            if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) {
                broken_ = true;
                unsent_.clear();
            }
            break;
        }
        unsent_.erase(0, n);
        moved = true;
    }
    char buf[65536];
    while (reading_ && !ended_) {
        size_t n = 0;
        const int r = SSL_read_ex(tls_, buf, sizeof buf, &n);
        if (r == 1) {
            received_.append(buf, n);
        } else {
            const int why = SSL_get_error(tls_, r);
            if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) break;
            close_notify_ = why == SSL_ERROR_ZERO_RETURN;
            broken_ = broken_ || !close_notify_;
            ended_ = true;
        }
        moved = true;
    }
    ERR_clear_error();
    return moved;
}

}  // namespace sara::testkit
