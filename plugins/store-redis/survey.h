// What a Redis server is worth as a store: asked once at start, on the control thread, with a
// deadline. Decides whether an acknowledged packet survives a crash of that server; says in words
// why not.
#pragma once
#include <openssl/ssl.h>

#include <cstdint>
#include <string>
#include <vector>

#include "store-redis/resp.h"
#include "store-redis/settings.h"

namespace sara::store_redis {

struct Survey {
    bool reached = false;
    bool durable = false;
    std::vector<std::string> warnings;  // whole sentences
    std::string summary;                // one line for the log
};

// What the server answered to CONFIG GET and INFO; empty: it did not say.
struct ServerFacts {
    std::string appendonly, appendfsync, maxmemory, maxmemory_policy;
    std::string role, replicas, mode, version;
};

// [any]
Survey judge(const ServerFacts& facts, const Settings& settings);

// [control] Asks the first address that answers within limit_ms; blocks no longer than that.
Survey survey(const Settings& settings, SSL_CTX* tls, uint64_t limit_ms);

}  // namespace sara::store_redis
