// A client of a stream transport in a test: a non-blocking socket, with or without TLS, that never
// waits by itself. The test turns the server's loops and calls pump() until it has seen what it
// wants.
#pragma once
#include <openssl/ssl.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace sara::testkit {

struct WireClientOptions {
    bool tls = false;
    int tls_max = 0;  // e.g. TLS1_2_VERSION; 0: whatever OpenSSL offers
    int tls_min = 0;
    int receive_buffer = 0;  // SO_RCVBUF before connecting; 0: the system's
    SSL_SESSION* resume = nullptr;
};

class WireClient {
  public:
    // Connects to loopback; throws std::runtime_error when the port does not take it.
    explicit WireClient(uint16_t port, const WireClientOptions& options = {});
    ~WireClient();
    WireClient(const WireClient&) = delete;
    WireClient& operator=(const WireClient&) = delete;

    // Queues bytes; pump() writes them.
    void send(std::string_view bytes) { unsent_.append(bytes); }
    // Writes what it can and reads what is there (unless reading is off). True when anything moved.
    bool pump();
    // All was written.
    bool flushed() const { return unsent_.empty(); }
    void reading(bool on) { reading_ = on; }

    const std::string& received() const { return received_; }
    void forget() { received_.clear(); }
    void forget(size_t bytes) { received_.erase(0, bytes); }
    bool ended() const { return ended_; }    // the server's orderly end
    bool broken() const { return broken_; }  // reset, or TLS failed
    bool handshaken() const { return tls_ == nullptr || SSL_is_init_finished(tls_) != 0; }
    // The server's close_notify came before its FIN.
    bool sawCloseNotify() const { return close_notify_; }

    void shutdownWrite();
    // Closes with a reset instead of an orderly end.
    void reset();
    void close();
    int fd() const { return fd_; }
    SSL* tls() const { return tls_; }
    uint16_t port() const { return local_port_; }

  private:
    bool pumpPlain();
    bool pumpTls();

    int fd_ = -1;
    SSL_CTX* ctx_ = nullptr;
    SSL* tls_ = nullptr;
    uint16_t local_port_ = 0;
    std::string unsent_;
    std::string received_;
    bool reading_ = true;
    bool ended_ = false;
    bool broken_ = false;
    bool close_notify_ = false;
};

}  // namespace sara::testkit
