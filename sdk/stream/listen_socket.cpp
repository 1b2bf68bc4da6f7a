#include "stream/listen_socket.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace sara::stream {
namespace {

std::string addressText(const sockaddr* a) {
    char ip[INET6_ADDRSTRLEN];
    uint32_t port = 0;
    formatPeer(a, ip, &port);
    const std::string text = ip;
    return (text.find(':') == std::string::npos ? text : "[" + text + "]") + ":" +
           std::to_string(port);
}

int openOne(const addrinfo& a, const ListenOptions& options, std::string& at, std::string& error) {
    const int fd = ::socket(a.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        error = std::string("no socket: ") + std::strerror(errno);
        return -1;
    }
    const int on = 1;
    (void)::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    // Accepted sockets inherit it: no call per connection.
    if (options.nodelay) (void)::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    sockaddr_storage real{};
    socklen_t len = sizeof real;
    if (::bind(fd, a.ai_addr, a.ai_addrlen) == 0 && ::listen(fd, options.backlog) == 0 &&
        ::getsockname(fd, reinterpret_cast<sockaddr*>(&real), &len) == 0) {
        at = addressText(reinterpret_cast<const sockaddr*>(&real));
        return fd;
    }
    const int why = errno;
    error = "cannot listen on " + addressText(a.ai_addr) + ": ";
    error += why == EADDRINUSE ? "the port is in use by another program" : std::strerror(why);
    ::close(fd);
    return -1;
}

}  // namespace

int openListenSocket(const ListenOptions& options, std::string& at, std::string& error) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
    const bool any = options.bind.empty() || options.bind == "*";
    addrinfo* found = nullptr;
    const int r = ::getaddrinfo(any ? nullptr : options.bind.c_str(),
                                std::to_string(options.port).c_str(), &hints, &found);
    if (r != 0 || found == nullptr) {
        error = "bind address \"" + options.bind + "\": " + ::gai_strerror(r);
        return -1;
    }
    // A name may have several addresses; "every address" prefers the socket that takes both
    // families.
    int fd = -1;
    for (int family : {any ? AF_INET6 : AF_UNSPEC, static_cast<int>(AF_UNSPEC)}) {
        for (const addrinfo* a = found; a != nullptr && fd < 0; a = a->ai_next) {
            if (family != AF_UNSPEC && a->ai_family != family) continue;
            fd = openOne(*a, options, at, error);
        }
        if (fd >= 0) break;
    }
    ::freeaddrinfo(found);
    return fd;
}

void formatPeer(const sockaddr* peer, char* text, uint32_t* port) {
    text[0] = '?';
    text[1] = 0;
    *port = 0;
    if (peer->sa_family == AF_INET) {
        sockaddr_in a;
        std::memcpy(&a, peer, sizeof a);
        ::inet_ntop(AF_INET, &a.sin_addr, text, INET6_ADDRSTRLEN);
        *port = ntohs(a.sin_port);
    } else if (peer->sa_family == AF_INET6) {
        sockaddr_in6 a;
        std::memcpy(&a, peer, sizeof a);
        if (IN6_IS_ADDR_V4MAPPED(&a.sin6_addr)) {
            ::inet_ntop(AF_INET, a.sin6_addr.s6_addr + 12, text, INET6_ADDRSTRLEN);
        } else {
            ::inet_ntop(AF_INET6, &a.sin6_addr, text, INET6_ADDRSTRLEN);
        }
        *port = ntohs(a.sin6_port);
    }
}

}  // namespace sara::stream
