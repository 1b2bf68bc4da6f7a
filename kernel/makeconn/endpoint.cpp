#include "makeconn/endpoint.h"

#include <netdb.h>
#include <netinet/in.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>

namespace sara::makeconn {

bool Endpoint::isLoopback() const {
    if (family() == AF_INET) {
        sockaddr_in v4{};
        std::memcpy(&v4, &address, sizeof v4);
        return ntohl(v4.sin_addr.s_addr) >> 24 == 127;
    }
    sockaddr_in6 v6{};
    std::memcpy(&v6, &address, sizeof v6);
    return IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr);
}

bool splitAddress(const std::string& text, std::string* host, uint16_t* port) {
    const bool bracket = !text.empty() && text.front() == '[';
    const size_t close = bracket ? text.find(']') : std::string::npos;
    if (bracket && close == std::string::npos) return false;
    const size_t colon = text.find(':', bracket ? close : 0);
    // More than one colon without brackets is an IPv6 address without a port.
    const bool bare_v6 =
        !bracket && colon != std::string::npos && text.find(':', colon + 1) != std::string::npos;
    *host = bracket ? text.substr(1, close - 1) : text.substr(0, bare_v6 ? text.npos : colon);
    if (bare_v6 || colon == std::string::npos) return !host->empty();
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data() + colon + 1, end, *port);
    return !host->empty() && read.ec == std::errc{} && read.ptr == end && *port != 0;
}

std::string tryBind(const Endpoint& source) {
    const int fd = ::socket(source.family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool bound =
        fd >= 0 && ::bind(fd, reinterpret_cast<const sockaddr*>(&source.address), source.size) == 0;
    std::string why = bound ? "" : std::strerror(errno);
    if (fd >= 0) ::close(fd);
    return why;
}

std::string resolve(const std::string& host, uint16_t port, int family, Endpoint* out) {
    addrinfo wanted{};
    wanted.ai_family = family;
    wanted.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &wanted, &found);
    if (error != 0) return host + ": " + ::gai_strerror(error);
    // "localhost" is both; the server listens on IPv4 unless its operator says otherwise.
    const addrinfo* best = found;
    for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
        if (at->ai_family == AF_INET) {
            best = at;
            break;
        }
    }
    std::memcpy(&out->address, best->ai_addr, best->ai_addrlen);
    out->size = best->ai_addrlen;
    ::freeaddrinfo(found);
    return {};
}

}  // namespace sara::makeconn
