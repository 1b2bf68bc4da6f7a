// The clock of deadlines and of time spent: milliseconds that never go back.
#pragma once
#include <chrono>
#include <cstdint>

namespace sara::rpc_http {

// [any]
inline uint64_t steadyMs() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
}

}  // namespace sara::rpc_http
