#include "ws_transport.h"

#include "stream/section.h"

namespace sara::ws {

bool WsTransport::readConfig(std::string& error) {
    const auto* api =
        static_cast<const sara_config*>(host()->get_extension(host(), SARA_EXT_CONFIG));
    if (api == nullptr) {
        error = "the server has no sara.config/1";
        return false;
    }
    const stream::Section conf(host(), api);
    if (!ports_.readConfig(conf, error)) return false;
    return origins_.read(conf.text("origins", ""), error);
}

void WsTransport::defineMeters() {
    const stream::StreamContext& c = context();
    if (c.metrics == nullptr) return;
    const auto define = [&c](const char* name, const char* help) {
        return c.metrics->define(c.host, SARA_COUNTER, stream::str(name), stream::str(help));
    };
    meters_.handshakes_refused =
        define("ws_handshakes_refused_total", "Requests that did not become a WebSocket");
    meters_.pings = define("ws_pings_total", "Ping frames received");
    meters_.pongs_left_out =
        define("ws_pongs_left_out_total", "Pings not answered because the client does not read");
}

bool WsTransport::init(std::string& error) {
    if (!prepare(error) || !readConfig(error)) return false;
    defineMeters();
    return ports_.add(*this, error);
}

bool WsTransport::start(std::string& error) { return ports_.open(*this, error); }

std::unique_ptr<stream::Framing> WsTransport::makeFraming(uint32_t) {
    return std::make_unique<WsFraming>(origins_, meters_);
}

}  // namespace sara::ws
