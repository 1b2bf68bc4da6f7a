// The plugin: reads its configuration, binds ws and wss, and gives every loop the framing.
#pragma once
#include <string>

#include "stream/stream_transport.h"
#include "stream/two_ports.h"
#include "ws_framing.h"

namespace sara::ws {

class WsTransport final : public stream::StreamTransport {
  public:
    explicit WsTransport(const sara_host* host) : StreamTransport(host, "ws") {}

    // [control] The steps of the plugin's life; false with a sentence in error.
    [[nodiscard]] bool init(std::string& error);
    [[nodiscard]] bool start(std::string& error);
    sara_str statusLine() const { return ports_.statusLine(); }

  protected:
    std::unique_ptr<stream::Framing> makeFraming(uint32_t loop) override;

  private:
    bool readConfig(std::string& error);
    void defineMeters();

    stream::TwoPorts ports_{{"ws", "wsport", 4224, "enable_ws", true},
                            {"wss", "wssport", 4334, "enable_wss", false}};
    Origins origins_;
    WsMeters meters_;
};

}  // namespace sara::ws
