// One non-blocking socket to Redis, plain or in TLS: connect, read and write. Never waits. Decides
// socket options and what a finished handshake is; refuses certificates for another address when
// asked to verify.
#pragma once
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace sara::store_redis {

struct SslContextFree {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using TlsContext = std::unique_ptr<SSL_CTX, SslContextFree>;

struct Settings;

// [control] The client's side of TLS from the settings; nullptr with a sentence in error.
TlsContext makeTlsContext(const Settings& settings, std::string* error);

// An address ready for connect().
struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t length = 0;
};

class Wire {
  public:
    enum class Step { kDone, kWantRead, kWantWrite, kFailed };

    ~Wire() { close(); }
    Wire() = default;
    Wire(const Wire&) = delete;
    Wire& operator=(const Wire&) = delete;

    // Begins to connect; false with error().
    [[nodiscard]] bool open(const SocketAddress& to, SSL_CTX* tls, const std::string& name,
                            bool verify);
    // After the socket became writable: is the connection there, is TLS through?
    Step establish();
    // kDone: n bytes moved (0 < n). read() at the end of the stream is kFailed.
    Step read(char* data, size_t room, size_t* n);
    Step write(const char* data, size_t size, size_t* n);
    void close();

    int fd() const { return fd_; }
    const std::string& error() const { return error_; }

  private:
    Step fail(const char* what, int number);
    Step sslStep(const char* what, int result);

    struct SslFree {
        void operator()(SSL* ssl) const { SSL_free(ssl); }
    };
    int fd_ = -1;
    bool connected_ = false;
    std::unique_ptr<SSL, SslFree> ssl_;
    std::string error_;
};

}  // namespace sara::store_redis
