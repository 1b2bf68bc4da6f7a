#include "boot/talk_options.h"

#include <charconv>

namespace sara::boot {
namespace {

// "user@domain" at least; the server has the last word on the rest of the grammar.
bool looksLikeJid(const std::string& text) {
    const auto at = text.find('@');
    return at != std::string::npos && at > 0 && at + 1 < text.size() &&
           text.find('@', at + 1) == std::string::npos;
}

bool parsePort(const std::string& text, uint16_t& port) {
    const char* end = text.data() + text.size();
    const auto result = std::from_chars(text.data(), end, port);
    return result.ec == std::errc{} && result.ptr == end && port != 0;
}

// Finds where the value of an option goes; nullptr for options that this client does not have.
std::string* valueOf(TalkOptions& options, const std::string& name, std::string& port) {
    if (name == "--as") return &options.as;
    if (name == "--to") return &options.to;
    if (name == "--password") return &options.password;
    if (name == "--host") return &options.host;
    if (name == "--port") return &port;
    if (name == "--ca") return &options.ca_file;
    return nullptr;
}

}  // namespace

std::string parseTalkOptions(const std::vector<std::string>& args, TalkOptions& options) {
    std::string port;
    for (size_t i = 0; i < args.size(); ++i) {
        std::string name = args[i];
        if (name == "-h" || name == "--help") {
            options.help = true;
            return "";
        }
        if (name == "--tls") {
            options.tls = true;
            continue;
        }
        const auto equals = name.find('=');
        std::string* value = valueOf(options, name.substr(0, equals), port);
        if (value == nullptr) return "unknown argument '" + name + "'";
        if (equals != std::string::npos) {
            *value = name.substr(equals + 1);
        } else if (i + 1 < args.size()) {
            *value = args[++i];
        } else {
            return name + " needs a value";
        }
    }
    if (!port.empty() && !parsePort(port, options.port)) {
        return "--port must be 1 to 65535, found '" + port + "'";
    }
    if (options.port == 0) options.port = options.tls ? 4333 : 4222;
    if (!options.ca_file.empty()) options.tls = true;
    if (!looksLikeJid(options.as))
        return "--as must be a jid like a@demo, found '" + options.as + "'";
    if (!looksLikeJid(options.to))
        return "--to must be a jid like b@demo, found '" + options.to + "'";
    return "";
}

const char* talkUsage() {
    return "usage: sara talk --as USER@DOMAIN --to USER@DOMAIN [options]\n"
           "\n"
           "  --as JID          who you are\n"
           "  --to JID          whom you talk to\n"
           "  --password TEXT   what the server's auth plugin wants to see (default: empty)\n"
           "  --host NAME       where the server is (default: 127.0.0.1)\n"
           "  --port NUMBER     its port (default: 4222, with --tls 4333)\n"
           "  --tls             encrypt; the certificate is checked only with --ca\n"
           "  --ca FILE         check the server's certificate against this PEM file\n"
           "\n"
           "Each line you type is one message. Ctrl-D ends the talk when all are accepted.\n";
}

}  // namespace sara::boot
