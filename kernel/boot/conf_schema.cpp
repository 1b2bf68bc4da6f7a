#include "boot/conf_schema.h"

namespace sara::boot {

namespace {

constexpr int64_t kMaxInt = INT64_MAX;
constexpr int64_t kMax32 = UINT32_MAX;
constexpr int64_t kHourMs = 3'600'000;
constexpr auto kInt = KeyType::kInteger;
constexpr auto kFlag = KeyType::kFlag;
constexpr auto kText = KeyType::kText;

// clang-format off
constexpr KeyRow kConfKeys[] = {
    // Listeners.
    {"bind", kText, "\"0.0.0.0\"", 0, 0, "", kAlien, "", "Address that every listener binds"},
    {"port", kInt, "4222", 0, 65535, "", kAlien, "", "TCP port; 0 picks a free one"},
    {"tlsport", kInt, "4333", 0, 65535, "", kAlien, "", "TLS port; 0 picks a free one"},
    {"wsport", kInt, "4224", 0, 65535, "", kAlien, "", "WebSocket port; 0 picks a free one"},
    {"wssport", kInt, "4334", 0, 65535, "", kAlien, "", "Secure WebSocket port; 0 picks a free one"},
    {"rpcport", kInt, "4280", 0, 65535, "", kAlien, "", "HTTP RPC port; 0 picks a free one"},
    {"rpcbind", kText, "\"\"", 0, 0, "", kAlien, "", "Address of HTTP RPC; empty: 127.0.0.1 without accesstoken, else bind"},
    {"enable_tcp", kFlag, "true", 0, 0, "", kAlien, "", "Listen on port"},
    {"enable_tls", kFlag, "false", 0, 0, "", kAlien, "", "Listen on tlsport"},
    {"enable_ws", kFlag, "true", 0, 0, "", kAlien, "", "Listen on wsport"},
    {"enable_wss", kFlag, "false", 0, 0, "", kAlien, "", "Listen on wssport"},
    {"certfile", kText, "\"/etc/sara/server.pem\"", 0, 0, "", kAlien | kFileName, "", "Certificate chain, PEM"},
    {"keyfile", kText, "\"/etc/sara/server.key\"", 0, 0, "", kAlien | kFileName, "", "Private key of the certificate, PEM"},
    // Who this node is.
    {"nodeid", kText, "\"n01\"", 0, 0, "", 0, "", "Name of this node; each node its own"},
    {"nodeaddr", kText, "\"localhost:4281\"", 0, 0, "", kAlien, "", "Address of this node for other nodes"},
    {"dc", kText, "\"dc01\"", 0, 0, "", kAlien, "", "Data centre; kept from old files, not used"},
    // Where messages wait.
    {"store", kText, "\"\"", 0, 0, "|embedded|redis", 0, "", "Store; empty: redis when dbaddr is given, else embedded"},
    {"datadir", kText, "\"/var/lib/sara\"", 0, 0, "", kAlien | kFileName, "", "Folder of the embedded store"},
    {"dbaddr", kText, "\"localhost:6379\"", 0, 0, "", kAlien, "", "Address of Redis"},
    {"dbpool", kInt, "100", 1, 100000, "", kAlien, "connections", "Connections to Redis"},
    // Asking others.
    {"callback", kText, "\"\"", 0, 0, "", kAlien, "", "URL that is asked about logins and groups"},
    {"enable_auth", kFlag, "false", 0, 0, "", 0, "", "Ask the auth plugin about every login"},
    {"enable_offline_callback", kFlag, "false", 0, 0, "", 0, "", "Tell the callback about messages stored for users who are away"},
    {"accesstoken", kText, "\"\"", 0, 0, "", kAlien | kSecret, "", "Token of the HTTP RPC; `sara setup` writes a random one"},
    // Behaviour.
    {"loops", kInt, "0", 0, 256, "", 0, "threads", "Event loops; 0: one per core"},
    {"ack", kText, "\"safe\"", 0, 0, "safe|fast", 0, "", "safe: the sender's ack means acknowledged or stored; fast: accepted"},
    {"stamp_ct", kFlag, "true", 0, 0, "", 0, "", "Write the server's time (ct) into packets"},
    {"ack_hold_ms", kInt, "40", 0, 60000, "", 0, "ms", "An unacknowledged packet is stored after this time"},
    {"login_timeout_ms", kInt, "8000", 100, kHourMs, "", 0, "ms", "From connect to login"},
    {"auth_timeout_ms", kInt, "5000", 100, kHourMs, "", 0, "ms", "Answer of the auth plugin"},
    {"group_timeout_ms", kInt, "5000", 100, kHourMs, "", 0, "ms", "Members of a group from the callback plugin"},
    {"idle_timeout_ms", kInt, "100000", 1000, 24 * kHourMs, "", 0, "ms", "A silent client is closed after this time"},
    {"close_flush_ms", kInt, "2000", 0, 60000, "", 0, "ms", "Time for the last bytes before a close"},
    {"login_failure_delay_ms", kInt, "1000", 0, 60000, "", 0, "ms", "Pause before a failed login is closed"},
    {"backlog_age_s", kInt, "604800", 60, 315360000, "", 0, "s", "Waiting messages are dropped after this time"},
    {"offline_max", kInt, "0", 0, 1000000, "", 0, "packets", "At login only the last of what waits; 0: all of it"},
    {"offline_first_only_types", KeyType::kNumbers, "[]", 0, 999999999, "", 0, "", "Of these types only the first of each sender waits"},
    {"offline_last_only_types", KeyType::kNumbers, "[]", 0, 999999999, "", 0, "", "Of these types only the last of each sender waits"},
    {"drain_timeout_ms", kInt, "10000", 0, kHourMs, "", 0, "ms", "Orderly end: sessions get this long"},
    // Process.
    {"profile_dir", kText, "\"\"", 0, 0, "", kFileName, "", "Folder of profiles with --debug; empty: a private one in /tmp"},
    {"pidfile", kText, "\"/tmp/sara.pid\"", 0, 0, "", kFileName, "", "Pid file, locked; empty: none"},
    {"logfile", kText, "\"/tmp/sara.log\"", 0, 0, "", kFileName, "", "Log file; empty: none"},
    {"loglevel", kInt, "2", 0, 3, "", 0, "", "0 error, 1 warn, 2 info, 3 debug"},
    {"logfile_bytes_max", kInt, "104857600", 4096, kMaxInt, "", 0, "bytes", "The log file rotates at this size"},
    {"logfile_count", kInt, "5", 0, 1000, "", 0, "files", "Rotated log files that are kept"},
    {"log_console", kFlag, "true", 0, 0, "", 0, "", "Log lines also on stdout, in the foreground"},
    {"plugin_dir", KeyType::kTexts, "[]", 0, 0, "", 0, "", "Folders of plugins; empty: ../lib/sara/plugins beside the program"},
    {"plugins", KeyType::kObject, "{}", 0, 0, "", 0, "", "One section per plugin: enabled, required, its own keys"},
    {"limits", KeyType::kObject, "{}", 0, 0, "", 0, "", "Limits, table below"},
};

constexpr KeyRow kLimitKeys[] = {
    {"frame_bytes_max", kInt, "1048576", 1024, 1 << 30, "", 0, "bytes", "One packet after login"},
    {"login_frame_bytes_max", kInt, "8192", 256, 1 << 20, "", 0, "bytes", "One packet before login"},
    {"json_depth_max", kInt, "64", 2, 1024, "", 0, "levels", "Nesting of a packet"},
    {"connections_max", kInt, "1000000", 1, kMax32, "", 0, "connections", "Connections of the node"},
    {"connections_per_address_max", kInt, "10000", 1, kMax32, "", 0, "connections", "Connections of one address"},
    {"unauthenticated_max", kInt, "8192", 1, kMax32, "", 0, "connections", "Connections before login"},
    {"queue_bytes_max", kInt, "4194304", 65536, 1ll << 32, "", 0, "bytes", "Waiting to be written to one client"},
    {"messages_per_second_max", kInt, "100000", 1, kMax32, "", 0, "per second", "Packets of one session; then reading pauses"},
    {"bytes_per_second_max", kInt, "134217728", 1024, 1ll << 40, "", 0, "per second", "Bytes of one session; then reading pauses"},
    {"unacked_max", kInt, "1000", 1, 1000000, "", 0, "packets", "Unacknowledged packets of one session"},
    {"store_inflight_max", kInt, "20000", 1, kMax32, "", 0, "packets", "Appends under way, per loop"},
    {"group_members_max", kInt, "20000", 2, 1000000, "", 0, "names", "Names that the callback gives for one group"},
    {"group_fanouts_max", kInt, "65536", 1, 1 << 24, "", 0, "packets", "Group packets not yet answered, per loop"},
    {"delay_bytes_max", kInt, "16777216", 65536, 1ll << 32, "", 0, "bytes", "Backlog in one login reply"},
    {"delay_packets_max", kInt, "100000", 1, kMax32, "", 0, "packets", "Backlog in one login reply"},
    {"mailbox_max", kInt, "65536", 16, 1 << 24, "", 0, "posts", "Mailbox of one loop"},
    {"timers_max", kInt, "4000000", 1024, kMax32, "", 0, "timers", "Timers of one loop"},
    {"buffer_bytes_max", kInt, "1073741824", 0, kMaxInt, "", 0, "bytes", "Live packet buffers of the process; 0: no limit"},
    {"workers", kInt, "8", 1, 1024, "", 0, "threads", "Threads for blocking work of plugins"},
    {"work_queue_max", kInt, "4096", 1, 1 << 20, "", 0, "jobs", "Waiting jobs of those threads"},
    {"suspended_max", kInt, "65536", 1, 1 << 24, "", 0, "events", "Events that filters hold"},
    {"filter_failures_max", kInt, "16", 1, 1000000, "", 0, "failures", "In the window below: the filter is switched off"},
    {"filter_failures_window_ms", kInt, "60000", 1, kHourMs, "", 0, "ms", "Window of filter_failures_max"},
    {"log_queue_bytes_max", kInt, "4194304", 65536, 1 << 30, "", 0, "bytes", "Log lines waiting for the writer"},
    {"log_line_bytes_max", kInt, "2048", 128, 65536, "", 0, "bytes", "One log line; the rest is cut"},
};
// clang-format on

std::string quotedWords(std::string_view words) {
    std::string out;
    size_t begin = 0;
    while (begin <= words.size()) {
        const size_t end = std::min(words.find('|', begin), words.size());
        if (!out.empty()) out += end == words.size() ? " or " : ", ";
        out += "\"" + std::string(words.substr(begin, end - begin)) + "\"";
        begin = end + 1;
    }
    return out;
}

void markdownRows(std::span<const KeyRow> rows, std::string* out) {
    *out += "| key | type | default | meaning |\n|---|---|---|---|\n";
    for (const KeyRow& row : rows) {
        *out += "| `" + std::string(row.name) + "` | " + describeExpected(row) + " | `" +
                std::string(row.fallback) + "`" +
                (row.unit.empty() ? std::string() : " " + std::string(row.unit)) + " | " +
                std::string(row.help) + " |\n";
    }
}

}  // namespace

std::span<const KeyRow> confKeys() { return kConfKeys; }
std::span<const KeyRow> limitKeys() { return kLimitKeys; }

const KeyRow* findRow(std::span<const KeyRow> rows, std::string_view name) {
    for (const KeyRow& row : rows) {
        if (row.name == name) return &row;
    }
    return nullptr;
}

std::vector<std::string> rowNames(std::span<const KeyRow> rows) {
    std::vector<std::string> names;
    for (const KeyRow& row : rows) names.emplace_back(row.name);
    return names;
}

std::string describeExpected(const KeyRow& row) {
    switch (row.type) {
        case KeyType::kInteger:
            if (row.max == kMaxInt) return "an integer of at least " + std::to_string(row.min);
            return "an integer from " + std::to_string(row.min) + " to " + std::to_string(row.max);
        case KeyType::kFlag:
            return "true or false";
        case KeyType::kText:
            return row.words.empty() ? "text" : quotedWords(row.words);
        case KeyType::kTexts:
            return "text or an array of texts";
        case KeyType::kNumbers:
            return "an array of integers from " + std::to_string(row.min) + " to " +
                   std::to_string(row.max);
        case KeyType::kObject:
            return "an object";
    }
    return {};
}

std::string schemaMarkdown() {
    std::string out = "### Keys of the file\n\n";
    markdownRows(confKeys(), &out);
    out += "\n### Keys of the section `limits`\n\n";
    markdownRows(limitKeys(), &out);
    return out;
}

}  // namespace sara::boot
