// The loop of the load generator: one thread, one epoll, edge triggered. Decides when bytes go out:
// once per connection at the end of a turn, so that the generator is not what is measured.
#pragma once
#include <openssl/ossl_typ.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "load/connection.h"
#include "load/options.h"

namespace sara::bench {

class Driver {
  public:
    explicit Driver(const Options& options);  // throws std::runtime_error
    ~Driver();
    Driver(const Driver&) = delete;
    Driver& operator=(const Driver&) = delete;

    // Opens (or reopens) a connection. False when the kernel refuses.
    [[nodiscard]] bool connect(Connection& connection);
    // Queues bytes for the end of this turn.
    void send(Connection& connection, std::string_view bytes) {
        connection.append(bytes);
        if (!connection.dirty) {
            connection.dirty = true;
            dirty_.push_back(&connection);
        }
    }
    // Runs turns until done() says so or seconds are over. Returns what done() said last.
    bool runUntil(const std::function<bool()>& done, double seconds);

  private:
    void turn(int wait_ms);

    const Options& options_;
    int epoll_ = -1;
    SSL_CTX* context_ = nullptr;
    uint32_t next_source_ = 0;
    std::vector<Connection*> dirty_;
    std::vector<char> scratch_;
};

}  // namespace sara::bench
