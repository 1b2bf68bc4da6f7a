#include "store-redis/cluster_map.h"

#include <algorithm>
#include <charconv>

namespace sara::store_redis {
namespace {

bool isInteger(const redisReply* reply, long long least, long long most) {
    return reply != nullptr && reply->type == REDIS_REPLY_INTEGER && reply->integer >= least &&
           reply->integer <= most;
}

}  // namespace

std::optional<ClusterMap> parseSlots(const redisReply& reply, const std::string& asked) {
    if (reply.type != REDIS_REPLY_ARRAY) return std::nullopt;
    ClusterMap map;
    map.owner.assign(kSlots, kNobody);
    for (size_t i = 0; i < reply.elements; ++i) {
        const redisReply* range = reply.element[i];
        if (range == nullptr || range->type != REDIS_REPLY_ARRAY || range->elements < 3 ||
            !isInteger(range->element[0], 0, kSlots - 1) ||
            !isInteger(range->element[1], range->element[0]->integer, kSlots - 1)) {
            return std::nullopt;
        }
        const redisReply* master = range->element[2];
        if (master == nullptr || master->type != REDIS_REPLY_ARRAY || master->elements < 2 ||
            master->element[0] == nullptr || !isInteger(master->element[1], 0, 65535)) {
            return std::nullopt;
        }
        if (master->element[1]->integer == 0) continue;  // a node that nobody has met yet
        Address address;
        address.host = textOf(*master->element[0]);
        if (address.host.empty() || address.host == "?") address.host = asked;
        address.port = static_cast<uint16_t>(master->element[1]->integer);
        auto at = std::find(map.nodes.begin(), map.nodes.end(), address);
        if (at == map.nodes.end()) {
            if (map.nodes.size() == kNodesMax) return std::nullopt;
            at = map.nodes.insert(at, std::move(address));
        }
        std::fill(map.owner.begin() + static_cast<ptrdiff_t>(range->element[0]->integer),
                  map.owner.begin() + static_cast<ptrdiff_t>(range->element[1]->integer) + 1,
                  static_cast<uint16_t>(at - map.nodes.begin()));
    }
    map.complete = std::find(map.owner.begin(), map.owner.end(), kNobody) == map.owner.end();
    return map;
}

std::optional<Redirect> parseRedirect(std::string_view error, const std::string& asked) {
    Redirect redirect;
    redirect.ask = error.starts_with("ASK ");
    if (!redirect.ask && !error.starts_with("MOVED ")) return std::nullopt;
    error.remove_prefix(redirect.ask ? 4 : 6);
    const auto [end, bad] =
        std::from_chars(error.data(), error.data() + error.size(), redirect.slot);
    error.remove_prefix(static_cast<size_t>(end - error.data()));
    if (bad != std::errc{} || redirect.slot >= kSlots || !error.starts_with(' ')) {
        return std::nullopt;
    }
    error.remove_prefix(1);
    // host:port, where an IPv6 host has no brackets, and an unknown one is empty.
    const size_t colon = error.rfind(':');
    if (colon == std::string_view::npos || colon > 255) return std::nullopt;
    const std::string_view port = error.substr(colon + 1);
    const auto [port_end, port_bad] =
        std::from_chars(port.data(), port.data() + port.size(), redirect.to.port);
    if (port_bad != std::errc{} || port_end != port.data() + port.size() || redirect.to.port == 0) {
        return std::nullopt;
    }
    redirect.to.host = error.substr(0, colon);
    if (redirect.to.host.empty() || redirect.to.host == "?") redirect.to.host = asked;
    return redirect;
}

}  // namespace sara::store_redis
