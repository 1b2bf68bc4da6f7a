// What all loops of one transport share: the host's tables, options, meters, listeners. Filled
// before the first connection, constant from then on.
#pragma once
#include <netinet/in.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sara/abi/log.h"
#include "sara/abi/loop.h"
#include "sara/abi/metrics.h"
#include "sara/abi/transport.h"
#include "stream/tls_config.h"

namespace sara::stream {

class StreamLoop;

inline sara_str str(std::string_view s) { return {s.data(), s.size()}; }

// Numbers of sara.metrics/1; UINT32_MAX counts nowhere.
struct StreamMeters {
    uint32_t accepted = UINT32_MAX;
    uint32_t accept_errors = UINT32_MAX;
    uint32_t refused = UINT32_MAX;
    uint32_t tls_failures = UINT32_MAX;
    uint32_t bytes_in = UINT32_MAX;
    uint32_t bytes_out = UINT32_MAX;
    uint32_t frames_in = UINT32_MAX;
    uint32_t frames_out = UINT32_MAX;
    uint32_t violations = UINT32_MAX;
    uint32_t moves = UINT32_MAX;
    uint32_t moves_failed = UINT32_MAX;
    uint32_t drain_cut = UINT32_MAX;
    uint32_t no_memory = UINT32_MAX;
};

struct StreamOptions {
    uint32_t pace_ms = 0;                    // pause between two frames to one client; 0: none
    uint32_t drain_ms = 2000;                // docs/limits.md: stream_drain_ms
    uint32_t draining_max = 4096;            // docs/limits.md: stream_draining_max, per loop
    uint32_t discard_bytes_max = 16u << 20;  // docs/limits.md: stream_discard_bytes_max
    uint32_t accept_per_turn = 256;          // docs/limits.md: stream_accept_per_turn
    uint32_t accept_backoff_ms = 100;
};

struct StreamListener {
    std::string word;  // "tcp", "tls"
    TlsContext tls;    // nullptr: plain
    int fd = -1;
    std::string at;
};

struct StreamContext {
    const sara_host* host = nullptr;
    const sara_loop* loop = nullptr;
    const sara_gate* gate = nullptr;
    const sara_metrics* metrics = nullptr;  // optional
    const sara_log* log = nullptr;          // optional
    const sara_transport* api = nullptr;
    void* self = nullptr;
    StreamMeters meters;
    StreamOptions options;
    std::vector<StreamListener> listeners;
    std::vector<StreamLoop*> loops;  // by number; each is touched by its own loop only

    // [any]
    void count(uint32_t meter, int64_t n = 1) const {
        if (metrics != nullptr) metrics->add(host, meter, n);
    }
    void say(int32_t level, std::string_view text) const {
        if (log != nullptr && log->enabled(host, level) != 0) log->write(host, level, str(text));
    }
};

// One accepted socket on its way to the loop that will own it.
struct Accepted {
    int fd;
    uint32_t listener;
    sockaddr_in6 peer;  // or the shorter sockaddr_in
};

}  // namespace sara::stream
