#include "tcp_transport.h"

#include "stream/section.h"

namespace sara::tcp {

bool TcpTransport::readConfig(std::string& error) {
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
    tcp_.enabled = conf.flag("enable_tcp", true);
    tls_.enabled = conf.flag("enable_tls", false);
    const int64_t port = conf.number("port", 4222);
    const int64_t tlsport = conf.number("tlsport", 4333);
    if (port < 0 || port > UINT16_MAX || tlsport < 0 || tlsport > UINT16_MAX) {
        error = "port and tlsport go from 0 to 65535";
        return false;
    }
    tcp_.port = static_cast<uint16_t>(port);
    tls_.port = static_cast<uint16_t>(tlsport);
    nodelay_ = conf.flag("nodelay", true);
    framing_.ascii_json = conf.flag("ascii_json", false);
    framing_.stringify_attrs = conf.flag("stringify_attrs", false);
    options().pace_ms = static_cast<uint32_t>(conf.number("pace_ms", 0));
    framing_.one_per_write = options().pace_ms != 0;
    return true;
}

bool TcpTransport::init(std::string& error) {
    if (!prepare(error) || !readConfig(error)) return false;
    if (tcp_.enabled) tcp_.listener = addListener("tcp", nullptr);
    if (tls_.enabled) {
        if (!stream::prepareTlsBio()) {
            error = "OpenSSL has no memory";
            return false;
        }
        std::string warning;
        stream::TlsContext tls = stream::loadTls(certfile_, keyfile_, error, warning);
        if (!tls) return false;
        if (!warning.empty()) context().say(SARA_LOG_WARN, warning);
        tls_.listener = addListener("tls", std::move(tls));
    }
    return true;
}

bool TcpTransport::start(std::string& error) {
    for (const Port* p : {&tcp_, &tls_}) {
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

sara_str TcpTransport::statusLine() { return stream::str(status_); }

std::unique_ptr<stream::Framing> TcpTransport::makeFraming(uint32_t) {
    return std::make_unique<TcpFraming>(framing_);
}

}  // namespace sara::tcp
