// The loop of the load generators: one thread, one epoll, edge triggered. Decides when bytes go
// out: once per connection at the end of a turn, so that the generator is not what is measured.
#pragma once
#include <openssl/ossl_typ.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "makeconn/connection.h"

namespace sara::makeconn {

class Driver {
  public:
    explicit Driver(Target target);  // throws std::runtime_error
    ~Driver();
    Driver(const Driver&) = delete;
    Driver& operator=(const Driver&) = delete;

    // Opens (or reopens) a connection, from the next source. False when the system refuses; errno
    // and the connection say why.
    [[nodiscard]] bool connect(Connection& connection);
    // Queues a frame, end byte included, for the end of this turn.
    void send(Connection& connection, std::string_view frame) {
        connection.append(frame);
        if (!connection.dirty) {
            connection.dirty = true;
            dirty_.push_back(&connection);
        }
    }
    // Writes what was queued before, waits for sockets at most wait_ms, serves them, then writes.
    void turn(int wait_ms);
    // Runs turns until done() says so or seconds are over. Returns what done() said last.
    bool runUntil(const std::function<bool()>& done, double seconds);
    [[nodiscard]] const Target& target() const { return target_; }

  private:
    void flush();

    const Target target_;
    int epoll_ = -1;
    SSL_CTX* context_ = nullptr;
    uint32_t next_source_ = 0;
    std::vector<Connection*> dirty_;
    std::vector<char> scratch_;
};

}  // namespace sara::makeconn
