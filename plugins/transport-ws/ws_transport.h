// The plugin: reads its configuration, binds ws and wss, and gives every loop the framing.
#pragma once
#include <string>

#include "stream/stream_transport.h"
#include "ws_framing.h"

namespace sara::ws {

class WsTransport final : public stream::StreamTransport {
  public:
    explicit WsTransport(const sara_host* host) : StreamTransport(host, "ws") {}

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
    void defineMeters();

    std::string bind_;
    std::string certfile_;
    std::string keyfile_;
    Port ws_;
    Port wss_;
    bool nodelay_ = true;
    Origins origins_;
    WsMeters meters_;
    std::string status_;
};

}  // namespace sara::ws
