// What a Redis Cluster says about itself: which node has which slot, and "-MOVED"/"-ASK" answers.
// Reads replies only; refuses slots out of range, ports out of range and more than kNodesMax nodes.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store-redis/address.h"
#include "store-redis/resp.h"
#include "store-redis/slot.h"

namespace sara::store_redis {

constexpr uint16_t kNobody = UINT16_MAX;
constexpr std::size_t kNodesMax = 1024;  // docs/limits.md: redis_nodes_max

struct ClusterMap {
    std::vector<Address> nodes;   // masters
    std::vector<uint16_t> owner;  // kSlots places in nodes, or kNobody
    bool complete = false;        // every slot has a master
};

// [any] The answer to CLUSTER SLOTS. asked: the host that answered, for nodes without a name.
std::optional<ClusterMap> parseSlots(const redisReply& reply, const std::string& asked);

struct Redirect {
    bool ask = false;
    uint16_t slot = 0;
    Address to;
};

// [any] "MOVED 3999 host:port" or "ASK ...".
std::optional<Redirect> parseRedirect(std::string_view error, const std::string& asked);

}  // namespace sara::store_redis
