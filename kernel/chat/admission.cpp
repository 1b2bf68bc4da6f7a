#include "chat/admission.h"

#include <random>

namespace sara::chat {

Admission::Admission(const Settings& settings)
    : settings_(settings),
      delays_(uint64_t{std::random_device()()} << 32 | std::random_device()()) {}

Admission::Answer Admission::enter(std::string_view peer_ip) {
    // Counted first and taken back when refused, so that two loops cannot both take the last place.
    if (connections_.fetch_add(1, std::memory_order_relaxed) >= settings_.connections_max) {
        connections_.fetch_sub(1, std::memory_order_relaxed);
        return Answer::kTooMany;
    }
    if (unauthenticated_.fetch_add(1, std::memory_order_relaxed) >= settings_.unauthenticated_max) {
        unauthenticated_.fetch_sub(1, std::memory_order_relaxed);
        connections_.fetch_sub(1, std::memory_order_relaxed);
        return Answer::kTooManyUnauthenticated;
    }
    const std::string ip(peer_ip);
    Shard& shard = shardOf(ip);
    const std::lock_guard lock(shard.mutex);
    uint32_t& count = shard.by_address[ip];
    if (count >= settings_.connections_per_address_max) {
        if (count == 0) shard.by_address.erase(ip);
        unauthenticated_.fetch_sub(1, std::memory_order_relaxed);
        connections_.fetch_sub(1, std::memory_order_relaxed);
        return Answer::kTooManyFromAddress;
    }
    ++count;
    return Answer::kWelcome;
}

void Admission::leave(std::string_view peer_ip, bool was_authenticated) {
    const std::string ip(peer_ip);
    Shard& shard = shardOf(ip);
    {
        const std::lock_guard lock(shard.mutex);
        const auto row = shard.by_address.find(ip);
        if (row != shard.by_address.end() && --row->second == 0) shard.by_address.erase(row);
    }
    if (!was_authenticated) unauthenticated_.fetch_sub(1, std::memory_order_relaxed);
    connections_.fetch_sub(1, std::memory_order_relaxed);
}

}  // namespace sara::chat
