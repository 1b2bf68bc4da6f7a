#include "kit/client.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace sara::wire {
namespace {

constexpr char kFrameEnd = '\x01';

sockaddr_in addressOf(const std::string& host, uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    ::inet_pton(AF_INET, host.c_str(), &address.sin_addr);
    return address;
}

int connectTo(uint16_t port, const Client::Options& options) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) throw std::runtime_error("socket: " + std::string(std::strerror(errno)));
    const int one = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (options.receive_buffer > 0) {
        ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &options.receive_buffer, sizeof(int));
    }
    const sockaddr_in from = addressOf(options.source, 0);
    const sockaddr_in to = addressOf("127.0.0.1", port);
    if (::bind(fd, reinterpret_cast<const sockaddr*>(&from), sizeof from) != 0 ||
        ::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
        const std::string why = std::strerror(errno);
        ::close(fd);
        throw std::runtime_error("connect to port " + std::to_string(port) + ": " + why);
    }
    ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
    return fd;
}

}  // namespace

std::string nameOf(Via via) {
    constexpr std::array<const char*, 4> kNames{"Tcp", "Tls", "Ws", "Wss"};
    return kNames[static_cast<size_t>(via)];
}

Via usualVia() {
    const char* name = std::getenv("SARA_TEST_VIA");
    const std::string_view wanted = name == nullptr ? "" : name;
    return wanted == "wss"   ? Via::kWss
           : wanted == "ws"  ? Via::kWs
           : wanted == "tls" ? Via::kTls
                             : Via::kTcp;
}

Client::Client(uint16_t port, Via via) : Client(port, Options{via, "127.0.0.1", 0, 0}) {}

Client::Client(uint16_t port, const Options& options) : fd_(connectTo(port, options)) {
    if (overTls(options.via)) handshake(options);
    if (overWs(options.via)) upgrade();
}

Client::~Client() { close(); }

Client::Client(Client&& other) noexcept { *this = std::move(other); }

Client& Client::operator=(Client&& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(context_, other.context_);
    std::swap(ssl_, other.ssl_);
    std::swap(ssl_turn_, other.ssl_turn_);
    std::swap(read_waits_for_, other.read_waits_for_);
    std::swap(write_waits_for_, other.write_waits_for_);
    std::swap(ended_, other.ended_);
    std::swap(reset_, other.reset_);
    std::swap(ws_, other.ws_);
    std::swap(in_message_, other.in_message_);
    std::swap(close_code_, other.close_code_);
    std::swap(close_reason_, other.close_reason_);
    std::swap(pongs_, other.pongs_);
    std::swap(undecoded_, other.undecoded_);
    std::swap(jid_, other.jid_);
    std::swap(buffer_, other.buffer_);
    std::swap(rest_, other.rest_);
    return *this;
}

void Client::close() {
    if (ssl_ != nullptr) ::SSL_free(ssl_);
    if (context_ != nullptr) ::SSL_CTX_free(context_);
    if (fd_ >= 0) ::close(fd_);
    ssl_ = nullptr;
    context_ = nullptr;
    fd_ = -1;
}

void Client::shutdownWrite() { ::shutdown(fd_, SHUT_WR); }

void Client::handshake(const Options& options) {
    context_ = ::SSL_CTX_new(::TLS_client_method());
    if (options.tls_version_max != 0) {
        // Old versions need the lowest security level of OpenSSL, or the client refuses by itself.
        ::SSL_CTX_set_security_level(context_, 0);
        ::SSL_CTX_set_min_proto_version(context_, 0);
        ::SSL_CTX_set_max_proto_version(context_, options.tls_version_max);
    }
    ssl_ = ::SSL_new(context_);
    ::SSL_set_fd(ssl_, fd_);
    const Deadline deadline;
    for (int rc = ::SSL_connect(ssl_); rc != 1; rc = ::SSL_connect(ssl_)) {
        const int error = ::SSL_get_error(ssl_, rc);
        const bool again = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
        pollfd p{fd_, static_cast<short>(error == SSL_ERROR_WANT_WRITE ? POLLOUT : POLLIN), 0};
        if (!again || ::poll(&p, 1, deadline.leftMs()) <= 0) {
            close();
            throw std::runtime_error("TLS handshake refused");
        }
    }
}

// Both return what was moved, 0 at the end, -1 for "later" (the matching member says what to poll
// for).
long Client::readSome(char* bytes, size_t size) {
    read_waits_for_ = POLLIN;
    if (ssl_ == nullptr) {
        const ssize_t n = ::recv(fd_, bytes, size, 0);
        if (n >= 0) return n;
        if (errno == EAGAIN || errno == EINTR) return -1;
        reset_ = true;
        return 0;
    }
    const std::lock_guard<std::mutex> turn(*ssl_turn_);
    const int n = ::SSL_read(ssl_, bytes, static_cast<int>(size));
    if (n > 0) return n;
    const int error = ::SSL_get_error(ssl_, n);
    if (error == SSL_ERROR_WANT_WRITE) read_waits_for_ = POLLOUT;
    return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? -1 : 0;
}

