#include "load/options.h"

#include <sys/socket.h>

#include <charconv>
#include <stdexcept>

namespace sara::bench {
namespace {

template <typename Number>
bool parse(const std::string& text, Number& number) {
    const char* end = text.data() + text.size();
    const auto result = std::from_chars(text.data(), end, number);
    return result.ec == std::errc{} && result.ptr == end;
}

// False: no such option, or not a number.
bool set(Options& o, const std::string& name, const std::string& value) {
    if (name == "--host") {
        o.host = value;
        return true;
    }
    if (name == "--port") return parse(value, o.port);
    if (name == "--pairs") return parse(value, o.pairs);
    if (name == "--window") return parse(value, o.window);
    if (name == "--size") return parse(value, o.size);
    if (name == "--seconds") return parse(value, o.seconds);
    if (name == "--warmup") return parse(value, o.warmup_seconds);
    if (name == "--members") return parse(value, o.members);
    if (name == "--senders") return parse(value, o.senders);
    if (name == "--bystanders") return parse(value, o.bystanders);
    if (name == "--rate") return parse(value, o.rate);
    if (name == "--users") return parse(value, o.users);
    if (name == "--count") return parse(value, o.count);
    if (name == "--concurrency") return parse(value, o.concurrency);
    if (name == "--sources") return parse(value, o.sources);
    if (name == "--pid") return parse(value, o.server_pid);
    return false;
}

}  // namespace

std::string parseOptions(const std::vector<std::string>& args, Options& options) {
    if (args.empty()) return "no mode";
    options.mode = args[0];
    for (size_t i = 1; i < args.size(); ++i) {
        if (args[i] == "--tls") {
            options.tls = true;
        } else if (args[i] == "--ws") {
            options.ws = true;
        } else if (args[i] == "--no-ack") {
            options.ack = false;
        } else if (args[i] == "--keep") {
            options.keep = true;
        } else if (i + 1 >= args.size() || !set(options, args[i], args[i + 1])) {
            return "cannot use '" + args[i] + "'";
        } else {
            ++i;
        }
    }
    const bool known = options.mode == "chat" || options.mode == "group" ||
                       options.mode == "offline" || options.mode == "logins" ||
                       options.mode == "idle" || options.mode == "rpc";
    if (!known) return "no mode '" + options.mode + "'";
    if (options.pairs == 0 || options.window == 0 || options.users == 0 || options.count == 0 ||
        options.concurrency == 0 || options.members < 2 || options.senders == 0 ||
        options.sources == 0 || options.sources > 200) {
        return "a number is 0 or too large";
    }
    return "";
}

makeconn::Target targetOf(const Options& options) {
    makeconn::Target target;
    target.host = options.host;
    target.tls = options.tls;
    target.ws = options.ws;
    std::string wrong = makeconn::resolve(options.host, options.port, AF_INET, &target.to);
    target.from.resize(options.sources);
    for (uint32_t i = 0; wrong.empty() && i < options.sources; ++i) {
        wrong = makeconn::resolve("127.0.0." + std::to_string(2 + i), 0, AF_INET, &target.from[i]);
    }
    if (!wrong.empty()) throw std::runtime_error(wrong);
    return target;
}

const char* usage() {
    return "usage: emsg_load MODE [options]\n"
           "  chat     pairs of users; each sends with a window; checks loss, repeats, order\n"
           "  group    members of one group; some send, everybody acknowledges; the roster: g=m*N\n"
           "  offline  stores messages for users who are away, then fetches them by login\n"
           "  logins   connect, login, close, again and again\n"
           "  idle     logs in and stays; reports the server's memory per connection\n"
           "  rpc      asks isonline over HTTP on kept connections, one call after the other\n"
           "  --host A --port N --tls --ws --no-ack --pairs N --window N --size BYTES --seconds S\n"
           "  --warmup S --users N --count N --concurrency N --sources N --pid SERVER\n"
           "  --members N --senders N  group\n"
           "  --bystanders N  chat: users who are online and silent\n"
           "  --rate N --keep  offline: stores per second; nobody fetches\n"
           "Prints one line of JSON. Exit code 1 when a message was lost, repeated or out of "
           "order.\n";
}

}  // namespace sara::bench
