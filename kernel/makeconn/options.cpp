#include "makeconn/options.h"

#include <charconv>
#include <string_view>

#include "makeconn/endpoint.h"

namespace sara::makeconn {
namespace {

constexpr uint32_t kTotalMax = 4'000'000;            // docs/limits.md: makeconn_total_max
constexpr uint32_t kMessageBytesMax = 64u << 20;     // docs/limits.md: makeconn_message_bytes_max
constexpr uint32_t kDefaultMessageBytes = 64;        // when only --rate is given
constexpr double kSecondsMax = 30.0 * 24 * 60 * 60;  // of any time given here

template <typename Number>
bool parse(std::string_view text, Number& number) {
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    return read.ec == std::errc{} && read.ptr == text.data() + text.size();
}

std::string outside(const std::string& name, const std::string& expected,
                    const std::string& found) {
    return name + " must be " + expected + ", found '" + found + "'";
}

std::string seconds(const std::string& name, const std::string& text, double& out) {
    // The comparison refuses "nan" too.
    if (parse(text, out) && out >= 0 && out <= kSecondsMax) return {};
    return outside(name, "seconds, 0 or more", text);
}

std::string count(const std::string& name, const std::string& text, uint32_t min, uint32_t max,
                  uint32_t& out) {
    if (parse(text, out) && out >= min && out <= max) return {};
    return outside(name, std::to_string(min) + " to " + std::to_string(max), text);
}

std::string addresses(const std::string& text, std::vector<std::string>& out) {
    for (size_t at = 0; at <= text.size() && !text.empty();) {
        const size_t comma = std::min(text.find(',', at), text.size());
        if (comma == at) return outside("--laddr", "addresses with commas between them", text);
        out.push_back(text.substr(at, comma - at));
        at = comma + 1;
    }
    return {};
}

std::string canonical(const std::string& name) {
    static const std::vector<std::pair<std::string, std::string>> kShort = {
        {"-t", "--total"},        {"-l", "--laddr"},         {"-a", "--raddr"},
        {"-b", "--heartbeat"},    {"--ms", "--messagesize"}, {"-ms", "--messagesize"},
        {"--mg", "--messagegap"}, {"-mg", "--messagegap"},   {"-h", "--help"}};
    for (const auto& [brief, full] : kShort) {
        if (name == brief) return full;
    }
    return name;
}

bool isFlag(const std::string& name, Options& o) {
    bool* const flag = name == "--tls"    ? &o.tls
                       : name == "--ws"   ? &o.ws
                       : name == "--json" ? &o.json
                       : name == "--help" ? &o.help
                                          : nullptr;
    if (flag != nullptr) *flag = true;
    return flag != nullptr;
}

bool isKnown(const std::string& name) {
    for (const char* known : {"--total", "--laddr", "--raddr", "--heartbeat", "--messagesize",
                              "--messagegap", "--rate", "--duration", "--workers", "--password"}) {
        if (name == known) return true;
    }
    return false;
}

std::string set(const std::string& name, const std::string& value, Options& o) {
    if (name == "--total") return count(name, value, 1, kTotalMax, o.total);
    if (name == "--laddr") return addresses(value, o.laddr);
    if (name == "--heartbeat") return seconds(name, value, o.heartbeat_s);
    if (name == "--messagesize") return count(name, value, 0, kMessageBytesMax, o.message_bytes);
    if (name == "--messagegap") return seconds(name, value, o.message_gap_s);
    if (name == "--duration") return seconds(name, value, o.duration_s);
    if (name == "--workers") return count(name, value, 1, 256, o.workers);
    if (name == "--password") {
        if (value.find_first_of("\"\\\x01") != std::string::npos || value.size() > 1024) {
            return "--password must be shorter, without quotes and backslashes";
        }
        o.password = value;
        return {};
    }
    if (name == "--rate") {
        if (parse(value, o.rate) && o.rate > 0 && o.rate <= 1e8) return {};
        return outside(name, "messages per second, more than 0", value);
    }
    if (splitAddress(value, &o.host, &o.port)) return {};
    return outside(name, "HOST:PORT", value);
}

}  // namespace

double Options::messagesPerSecond() const {
    if (rate > 0) return rate;
    if (message_bytes == 0 || message_gap_s <= 0) return 0;
    return total / message_gap_s;
}

std::string parseOptions(const std::vector<std::string>& args, Options& options) {
    for (size_t i = 0; i < args.size(); ++i) {
        const size_t equals = args[i].find('=');
        const std::string name = canonical(args[i].substr(0, equals));
        if (equals == std::string::npos && isFlag(name, options)) continue;
        if (!isKnown(name)) return "unknown argument '" + args[i] + "'";
        std::string value;
        if (equals != std::string::npos) {
            value = args[i].substr(equals + 1);
        } else if (i + 1 < args.size()) {
            value = args[++i];
        } else {
            return name + " needs a value";
        }
        std::string wrong = set(name, value, options);
        if (!wrong.empty()) return wrong;
    }
    if (options.message_bytes > 0 && options.rate == 0 && options.message_gap_s <= 0) {
        return "--messagegap must be more than 0; as fast as you like is --rate";
    }
    if (options.rate > 0 && options.message_bytes == 0) {
        options.message_bytes = kDefaultMessageBytes;
    }
    if (options.port == 0) {
        options.port = options.ws ? (options.tls ? 4334 : 4224) : (options.tls ? 4333 : 4222);
    }
    return {};
}

const char* usage() {
    return "usage: sara makeconn [options]\n"
           "\n"
           "Logs users in, keeps them online, lets them write to each other, and counts.\n"
           "\n"
           "  -t, --total N          connections, one user each (1024)\n"
           "  -l, --laddr IP[,IP]    addresses of this machine to connect from; one has about\n"
           "                         28,000 ports (default: the system's choice; to a loopback\n"
           "                         address as many of 127.0.0.x as are needed)\n"
           "  -a, --raddr HOST:PORT  the server (localhost:4222; 4333 with --tls, 4224 with --ws,\n"
           "                         4334 with both)\n"
           "  -b, --heartbeat S      seconds between two heartbeats of one user, 0: none (50)\n"
           "      --ms, --messagesize BYTES  content of a message; 0: no messages (0)\n"
           "      --mg, --messagegap S       seconds between two messages of one user (5)\n"
           "      --rate N           messages per second of all users, in place of the gap\n"
           "      --duration S       ends by itself this long after all are online; without it,\n"
           "                         Ctrl-C ends it\n"
           "      --tls              encrypt; the certificate is not checked\n"
           "      --ws               WebSocket; with --tls secure WebSocket\n"
           "      --password TEXT    of every user (123)\n"
           "      --workers N        processes (as many as processors and file limits ask for)\n"
           "      --json             the result as one line of JSON, progress on stderr\n"
           "\n"
           "Exit code 0: all were online to the end and every message arrived; 1: not; 2: it "
           "could\n"
           "not begin.\n";
}

}  // namespace sara::makeconn
