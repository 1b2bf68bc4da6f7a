// The arguments of `sara talk`. Decides their defaults; refuses a conversation without two jids and
// every argument that it does not know.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace sara::boot {

struct TalkOptions {
    std::string as;                  // --as: our jid, user@domain[/resource]
    std::string to;                  // --to: their jid
    std::string password;            // --password
    std::string host = "127.0.0.1";  // --host
    uint16_t port = 0;               // --port; 0 becomes 4222, or 4333 with --tls
    bool tls = false;                // --tls
    std::string ca_file;             // --ca: check the server's certificate against this file
    bool help = false;               // -h, --help
};

// Fills options from args. Returns an empty string, or one sentence that says what is wrong. [any]
[[nodiscard]] std::string parseTalkOptions(const std::vector<std::string>& args,
                                           TalkOptions& options);

// The usage text, several lines. [any]
[[nodiscard]] const char* talkUsage();

}  // namespace sara::boot
