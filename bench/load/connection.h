// One client connection of the load generator, tcp or tls, non-blocking. Decides how bytes become
// frames; all that is written in one turn of the driver goes out together at its end. Refuses to
// know what a frame means.
#pragma once
#include <openssl/ossl_typ.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sara::bench {

class Connection;

// Who owns a connection and understands its frames.
class Owner {
  public:
    virtual ~Owner() = default;
    virtual void onConnected(Connection& connection) = 0;
    // body has no end byte and is valid for the call.
    virtual void onFrame(Connection& connection, std::string_view body, uint64_t now_ns) = 0;
    virtual void onClosed(Connection& connection) = 0;
};

class Connection {
  public:
    enum class State { kConnecting, kHandshake, kOpen, kClosed };

    Connection(Owner& owner, uint32_t index) : owner_(owner), index_(index) {}
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    // Starts to connect from source; context: nullptr for tcp. False when the kernel refuses.
    [[nodiscard]] bool open(const std::string& host, uint16_t port, const std::string& source,
                            SSL_CTX* context);
    // Queues bytes; the driver flushes at the end of the turn.
    void append(std::string_view bytes) { out_.append(bytes); }
    [[nodiscard]] bool hasOutput() const { return sent_ < out_.size(); }
    void close();

    // For the driver.
    void onReadable(char* scratch, size_t scratch_size);
    void onWritable();
    void flush();

    [[nodiscard]] int fd() const { return fd_; }
    [[nodiscard]] State state() const { return state_; }
    [[nodiscard]] uint32_t index() const { return index_; }

    bool dirty = false;  // in the driver's list of connections to flush

  private:
    long readSome(char* bytes, size_t size);
    long writeSome(const char* bytes, size_t size);
    void shakeHands();
    void end();
    void take(const char* bytes, size_t size, uint64_t now_ns);
    // Hands out complete frames; returns how many bytes they were.
    size_t cut(const char* bytes, size_t size, size_t scanned, uint64_t now_ns);

    Owner& owner_;
    const uint32_t index_;
    int fd_ = -1;
    SSL* ssl_ = nullptr;
    State state_ = State::kConnecting;
    std::string out_;
    size_t sent_ = 0;
    std::string partial_;
};

}  // namespace sara::bench
