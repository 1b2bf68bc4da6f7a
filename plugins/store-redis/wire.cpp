#include "store-redis/wire.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "store-redis/settings.h"

namespace sara::store_redis {
namespace {

std::string lastTlsError() {
    char text[160] = "unknown reason";
    if (const unsigned long code = ERR_get_error(); code != 0) {
        ERR_error_string_n(code, text, sizeof text);
    }
    ERR_clear_error();
    return text;
}

bool isNumber(const std::string& name) {
    unsigned char binary[16];
    return ::inet_pton(AF_INET, name.c_str(), binary) == 1 ||
           ::inet_pton(AF_INET6, name.c_str(), binary) == 1;
}

}  // namespace

TlsContext makeTlsContext(const Settings& settings, std::string* error) {
    TlsContext context(SSL_CTX_new(TLS_client_method()));
    const auto refuse = [error](const std::string& what) {
        *error = what + ": " + lastTlsError();
        return TlsContext();
    };
    if (context == nullptr) return refuse("TLS");
    SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    SSL_CTX_set_mode(context.get(),
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_verify(context.get(), settings.tls_verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE,
                       nullptr);
    const std::string& ca = settings.tls_ca_file;
    const int loaded = ca.empty()
                           ? SSL_CTX_set_default_verify_paths(context.get())
                           : SSL_CTX_load_verify_locations(context.get(), ca.c_str(), nullptr);
    if (loaded != 1) return refuse("key \"tls_ca_file\": cannot use " + ca);
    const std::string& cert = settings.tls_cert_file;
    const std::string& key = settings.tls_key_file;
    if (cert.empty() && key.empty()) return context;
    if (SSL_CTX_use_certificate_chain_file(context.get(), cert.c_str()) != 1) {
        return refuse("key \"tls_cert_file\": cannot use " + cert);
    }
    if (SSL_CTX_use_PrivateKey_file(context.get(), key.c_str(), SSL_FILETYPE_PEM) != 1) {
        return refuse("key \"tls_key_file\": cannot use " + key);
    }
    return context;
}

bool Wire::open(const SocketAddress& to, SSL_CTX* tls, const std::string& name, bool verify) {
    close();
    error_.clear();
    const int family = to.storage.ss_family;
    fd_ = ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd_ < 0) {
        fail("no socket", errno);
        return false;
    }
    if (family != AF_UNIX) {
        const int on = 1;
        ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        ::setsockopt(fd_, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    }
    const int result = ::connect(fd_, reinterpret_cast<const sockaddr*>(&to.storage), to.length);
    // A unix socket whose queue is full says EAGAIN: that is a refusal, not a wait.
    if (result != 0 && errno != EINPROGRESS) {
        fail("cannot connect", errno);
        return false;
    }
    connected_ = result == 0;
    if (tls == nullptr) return true;
    ssl_.reset(SSL_new(tls));
    if (ssl_ == nullptr || SSL_set_fd(ssl_.get(), fd_) != 1) {
        error_ = "TLS: " + lastTlsError();
        return false;
    }
    SSL_set_connect_state(ssl_.get());
    if (name.empty()) return true;
    if (isNumber(name)) {
        if (verify) X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_.get()), name.c_str());
    } else {
        SSL_set_tlsext_host_name(ssl_.get(), name.c_str());
        if (verify) SSL_set1_host(ssl_.get(), name.c_str());
    }
    return true;
}

Wire::Step Wire::establish() {
    if (!connected_) {
        int number = 0;
        socklen_t length = sizeof number;
        ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &number, &length);
        if (number != 0) return fail("cannot connect", number);
        sockaddr_storage peer{};
        length = sizeof peer;
        if (::getpeername(fd_, reinterpret_cast<sockaddr*>(&peer), &length) != 0) {
            return Step::kWantWrite;
        }
        connected_ = true;
    }
    if (ssl_ == nullptr) return Step::kDone;
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl_.get());
    return result == 1 ? Step::kDone : sslStep("TLS handshake", result);
}

Wire::Step Wire::read(char* data, size_t room, size_t* n) {
    if (ssl_ != nullptr) {
        ERR_clear_error();
        const int result = SSL_read_ex(ssl_.get(), data, room, n);
        return result == 1 ? Step::kDone : sslStep("read", result);
    }
    const ssize_t got = ::recv(fd_, data, room, 0);
    if (got > 0) {
        *n = static_cast<size_t>(got);
        return Step::kDone;
    }
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return Step::kWantRead;
    return got == 0 ? fail("closed by Redis", 0) : fail("read", errno);
}

Wire::Step Wire::write(const char* data, size_t size, size_t* n) {
    if (ssl_ != nullptr) {
        ERR_clear_error();
        const int result = SSL_write_ex(ssl_.get(), data, size, n);
        return result == 1 ? Step::kDone : sslStep("write", result);
    }
    const ssize_t sent = ::send(fd_, data, size, MSG_NOSIGNAL);
    if (sent > 0) {
        *n = static_cast<size_t>(sent);
        return Step::kDone;
    }
    if (sent < 0 && (errno == EAGAIN || errno == EINTR)) return Step::kWantWrite;
    return fail("write", errno);
}

Wire::Step Wire::sslStep(const char* what, int result) {
    const int number = errno;
    switch (SSL_get_error(ssl_.get(), result)) {
        case SSL_ERROR_WANT_READ:
            return Step::kWantRead;
        case SSL_ERROR_WANT_WRITE:
            return Step::kWantWrite;
        case SSL_ERROR_ZERO_RETURN:
            return fail("closed by Redis", 0);
        case SSL_ERROR_SYSCALL:
            return fail(what, number);
        default:
            error_ = std::string(what) + ": " + lastTlsError();
            return Step::kFailed;
    }
}

Wire::Step Wire::fail(const char* what, int number) {
    error_ = what;
    if (number != 0) error_ += std::string(": ") + ::strerror(number);
    return Step::kFailed;
}

void Wire::close() {
    ssl_.reset();
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
    connected_ = false;
}

}  // namespace sara::store_redis
