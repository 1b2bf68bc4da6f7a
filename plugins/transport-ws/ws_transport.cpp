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
    bind_ = conf.text("bind", "0.0.0.0");
    certfile_ = conf.text("certfile", "/etc/sara/server.pem");
    keyfile_ = conf.text("keyfile", "/etc/sara/server.key");
    ws_.enabled = conf.flag("enable_ws", true);
    wss_.enabled = conf.flag("enable_wss", false);
    const int64_t port = conf.number("wsport", 4224);
    const int64_t wssport = conf.number("wssport", 4334);
    if (port < 0 || port > UINT16_MAX || wssport < 0 || wssport > UINT16_MAX) {
        error = "wsport and wssport go from 0 to 65535";
        return false;
    }
    ws_.port = static_cast<uint16_t>(port);
    wss_.port = static_cast<uint16_t>(wssport);
    nodelay_ = conf.flag("nodelay", true);
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
    if (ws_.enabled) ws_.listener = addListener("ws", nullptr);
    if (wss_.enabled) {
        if (!stream::prepareTlsBio()) {
            error = "OpenSSL has no memory";
            return false;
        }
        std::string warning;
        stream::TlsContext tls = stream::loadTls(certfile_, keyfile_, error, warning);
        if (!tls) return false;
        if (!warning.empty()) context().say(SARA_LOG_WARN, warning);
        wss_.listener = addListener("wss", std::move(tls));
    }
    return true;
}

bool WsTransport::start(std::string& error) {
    for (const Port* p : {&ws_, &wss_}) {
        if (!p->enabled) continue;
        stream::ListenOptions options;
        options.bind = bind_;
        options.port = p->port;
        options.nodelay = nodelay_;
        if (!bind(p->listener, options, error)) return false;
    }
    status_ = status();
    return open(error);
}

sara_str WsTransport::statusLine() { return stream::str(status_); }

std::unique_ptr<stream::Framing> WsTransport::makeFraming(uint32_t) {
    return std::make_unique<WsFraming>(origins_, meters_);
}

}  // namespace sara::ws
