// The plugin: reads its configuration, binds TCP and TLS, and gives every loop the emsg framing.
#pragma once
#include <string>

#include "sara/abi/config.h"
#include "stream/stream_transport.h"
#include "tcp_framing.h"

namespace sara::tcp {

class TcpTransport final : public stream::StreamTransport {
  public:
    explicit TcpTransport(const sara_host* host) : StreamTransport(host, "tcp") {}

    // [control] The steps of the plugin's life; false with a sentence in error.
    [[nodiscard]] bool init(std::string& error);
    [[nodiscard]] bool start(std::string& error);
    sara_str statusLine();

  protected:
    std::unique_ptr<stream::Framing> makeFraming(uint32_t loop) override;

  private:
    struct Port {
        uint32_t listener = 0;
        uint16_t port = 0;
        bool enabled = false;
    };
    bool readConfig(std::string& error);

    std::string bind_;
    std::string certfile_;
    std::string keyfile_;
    Port tcp_;
    Port tls_;
    bool nodelay_ = true;
    TcpFramingOptions framing_;
    std::string status_;
};

}  // namespace sara::tcp
