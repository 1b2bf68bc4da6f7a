#include "store-redis/slot.h"

#include <array>

namespace sara::store_redis {
namespace {

constexpr std::string_view kTail = "_idx";

constexpr std::array<uint16_t, 256> crcTable() {
    std::array<uint16_t, 256> table{};
    for (uint32_t i = 0; i < 256; ++i) {
        uint32_t crc = i << 8;
        for (int bit = 0; bit < 8; ++bit)
            crc = (crc & 0x8000) != 0 ? (crc << 1) ^ 0x1021 : crc << 1;
        table[i] = static_cast<uint16_t>(crc);
    }
    return table;
}
constexpr auto kCrc = crcTable();

std::string_view hashed(std::string_view key) {
    const size_t open = key.find('{');
    if (open == std::string_view::npos) return key;
    const size_t close = key.find('}', open + 1);
    if (close == std::string_view::npos || close == open + 1) return key;
    return key.substr(open + 1, close - open - 1);
}

}  // namespace

uint16_t slotOf(std::string_view key) {
    uint16_t crc = 0;
    for (const char c : hashed(key)) {
        crc =
            static_cast<uint16_t>((crc << 8) ^ kCrc[((crc >> 8) ^ static_cast<uint8_t>(c)) & 0xFF]);
    }
    return crc % kSlots;
}

std::string companionOf(std::string_view key) {
    const std::string plain(key);
    // The key has a tag of its own: whatever follows it does not change the slot.
    if (hashed(key).size() != key.size()) return plain + std::string(kTail);
    if (key.find('}') == std::string_view::npos) return "{" + plain + "}" + std::string(kTail);
    // A brace that closes nothing would end our tag too early: a number with the same slot instead.
    const uint16_t slot = slotOf(key);
    for (uint32_t n = 0; n < 64 * kSlots; ++n) {
        const std::string tag = std::to_string(n);
        if (slotOf(tag) == slot) return "{" + tag + "}" + plain + std::string(kTail);
    }
    return plain + std::string(kTail);
}

}  // namespace sara::store_redis
