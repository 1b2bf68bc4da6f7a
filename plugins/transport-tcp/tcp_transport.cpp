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
    if (!ports_.readConfig(conf, error)) return false;
    framing_.ascii_json = conf.flag("ascii_json", false);
    framing_.stringify_attrs = conf.flag("stringify_attrs", false);
    options().pace_ms = static_cast<uint32_t>(conf.number("pace_ms", 0));
    framing_.one_per_write = options().pace_ms != 0;
    return true;
}

bool TcpTransport::init(std::string& error) {
    if (!prepare(error) || !readConfig(error)) return false;
    return ports_.add(*this, error);
}

bool TcpTransport::start(std::string& error) { return ports_.open(*this, error); }

std::unique_ptr<stream::Framing> TcpTransport::makeFraming(uint32_t) {
    return std::make_unique<TcpFraming>(framing_);
}

}  // namespace sara::tcp
