#include "store-redis/address.h"

#include <sys/un.h>

#include <charconv>

namespace sara::store_redis {
namespace {

constexpr uint16_t kDefaultPort = 6379;

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    return text;
}

bool refuse(std::string_view found, std::string_view expected, std::string* error) {
    *error =
        "key \"dbaddr\": found \"" + std::string(found) + "\", expected " + std::string(expected);
    return false;
}

}  // namespace

std::string Address::text() const {
    if (isUnix()) return "unix:" + path;
    const bool v6 = host.find(':') != std::string::npos;
    return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

bool parseAddress(std::string_view text, Address* out, std::string* error) {
    *out = {};
    const std::string_view all = text;
    if (text.starts_with("unix:")) text.remove_prefix(5);
    if (text.starts_with('/')) {
        if (text.size() >= sizeof(sockaddr_un::sun_path)) {
            return refuse(all, "a path of at most 107 bytes", error);
        }
        out->path = text;
        return true;
    }
    std::string_view host = text;
    std::string_view port;
    bool has_port = false;
    if (text.starts_with('[')) {
        const size_t end = text.find(']');
        if (end == std::string_view::npos) return refuse(all, "a ']'", error);
        host = text.substr(1, end - 1);
        has_port = end + 1 < text.size();
        if (has_port && text[end + 1] != ':') return refuse(all, "[address]:port", error);
        if (has_port) port = text.substr(end + 2);
    } else if (const size_t colon = text.rfind(':'); colon != std::string_view::npos) {
        host = text.substr(0, colon);
        port = text.substr(colon + 1);
        has_port = true;
        if (host.find(':') != std::string_view::npos) {
            return refuse(all, "brackets around an IPv6 address: [address]:port", error);
        }
    }
    out->port = kDefaultPort;
    if (has_port) {
        const auto [end, bad] = std::from_chars(port.data(), port.data() + port.size(), out->port);
        if (bad != std::errc{} || end != port.data() + port.size() || out->port == 0) {
            return refuse(all, "a port from 1 to 65535", error);
        }
    }
    if (host.empty() || host.size() > 255 || host.find_first_of(" \t\r\n/,") != host.npos) {
        return refuse(all, "host:port, [v6]:port or unix:/path", error);
    }
    out->host = host;
    return true;
}

bool parseAddresses(std::string_view text, std::vector<Address>* out, std::string* error) {
    out->clear();
    for (std::string_view rest = text;;) {
        const size_t comma = rest.find(',');
        Address address;
        if (!parseAddress(trimmed(rest.substr(0, comma)), &address, error)) return false;
        if (out->size() == kSeedsMax) return refuse(text, "at most 64 addresses", error);
        out->push_back(std::move(address));
        if (comma == std::string_view::npos) return true;
        rest.remove_prefix(comma + 1);
    }
}

}  // namespace sara::store_redis
