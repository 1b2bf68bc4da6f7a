// One listening socket. Decides its options: SO_REUSEADDR but never SO_REUSEPORT, so that a second
// server on the port is an error and not half of the connections.
#pragma once
#include <sys/socket.h>

#include <cstdint>
#include <string>

namespace sara::stream {

struct ListenOptions {
    std::string bind;     // address or name; "" and "*" mean every address
    uint16_t port = 0;    // 0: the system picks one
    bool nodelay = true;  // TCP_NODELAY of what is accepted
    int backlog = 4096;   // docs/limits.md: stream_backlog; the system caps it
};

// [control] A non-blocking listening socket, or -1 with a sentence in error. *at gets the real
// address, "127.0.0.1:4222" or "[::1]:4222".
int openListenSocket(const ListenOptions& options, std::string& at, std::string& error);

// Address of a peer: writes "203.0.113.7" or "2001:db8::7" into text (46 bytes); an IPv4 address
// that came through an IPv6 socket is written as IPv4.
void formatPeer(const sockaddr* peer, char* text, uint32_t* port);

}  // namespace sara::stream
