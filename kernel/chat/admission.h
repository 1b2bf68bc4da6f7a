// Who may connect at all. Decides by the limits connections_max, connections_per_address_max and
// unauthenticated_max, for the whole process; a connection counts from accept to close.
#pragma once
#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "chat/login_delays.h"
#include "chat/settings.h"

namespace sara::chat {

class Admission {
  public:
    enum class Answer { kWelcome, kTooMany, kTooManyFromAddress, kTooManyUnauthenticated };

    explicit Admission(const Settings& settings);
    // [any] kWelcome has counted the connection, as not logged in.
    [[nodiscard]] Answer enter(std::string_view peer_ip);
    // [any] It has logged in.
    void authenticated() { unauthenticated_.fetch_sub(1, std::memory_order_relaxed); }
    // [any] Its login failed after all.
    void unauthenticated() { unauthenticated_.fetch_add(1, std::memory_order_relaxed); }
    // [any] It is gone.
    void leave(std::string_view peer_ip, bool was_authenticated);
    // [any] How long who is refused is held.
    LoginDelays& delays() { return delays_; }
    uint32_t connections() const { return connections_.load(std::memory_order_relaxed); }

  private:
    struct Shard {
        std::mutex mutex;
        std::unordered_map<std::string, uint32_t> by_address;
    };
    Shard& shardOf(const std::string& ip) {
        return shards_[std::hash<std::string>()(ip) % shards_.size()];
    }

    const Settings& settings_;
    LoginDelays delays_;
    std::atomic<uint32_t> connections_{0};
    std::atomic<uint32_t> unauthenticated_{0};
    std::array<Shard, 16> shards_;
};

}  // namespace sara::chat
