// The arguments of `sara makeconn`: those of the earlier server's command, and what was missing
// there. Decides their defaults; refuses arguments that it does not know and numbers that make no
// sense.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace sara::makeconn {

struct Options {
    uint32_t total = 1024;           // -t, --total: connections, one user each
    std::vector<std::string> laddr;  // -l, --laddr: addresses to connect from
    std::string host = "localhost";  // -a, --raddr
    uint16_t port = 0;               // -a, --raddr; 0 becomes 4222, 4333, 4224 or 4334
    double heartbeat_s = 50;         // -b, --heartbeat; 0: none
    uint32_t message_bytes = 0;      // --ms, --messagesize; 0: no messages
    double message_gap_s = 5;        // --mg, --messagegap: between two messages of one user
    double rate = 0;                 // --rate: messages per second of all users; 0: by the gap
    double duration_s = 0;           // --duration; 0: until SIGINT
    uint32_t workers = 0;            // --workers: processes; 0: as many as are needed
    std::string password = "123";    // --password
    bool tls = false;                // --tls
    bool ws = false;                 // --ws
    bool json = false;               // --json: the result as one line of JSON
    bool help = false;               // -h, --help

    // Messages per second of all users; 0: none are sent.
    [[nodiscard]] double messagesPerSecond() const;
};

// [any] Fills options from args. Returns an empty string, or one sentence that says what is wrong.
[[nodiscard]] std::string parseOptions(const std::vector<std::string>& args, Options& options);
// [any] The usage text, several lines.
[[nodiscard]] const char* usage();

}  // namespace sara::makeconn
