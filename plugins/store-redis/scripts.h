// The Lua scripts that run inside Redis, and their SHA1 names. Each touches one key, or a backlog
// and its companion, which share a slot. Decides the format of what is stored; docs/redis-keys.md
// describes it.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace sara::store_redis {

enum class Script : uint8_t {
    kAppend,
    kFetch,
    kDrop,
    kClaim,
    kRelease,
    kForget,
    kLookup,
    kRenew,
    kBeat,
    kErase,
    kStrike,
    kCount
};
constexpr uint32_t kScripts = static_cast<uint32_t>(Script::kCount);

// [any] Both live as long as the program.
std::string_view sourceOf(Script script);
std::string_view shaOf(Script script);

}  // namespace sara::store_redis
