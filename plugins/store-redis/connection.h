// One pipelined connection of one loop to one Redis server. Decides when it connects (jittered
// back-off), that a silent server is a dead one, and which request an answer belongs to. Tells its
// owner everything else; refuses nothing by itself.
#pragma once
#include <deque>
#include <string>

#include "store-redis/address.h"
#include "store-redis/host_face.h"
#include "store-redis/name_lookup.h"
#include "store-redis/request.h"
#include "store-redis/resp.h"
#include "store-redis/settings.h"
#include "store-redis/wire.h"

namespace sara::store_redis {

class Connection;

// Who owns connections. Called on the loop; may send() on any connection, closes none inside.
class ConnectionOwner {
  public:
    virtual void connectionReady(Connection& connection) = 0;
    // The server's part of the greeting that is the owner's business: CLUSTER SLOTS.
    virtual void slotsAnswered(Connection& connection, const redisReply& reply) = 0;
    virtual void requestAnswered(Connection& connection, Request* request,
                                 const redisReply& reply) = 0;
    // The request lost its connection. sent: Redis may have run it. hung: it did not answer.
    virtual void requestLost(Request* request, bool sent, bool hung) = 0;

  protected:
    ~ConnectionOwner() = default;
};

// What all connections of a plugin share.
struct Surroundings {
    const HostFace& host;
    const Settings& settings;
    SSL_CTX* tls = nullptr;
};

class Connection {
  public:
    Connection(const Surroundings& around, Address address, ConnectionOwner& owner)
        : around_(around), address_(std::move(address)), owner_(owner) {}
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    const Address& address() const { return address_; }
    bool ready() const { return phase_ == Phase::kReady; }
    // Attempts in a row that led to nothing.
    uint32_t failures() const { return failures_; }
    // Why the last attempt or connection ended; empty: it has not.
    const std::string& trouble() const { return trouble_; }
    bool idle() const { return expected_.empty(); }
    int fd() const { return wire_.fd(); }

    // [loop] Connects unless it does or the back-off runs.
    void open();
    // [loop] Only when ready(). asking: ASKING before it. whole: EVAL instead of EVALSHA.
    void send(Request* request, bool asking, bool whole);
    // [loop] Only when ready(). Asks for CLUSTER SLOTS; the answer goes to the owner.
    void askSlots();
    // [loop] Writes what has gathered.
    void flush();
    // [loop] About ten times a second: pings, silence, back-off.
    void tick();
    // [loop] Ends it; a later tick() connects again.
    void drop(const std::string& why);
    // [loop] For a loop that ends: as if the socket were readable and writable.
    void poll() { handle(SARA_IO_READ | SARA_IO_WRITE); }

  private:
    enum class Phase : uint8_t { kIdle, kLookup, kConnecting, kGreeting, kReady };
    enum class Kind : uint8_t { kRequest, kAsking, kWait, kPing, kAuth, kScript, kMap, kGreeted };
    struct Expected {
        Kind kind;
        Request* request;
        uint64_t begin;  // place in the stream of bytes
    };

    void connectTo(const SocketAddress& to);
    void handle(uint32_t events);
    void greet();
    void expect(Kind kind, Request* request) { expected_.push_back({kind, request, put_}); }
    CommandWriter command(Kind kind);
    void wrote() { put_ = taken_ + out_.size() - out_at_; }
    void readAll();
    [[nodiscard]] bool take(Reply reply);
    void takeRequest(Reply reply);
    void takeWait(const redisReply& reply);
    void watch(uint32_t events);
    void lose(const std::string& why, bool hung);

    const Surroundings& around_;
    const Address address_;
    ConnectionOwner& owner_;
    NameLookup lookup_;
    Wire wire_;
    ReplyReader reader_;
    Phase phase_ = Phase::kIdle;
    sara_id watch_ = 0;
    uint32_t watched_ = 0;
    std::string out_;
    size_t out_at_ = 0;
    uint64_t taken_ = 0;  // bytes that the socket took
    uint64_t put_ = 0;    // bytes written into out_ so far
    std::deque<Expected> expected_;
    Reply held_;  // the answer before that of WAIT
    Request* held_for_ = nullptr;
    uint64_t started_ms_ = 0;  // of the attempt
    uint64_t heard_ms_ = 0;    // last byte, or last time that nothing was owed
    uint64_t pinged_ms_ = 0;
    uint64_t retry_ms_ = 0;
    uint32_t failures_ = 0;
    std::string trouble_;
};

}  // namespace sara::store_redis
