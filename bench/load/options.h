// What one run of the load generator does. Decides the defaults; refuses options that no mode
// knows.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "makeconn/connection.h"

namespace sara::bench {

struct Options {
    std::string mode;                // chat, group, offline, logins, idle, rpc
    std::string host = "127.0.0.1";  // --host, an IPv4 address
    uint16_t port = 4222;            // --port
    bool tls = false;                // --tls
    bool ws = false;                 // --ws
    bool ack = true;                 // --no-ack: messages ask for no ack, receivers send none
    uint32_t pairs = 100;            // chat: --pairs
    uint32_t window = 16;            // --window, messages in flight per pair
    uint32_t size = 64;              // --size, bytes of content
    double seconds = 5;              // --seconds, measured time
    double warmup_seconds = 1;       // --warmup
    uint32_t members = 100;          // group: --members
    uint32_t senders = 1;            // group: --senders, of the members
    uint32_t bystanders = 0;         // chat: --bystanders, users that are online and silent
    uint32_t rate = 0;               // offline: --rate, stores per second; 0: as the window allows
    bool keep = false;               // offline: --keep, nobody fetches
    uint32_t users = 10;             // offline: --users
    uint32_t count = 20'000;         // offline: --count, messages in all; logins, idle: connections
    uint32_t concurrency = 64;       // --concurrency, logins under way at once
    uint32_t sources = 8;            // --sources, addresses 127.0.0.2 and up to connect from
    int server_pid = 0;              // --pid, whose CPU and memory is reported
};

// Returns an empty string, or what is wrong.
[[nodiscard]] std::string parseOptions(const std::vector<std::string>& args, Options& options);
// Where the connections of a run go to and come from. Throws std::runtime_error.
[[nodiscard]] makeconn::Target targetOf(const Options& options);
[[nodiscard]] const char* usage();

}  // namespace sara::bench
