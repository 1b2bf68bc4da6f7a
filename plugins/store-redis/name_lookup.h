// From an Address to a socket address. Numbers and unix paths at once, names on a worker thread:
// getaddrinfo() may take seconds and the loop must not wait. The caller may go away before the
// answer comes; then nobody is told.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "store-redis/address.h"
#include "store-redis/host_face.h"
#include "store-redis/wire.h"

namespace sara::store_redis {

struct NameAnswer {
    SocketAddress address;
    std::string error;  // empty: found
};

class NameLookup {
  public:
    using Done = std::function<void(const NameAnswer&)>;

    NameLookup() = default;
    ~NameLookup() { cancel(); }
    NameLookup(const NameLookup&) = delete;
    NameLookup& operator=(const NameLookup&) = delete;

    // [any] Without a question to anybody: false when it is a name.
    static bool atOnce(const Address& address, SocketAddress* out);
    // [any] Blocking.
    static NameAnswer ask(const Address& address);
    // [loop] done runs on this loop, once, unless cancel() comes first. False: no worker is free.
    [[nodiscard]] bool start(const HostFace& host, const Address& address, Done done);
    // [loop]
    void cancel();
    bool busy() const { return job_ != nullptr; }

  private:
    struct Job;
    Job* job_ = nullptr;  // owns itself until done
};

}  // namespace sara::store_redis
