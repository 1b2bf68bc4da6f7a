#include "ws_kind.h"

#include <stdexcept>

#include "client_frames.h"

namespace sara::ws {
namespace {

const sara_plugin_desc* descriptor() {
    static std::string error;
    static const sara_plugin_desc* desc = testkit::loadPlugin(SARA_WS_PLUGIN, &error);
    if (desc == nullptr) throw std::runtime_error(error);
    return desc;
}

std::string wsConfig(const std::string&, const std::string&, const std::string& more) {
    return R"({"bind": "127.0.0.1", "wsport": 0)" + more + "}";
}

std::string wssConfig(const std::string& certfile, const std::string& keyfile,
                      const std::string& more) {
    return R"({"bind": "127.0.0.1", "enable_ws": false, "enable_wss": true, "wssport": 0, "certfile": ")" +
           certfile + R"(", "keyfile": ")" + keyfile + "\"" + more + "}";
}

size_t welcome(const std::string& received) {
    if (received.rfind("HTTP/1.1 101 ", 0) != 0) return 0;
    const size_t end = received.find("\r\n\r\n");
    return end == std::string::npos ? 0 : end + 4;
}

// Text messages; Close frames end what is of interest.
std::vector<std::string> decode(std::string& bytes) {
    bytes.erase(0, welcome(bytes));
    std::vector<std::string> messages;
    for (ServerFrame& f : takeFrames(bytes)) {
        if (f.first == 0x81) {
            messages.push_back(std::move(f.payload));
        } else if (f.first != 0x88) {
            messages.push_back("UNEXPECTED FRAME " + std::to_string(f.first));
        }
    }
    return messages;
}

testkit::TransportKind make(bool tls) {
    testkit::TransportKind k;
    k.name = tls ? "wss" : "ws";
    k.tls = tls;
    k.descriptor = descriptor;
    k.config = tls ? wssConfig : wsConfig;
    k.encode = textFrame;
    k.heartbeat = textFrame("\x02");
    k.decode = decode;
    k.heartbeat_answer = "\\02";
    k.kill = "\\03";
    k.greet = [](testkit::WireClient& c) { c.send(kRequest); };
    k.welcome = welcome;
    return k;
}

}  // namespace

const testkit::TransportKind kWs = make(false);
const testkit::TransportKind kWss = make(true);

}  // namespace sara::ws
