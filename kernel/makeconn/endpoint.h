// Addresses as the socket calls want them. Decides how HOST:PORT is written, IPv6 in brackets;
// refuses names that nobody resolves, with a sentence.
#pragma once
#include <sys/socket.h>

#include <cstdint>
#include <string>

namespace sara::makeconn {

struct Endpoint {
    sockaddr_storage address{};
    socklen_t size = 0;

    [[nodiscard]] int family() const { return address.ss_family; }
    [[nodiscard]] bool isLoopback() const;
};

// [any] "host:port", "host", "[::1]:port" in its parts; port stays as it is when there is none.
// False when the port is no number from 1 to 65535.
[[nodiscard]] bool splitAddress(const std::string& text, std::string* host, uint16_t* port);
// [control] Can sockets of this machine come from there? "" or why not.
[[nodiscard]] std::string tryBind(const Endpoint& source);
// [control] Resolves a name or a number; family AF_UNSPEC or what it must be. Returns an empty
// string or what is wrong.
[[nodiscard]] std::string resolve(const std::string& host, uint16_t port, int family,
                                  Endpoint* out);

}  // namespace sara::makeconn
