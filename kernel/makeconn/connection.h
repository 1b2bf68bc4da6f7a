// One client connection of the load generators: tcp, tls, ws or wss, non-blocking. Decides how
// bytes become frames; all that is written in one turn of the driver goes out together at its end.
// Refuses to know what a frame means.
#pragma once
#include <openssl/ossl_typ.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "makeconn/endpoint.h"

namespace sara::makeconn {

class Connection;

// Who owns a connection and understands its frames.
class Owner {
  public:
    virtual ~Owner() = default;
    virtual void onConnected(Connection& connection) = 0;
    // body has no end byte and is valid for the call. Control bytes look as on tcp, also with ws.
    virtual void onFrame(Connection& connection, std::string_view body, uint64_t now_ns) = 0;
    virtual void onClosed(Connection& connection) = 0;
};

// Where connections go to and come from.
struct Target {
    Endpoint to;
    std::vector<Endpoint> from;  // one after the other; empty: the system chooses
    std::string host;            // for the Host header of ws and the name in TLS
    bool tls = false;
    bool ws = false;
};

class Connection {
  public:
    enum class State { kConnecting, kHandshake, kUpgrade, kOpen, kClosed };

    Connection(Owner& owner, uint32_t index) : owner_(owner), index_(index) {}
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    // Starts to connect; context: nullptr for tcp and ws. False when the system refuses: why() and
    // errno say the reason.
    [[nodiscard]] bool open(const Target& target, const Endpoint* source, SSL_CTX* context);
    // Queues a frame that ends with the end byte; the driver flushes at the end of the turn.
    void append(std::string_view frame);
    [[nodiscard]] bool hasOutput() const { return sent_ < out_.size(); }
    [[nodiscard]] size_t waitingBytes() const { return out_.size() - sent_; }
    void close();

    // For the driver.
    // ended: the server has closed its side, so read to the end: no event will come again.
    void onReadable(char* scratch, size_t scratch_size, bool ended);
    void onWritable();
    void flush();

    [[nodiscard]] int fd() const { return fd_; }
    [[nodiscard]] State state() const { return state_; }
    [[nodiscard]] uint32_t index() const { return index_; }
    // Why it was closed, or could not be opened.
    [[nodiscard]] const std::string& why() const { return why_; }

    bool dirty = false;  // in the driver's list of connections to flush

  private:
    long readSome(char* bytes, size_t size);
    long writeSome(const char* bytes, size_t size);
    void shakeHands();
    void transportOpen();
    void end(std::string why);
    void take(const char* bytes, size_t size, uint64_t now_ns);
    // Hands out complete frames; returns how many bytes they were.
    size_t cut(const char* bytes, size_t size, size_t scanned, uint64_t now_ns);
    size_t cutMessages(const char* bytes, size_t size, uint64_t now_ns);
    size_t upgrade(const char* bytes, size_t size);
    uint32_t nextMask();

    Owner& owner_;
    const uint32_t index_;
    int fd_ = -1;
    SSL* ssl_ = nullptr;
    const Target* target_ = nullptr;
    State state_ = State::kConnecting;
    uint32_t mask_ = 0;
    std::string out_;
    size_t sent_ = 0;
    std::string partial_;
    std::string why_;
};

}  // namespace sara::makeconn