long Client::writeSome(const char* bytes, size_t size) {
    write_waits_for_ = POLLOUT;
    if (ssl_ == nullptr) {
        const ssize_t n = ::send(fd_, bytes, size, MSG_NOSIGNAL);
        if (n >= 0) return n;
        return errno == EAGAIN || errno == EINTR ? -1 : 0;
    }
    const std::lock_guard<std::mutex> turn(*ssl_turn_);
    const int n = ::SSL_write(ssl_, bytes, static_cast<int>(size));
    if (n > 0) return n;
    const int error = ::SSL_get_error(ssl_, n);
    if (error == SSL_ERROR_WANT_READ) write_waits_for_ = POLLIN;
    return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? -1 : 0;
}

bool Client::sendRaw(std::string_view bytes, Millis wait) {
    if (!ws_) return sendBytes(bytes, wait);
    std::string frames;
    while (!bytes.empty()) {
        const auto end = bytes.find(kFrameEnd);
        const bool whole = end != std::string_view::npos;
        frames += ws::bytesOf({.fin = whole,
                               .opcode = in_message_ ? 0 : 1,
                               .payload = std::string(bytes.substr(0, end))});
        in_message_ = !whole;
        bytes.remove_prefix(whole ? end + 1 : bytes.size());
    }
    return sendBytes(frames, wait);
}

void Client::upgrade() {
    if (!sendBytes(ws::kRequest)) throw std::runtime_error("the upgrade was not read");
    const Deadline deadline;
    size_t end = std::string::npos;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos && fill(deadline)) {
    }
    const bool welcome = end != std::string::npos && buffer_.rfind("HTTP/1.1 101 ", 0) == 0 &&
                         buffer_.find("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n") < end;
    if (!welcome) {
        const std::string said = buffer_.substr(0, buffer_.find('\r'));
        close();
        throw std::runtime_error("not upgraded: " + said);
    }
    ws_ = true;
    undecoded_ = buffer_.substr(end + 4);
    buffer_.clear();
    decode();
}

void Client::decode() {
    for (const ws::ServerFrame& f : ws::takeFrames(undecoded_)) {
        if (f.first == 0x81) {
            const bool control = f.payload == "\\02" || f.payload == "\\03";
            buffer_ += control ? std::string(1, static_cast<char>(f.payload[2] - '0')) : f.payload;
            buffer_ += kFrameEnd;
        } else if (f.first == 0x88) {
            close_code_ = f.closeCode();
            close_reason_ = f.payload.substr(std::min<size_t>(2, f.payload.size()));
        } else if (f.first == 0x8a) {
            pongs_.push_back(f.payload);
        } else {
            throw std::runtime_error("a frame that no server sends: " + std::to_string(f.first));
        }
    }
}

bool Client::sendBytes(std::string_view bytes, Millis wait) {
    const Deadline deadline(wait);
    while (!bytes.empty()) {
        const long n = writeSome(bytes.data(), bytes.size());
        if (n == 0) return false;
        if (n > 0) {
            bytes.remove_prefix(static_cast<size_t>(n));
            continue;
        }
        pollfd p{fd_, write_waits_for_, 0};
        if (::poll(&p, 1, deadline.leftMs()) <= 0) return false;
    }
    return true;
}

bool Client::fill(const Deadline& deadline) {
    std::array<char, 65536> chunk;
    while (!ended_ && fd_ >= 0) {
        const long n = readSome(chunk.data(), chunk.size());
        if (n > 0) {
            (ws_ ? undecoded_ : buffer_).append(chunk.data(), static_cast<size_t>(n));
            if (ws_) decode();
            return true;
        }
        if (n == 0) {
            ended_ = true;
            return false;
        }
        pollfd p{fd_, read_waits_for_, 0};
        if (::poll(&p, 1, deadline.leftMs()) <= 0) return false;
    }
    return false;
}

std::optional<std::string> Client::next(Millis wait) {
    const Deadline deadline(wait);
    size_t from = 0;
    for (;;) {
        const auto end = buffer_.find(kFrameEnd, from);
        if (end != std::string::npos) {
            std::string body = buffer_.substr(0, end);
            buffer_.erase(0, end + 1);
            return body;
        }
        from = buffer_.size();
        if (!fill(deadline)) return std::nullopt;
    }
}

Packet Client::packet(Millis wait) {
    const auto body = next(wait);
    if (!body) {
        throw std::runtime_error(jid_ + (ended_ ? ": the server closed" : ": no packet in time"));
    }
    return Packet(*body);
}

Packet Client::message(Millis wait) {
    const Deadline deadline(wait);
    for (;;) {
        Packet packet_ = packet(Millis(deadline.leftMs()));
        if (packet_.type() != 3 || packet_.from() != "server_ack") return packet_;
    }
}

bool Client::closed(Millis wait) {
    const Deadline deadline(wait);
    while (!ended_) {
        if (auto body = next(Millis(deadline.leftMs()))) {
            rest_.push_back(*body);
        } else if (!ended_) {
            return false;
        }
    }
    return true;
}

Packet Client::login(const std::string& jid, const std::string& id, const std::string& password) {
    jid_ = jid;
    send(loginPacket(id, jid, password));
    return packet();
}

Packet Client::loginAndAck(const std::string& jid, const std::string& id) {
    Packet reply = login(jid, id);
    acknowledge(id);
    return reply;
}

}  // namespace sara::wire
