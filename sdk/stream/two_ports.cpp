#include "stream/two_ports.h"

#include "stream/tls_config.h"
#include "stream/tls_stream.h"

namespace sara::stream {

bool TwoPorts::readConfig(const Section& conf, std::string& error) {
    bind_ = conf.text("bind", "0.0.0.0");
    certfile_ = conf.text("certfile", "/etc/sara/server.pem");
    keyfile_ = conf.text("keyfile", "/etc/sara/server.key");
    nodelay_ = conf.flag("nodelay", true);
    for (size_t i = 0; i < names_.size(); ++i) {
        const Names& n = names_[i];
        const int64_t port = conf.number(n.port_key, n.port);
        if (port < 0 || port > UINT16_MAX) {
            error = std::string(n.port_key) + " goes from 0 to 65535, not " + std::to_string(port);
            return false;
        }
        ports_[i].port = static_cast<uint16_t>(port);
        ports_[i].enabled = conf.flag(n.enable_key, n.enabled);
    }
    return true;
}

bool TwoPorts::add(StreamTransport& transport, std::string& error) {
    auto& [plain, secure] = ports_;
    if (plain.enabled) plain.listener = transport.addListener(names_[0].word, nullptr);
    if (!secure.enabled) return true;
    if (!prepareTlsBio()) {
        error = "OpenSSL has no memory";
        return false;
    }
    std::string warning;
    TlsContext tls = loadTls(certfile_, keyfile_, error, warning);
    if (!tls) return false;
    if (!warning.empty()) transport.context().say(SARA_LOG_WARN, warning);
    secure.listener = transport.addListener(names_[1].word, std::move(tls));
    return true;
}

bool TwoPorts::open(StreamTransport& transport, std::string& error) {
    for (const Port& p : ports_) {
        if (!p.enabled) continue;
        ListenOptions options;
        options.bind = bind_;
        options.port = p.port;
        options.nodelay = nodelay_;
        if (!transport.bind(p.listener, options, error)) return false;
    }
    status_ = transport.status();
    return transport.open(error);
}

}  // namespace sara::stream
