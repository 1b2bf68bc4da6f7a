// The two listeners that a transport has by its conf keys: one plain, one in TLS with the server's
// certificate. Decides how ports, bind, certfile and keyfile are read and in which order things
// are refused; what is spoken on the ports is the framing's.
#pragma once
#include <array>
#include <cstdint>
#include <string>

#include "stream/section.h"
#include "stream/stream_transport.h"

namespace sara::stream {

class TwoPorts {
  public:
    // Words of the status line and keys of one listener, with what a missing key means.
    struct Names {
        const char* word;
        const char* port_key;
        uint16_t port;
        const char* enable_key;
        bool enabled;
    };
    TwoPorts(const Names& plain, const Names& secure) : names_{plain, secure} {}

    // [control] False with a sentence in error.
    [[nodiscard]] bool readConfig(const Section& conf, std::string& error);
    // [control] Before the loops start: loads the certificate and adds the listeners.
    [[nodiscard]] bool add(StreamTransport& transport, std::string& error);
    // [control] In start(): binds both and opens.
    [[nodiscard]] bool open(StreamTransport& transport, std::string& error);
    // [control] Valid behind open().
    sara_str statusLine() const { return str(status_); }

  private:
    struct Port {
        uint32_t listener = 0;
        uint16_t port = 0;
        bool enabled = false;
    };

    const std::array<Names, 2> names_;  // plain, secure
    std::array<Port, 2> ports_;
    std::string bind_;
    std::string certfile_;
    std::string keyfile_;
    bool nodelay_ = true;
    std::string status_;
};

}  // namespace sara::stream
