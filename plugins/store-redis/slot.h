// Which of the 16384 slots of a Redis Cluster a key belongs to, and what to call a second key so
// that it lands in the slot of the first. Decides nothing else.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace sara::store_redis {

constexpr uint32_t kSlots = 16'384;

// [any] CRC16 of the key, or of what stands between its first '{' and the next '}'.
uint16_t slotOf(std::string_view key);
// [any] A name for the companion of key in the same slot: {key}_idx, and another spelling for keys
// that hold braces themselves. Always ends in _idx, which no message id may (see protocol).
std::string companionOf(std::string_view key);

}  // namespace sara::store_redis
