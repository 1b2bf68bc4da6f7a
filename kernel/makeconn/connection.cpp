#include "makeconn/connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "makeconn/now_ns.h"
#include "makeconn/ws_client.h"

#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24
#endif

namespace sara::makeconn {
namespace {

constexpr char kFrameEnd = '\x01';
constexpr std::string_view kEscapedHeartbeat = "\\02";
constexpr std::string_view kEscapedKill = "\\03";
constexpr uint8_t kWsClose = 8;
constexpr uint8_t kWsPing = 9;
constexpr uint8_t kWsPong = 10;
// Any key of 16 bytes is a good one; this one needs no chance.
constexpr std::string_view kWsKey = "c2FyYSBtYWtlY29ubiA6KQ==";

const sockaddr* plain(const Endpoint& endpoint) {
    return reinterpret_cast<const sockaddr*>(&endpoint.address);
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

void Connection::end(std::string why) {
    if (state_ == State::kClosed) return;
    why_ = std::move(why);
    close();
    owner_.onClosed(*this);
}

bool Connection::open(const Target& target, const Endpoint* source, SSL_CTX* context) {
    state_ = State::kConnecting;
    target_ = &target;
    out_.clear();
    sent_ = 0;
    partial_.clear();
    why_.clear();
    fd_ = ::socket(target.to.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    bool started = fd_ >= 0;
    if (started) {
        const int one = 1;
        ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        // The port is chosen at connect, per destination: a bound address has 28,000 of them for
        // each.
        ::setsockopt(fd_, SOL_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
        started = (source == nullptr || ::bind(fd_, plain(*source), source->size) == 0) &&
                  (::connect(fd_, plain(target.to), target.to.size) == 0 || errno == EINPROGRESS);
    }
    if (!started) {
        const int error = errno;
        why_ = std::strerror(error);
        close();
        errno = error;
        return false;
    }
    if (context != nullptr) {
        ssl_ = ::SSL_new(context);
        ::SSL_set_fd(ssl_, fd_);
        if (!target.host.empty()) ::SSL_set_tlsext_host_name(ssl_, target.host.c_str());
        ::SSL_set_connect_state(ssl_);
    }
    mask_ = index_ * 2654435761u + 1;
    return true;
}

void Connection::shakeHands() {
    state_ = State::kHandshake;
    if (ssl_ != nullptr) {
        ::ERR_clear_error();
        const int rc = ::SSL_do_handshake(ssl_);
        if (rc != 1) {
            const int error = ::SSL_get_error(ssl_, rc);
            if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
                end("the TLS handshake failed");
            }
            return;
        }
    }
    transportOpen();
}

void Connection::transportOpen() {
    if (target_->ws) {
        state_ = State::kUpgrade;
        out_.append(wsRequest(target_->host, kWsKey));
        flush();
        return;
    }
    state_ = State::kOpen;
    owner_.onConnected(*this);
}

uint32_t Connection::nextMask() {
    mask_ ^= mask_ << 13;
    mask_ ^= mask_ >> 17;
    mask_ ^= mask_ << 5;
    return mask_;
}

void Connection::append(std::string_view frame) {
    if (!target_->ws) {
        out_.append(frame);
        return;
    }
    if (frame.ends_with(kFrameEnd)) frame.remove_suffix(1);
    appendWsText(frame, nextMask(), out_);
}

long Connection::readSome(char* bytes, size_t size) {
    if (ssl_ == nullptr) {
        const ssize_t n = ::recv(fd_, bytes, size, 0);
        if (n >= 0) return n;
        return errno == EAGAIN || errno == EINTR ? -1 : 0;
    }
    ::ERR_clear_error();
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
    ::ERR_clear_error();
    const int n = ::SSL_write(ssl_, bytes, static_cast<int>(size));
    if (n > 0) return n;
    const int error = ::SSL_get_error(ssl_, n);
    return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? -1 : 0;
}

void Connection::onReadable(char* scratch, size_t scratch_size, bool ended) {
    if (state_ == State::kConnecting) return onWritable();  // refused: writable says why
    if (state_ == State::kHandshake) shakeHands();
    while (state_ == State::kOpen || state_ == State::kUpgrade) {
        const long n = readSome(scratch, scratch_size);
        if (n < 0) return;
        if (n == 0) return end("closed by the server");
        take(scratch, static_cast<size_t>(n), nowNs());
        // A short read of plain TCP has emptied the socket; TLS gives one record at a time.
        if (!ended && ssl_ == nullptr && static_cast<size_t>(n) < scratch_size) return;
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
    if (target_->ws) return cutMessages(bytes, size, now_ns);
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

size_t Connection::upgrade(const char* bytes, size_t size) {
    const WsAnswer answer = readWsAnswer({bytes, size}, kWsKey);
    if (!answer.wrong.empty()) {
        end(answer.wrong);
        return size;
    }
    if (answer.bytes == 0) return 0;
    state_ = State::kOpen;
    owner_.onConnected(*this);
    return answer.bytes;
}

size_t Connection::cutMessages(const char* bytes, size_t size, uint64_t now_ns) {
    size_t start = 0;
    if (state_ == State::kUpgrade) start = upgrade(bytes, size);
    while (state_ == State::kOpen) {
        const WsFrame frame = readWsFrame({bytes + start, size - start});
        if (frame.broken) {
            end("not a WebSocket frame of a server");
            return size;
        }
        if (frame.bytes == 0) break;
        start += frame.bytes;
        if (frame.opcode == kWsPing) {
            appendWsControl(kWsPong, frame.body, nextMask(), out_);
            flush();
        } else if (frame.opcode == kWsClose) {
            end("closed by the server");
            return size;
        } else if (frame.opcode != kWsPong) {
            std::string_view body = frame.body;
            if (body == kEscapedHeartbeat) body = "\x02";
            if (body == kEscapedKill) body = "\x03";
            owner_.onFrame(*this, body, now_ns);
        }
    }
    return start;
}

void Connection::onWritable() {
    if (state_ == State::kConnecting) {
        int error = 0;
        socklen_t length = sizeof error;
        ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &length);
        if (error != 0) return end(std::strerror(error));
        shakeHands();
    } else if (state_ == State::kHandshake) {
        shakeHands();
    }
    flush();
}

void Connection::flush() {
    while ((state_ == State::kOpen || state_ == State::kUpgrade) && sent_ < out_.size()) {
        const long n = writeSome(out_.data() + sent_, out_.size() - sent_);
        if (n < 0) return;
        if (n == 0) return end("closed by the server");
        sent_ += static_cast<size_t>(n);
    }
    if (sent_ == out_.size()) {
        out_.clear();
        sent_ = 0;
    }
}

}  // namespace sara::makeconn
