// The plugin: reads its configuration, binds TCP and TLS, and gives every loop the emsg framing.
#pragma once
#include <string>

#include "stream/stream_transport.h"
#include "stream/two_ports.h"
#include "tcp_framing.h"

namespace sara::tcp {

class TcpTransport final : public stream::StreamTransport {
  public:
    explicit TcpTransport(const sara_host* host) : StreamTransport(host, "tcp") {}

    // [control] The steps of the plugin's life; false with a sentence in error.
    [[nodiscard]] bool init(std::string& error);
    [[nodiscard]] bool start(std::string& error);
    sara_str statusLine() const { return ports_.statusLine(); }

  protected:
    std::unique_ptr<stream::Framing> makeFraming(uint32_t loop) override;

  private:
    bool readConfig(std::string& error);

    stream::TwoPorts ports_{{"tcp", "port", 4222, "enable_tcp", true},
                            {"tls", "tlsport", 4333, "enable_tls", false}};
    TcpFramingOptions framing_;
};

}  // namespace sara::tcp
