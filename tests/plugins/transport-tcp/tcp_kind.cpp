#include "tcp_kind.h"

#include <stdexcept>

namespace sara::tcp {
namespace {

const sara_plugin_desc* descriptor() {
    static std::string error;
    static const sara_plugin_desc* desc = testkit::loadPlugin(SARA_TCP_PLUGIN, &error);
    if (desc == nullptr) throw std::runtime_error(error);
    return desc;
}

std::string tcpConfig(const std::string&, const std::string&, const std::string& more) {
    return R"({"bind": "127.0.0.1", "port": 0)" + more + "}";
}

std::string tlsConfig(const std::string& certfile, const std::string& keyfile,
                      const std::string& more) {
    return R"({"bind": "127.0.0.1", "enable_tcp": false, "enable_tls": true, "tlsport": 0, "certfile": ")" +
           certfile + R"(", "keyfile": ")" + keyfile + "\"" + more + "}";
}

std::string encode(std::string_view body) { return std::string(body) + '\x01'; }

std::vector<std::string> decode(std::string& bytes) {
    std::vector<std::string> frames;
    size_t end = 0;
    while ((end = bytes.find('\x01')) != std::string::npos) {
        frames.push_back(bytes.substr(0, end));
        bytes.erase(0, end + 1);
    }
    return frames;
}

testkit::TransportKind make(bool tls) {
    testkit::TransportKind k;
    k.name = tls ? "tls" : "tcp";
    k.tls = tls;
    k.descriptor = descriptor;
    k.config = tls ? tlsConfig : tcpConfig;
    k.encode = encode;
    k.heartbeat = "\x02\x01";
    k.decode = decode;
    k.heartbeat_answer = "\x02";
    k.kill = "\x03";
    return k;
}

}  // namespace

const testkit::TransportKind kTcp = make(false);
const testkit::TransportKind kTls = make(true);

}  // namespace sara::tcp
