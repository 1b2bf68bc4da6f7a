#include "kit/conf.h"

namespace sara::wire {

Conf& Conf::set(const std::string& name, const std::string& value) {
    values_[name] = value;
    return *this;
}

Conf& Conf::setText(const std::string& name, const std::string& text) {
    return set(name, '"' + text + '"');
}

Conf& Conf::remove(const std::string& name) {
    values_.erase(name);
    return *this;
}

std::string Conf::json() const {
    std::map<std::string, std::string> sections;
    std::string text;
    for (const auto& [name, value] : values_) {
        const auto dot = name.find('.');
        std::string& out = dot == std::string::npos ? text : sections[name.substr(0, dot)];
        out += (out.empty() ? "\"" : ",\n \"") +
               name.substr(dot == std::string::npos ? 0 : dot + 1) + "\": " + value;
    }
    for (const auto& [name, members] : sections) {
        text += (text.empty() ? "\"" : ",\n \"") + name + "\": {" + members + "}";
    }
    return "{" + text + "}\n";
}

Conf Conf::inFolder(const std::string& folder) {
    Conf conf;
    conf.setText("bind", "127.0.0.1").set("port", "0").set("tlsport", "0");
    conf.set("wsport", "0").set("wssport", "0").set("rpcport", "0");
    conf.set("enable_ws", "false").set("enable_wss", "false").set("enable_tls", "false");
    conf.setText("nodeid", "n01").setText("store", "embedded");
    conf.setText("datadir", folder + "/data").setText("pidfile", folder + "/sara.pid");
    conf.setText("logfile", folder + "/sara.log").set("loglevel", "2");
    conf.set("loops", "2");
    return conf;
}

}  // namespace sara::wire
