// What the operator can set about sessions and packets. Decides the defaults and their units; boot
// fills it from the conf file, docs/limits.md has a row for each limit.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace sara::chat {

enum class AckMode { kSafe, kFast };

struct Settings {
    // Identity.
    std::string node_id = "n01";  // conf: nodeid
    std::string node_channel{};   // conf: nodeaddr
    // Behaviour.
    AckMode ack = AckMode::kSafe;          // conf: ack "safe" | "fast"
    bool stamp_ct = true;                  // conf: stamp_ct
    bool enable_auth = false;              // conf: enable_auth
    bool enable_offline_callback = false;  // conf: enable_offline_callback
    uint32_t ack_hold_ms = 40;  // conf: ack_hold_ms; then an unacknowledged packet is stored
    uint32_t login_timeout_ms = 8'000;   // conf: login_timeout_ms
    uint32_t auth_timeout_ms = 5'000;    // conf: auth_timeout_ms
    uint32_t group_timeout_ms = 5'000;   // conf: group_timeout_ms
    uint32_t idle_timeout_ms = 100'000;  // conf: idle_timeout_ms
    uint32_t close_flush_ms = 2'000;     // conf: close_flush_ms
    uint32_t login_failure_delay_ms =
        1'000;  // conf: login_failure_delay_ms; pause before the close
    uint64_t backlog_age_ms = 7ull * 24 * 3600 * 1000;  // conf: backlog_age_s
    // Rules of the servers before Go, off by default (protocol 2.9).
    uint32_t offline_max = 0;                          // conf: only the last N at login; 0: all
    std::vector<uint32_t> offline_first_only_types{};  // conf: of these types the first per sender
    std::vector<uint32_t> offline_last_only_types{};   // conf: of these types the last per sender
    // Limits, conf section "limits". Per node unless said.
    uint64_t frame_bytes_max = 1 << 20;        // after login
    uint64_t login_frame_bytes_max = 8 << 10;  // before login
    uint32_t json_depth_max = 64;
    uint32_t connections_max = 1'000'000;
    uint32_t connections_per_address_max = 10'000;
    uint32_t unauthenticated_max = 8'192;        // connections before login
    uint64_t queue_bytes_max = 4 << 20;          // per client, waiting to be written
    uint32_t messages_per_second_max = 100'000;  // per session; above it reading pauses
    uint64_t bytes_per_second_max = 128 << 20;   // per session; above it reading pauses
    uint32_t unacked_max = 1'000;                // per session; above it packets go to the store
    uint32_t store_inflight_max = 20'000;        // per loop, appends not yet completed
    uint32_t group_members_max = 20'000;         // names that the backend gives for one group
    uint32_t group_fanouts_max = 65'536;         // per loop, group packets not yet answered
    uint64_t delay_bytes_max = 16 << 20;         // backlog bytes in one login reply
    uint32_t delay_packets_max = 100'000;        // backlog packets in one login reply
};

}  // namespace sara::chat
