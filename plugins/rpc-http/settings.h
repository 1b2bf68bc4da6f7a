// What the operator set for HTTP RPC. Decides which address is listened on: without a token only
// this machine may call, unless rpcbind says otherwise.
#pragma once
#include <cstdint>
#include <sara/config.hpp>
#include <string>

namespace sara::rpc_http {

struct Settings {
    std::string address;  // "" and "*" mean every address
    uint16_t port = 0;    // 0: the system picks one
    std::string token;    // empty: everybody is trusted; never log it
    bool metrics_need_token = false;
    uint32_t threads_max = 32;                  // docs/limits.md: threads_max
    uint32_t queue_max = 256;                   // docs/limits.md: queue_max
    uint64_t body_bytes_max = 1 << 20;          // docs/limits.md: body_bytes_max
    uint32_t request_timeout_ms = 10'000;       // docs/limits.md: request_timeout_ms
    uint32_t keep_alive_timeout_ms = 5'000;     // docs/limits.md: keep_alive_timeout_ms
    uint32_t call_timeout_ms = 5'000;           // docs/limits.md: call_timeout_ms
    uint32_t wrong_tokens_per_minute_max = 20;  // docs/limits.md: wrong_tokens_per_minute_max

    // [control]
    static Settings read(const Config& config);
};

}  // namespace sara::rpc_http
