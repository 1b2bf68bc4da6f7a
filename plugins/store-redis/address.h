// Where a Redis server listens: host and port, or a unix socket. Decides what "dbaddr" may say.
// Refuses empty entries, ports out of range and more than kSeedsMax entries, with a sentence.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sara::store_redis {

constexpr std::size_t kSeedsMax = 64;  // docs/limits.md: redis_seeds_max

struct Address {
    std::string host;  // name or number; empty for a unix socket
    uint16_t port = 0;
    std::string path;  // of the unix socket

    bool isUnix() const { return !path.empty(); }
    // [any] As it may stand in "dbaddr".
    std::string text() const;
    bool operator==(const Address&) const = default;
};

// [any] One address; the port is 6379 when there is none.
[[nodiscard]] bool parseAddress(std::string_view text, Address* out, std::string* error);
// [any] A comma list of addresses, blanks around them allowed.
[[nodiscard]] bool parseAddresses(std::string_view text, std::vector<Address>* out,
                                  std::string* error);

}  // namespace sara::store_redis
