#include "message_text.h"

#include <simdjson.h>

#include <cstring>

namespace sara::ws {
namespace {

constexpr uint64_t kHighBits = 0x8080808080808080u;

uint64_t load(const uint8_t* p) noexcept {
    uint64_t v = 0;
    std::memcpy(&v, p, sizeof v);
    return v;
}

void store(uint8_t* p, uint64_t v) noexcept { std::memcpy(p, &v, sizeof v); }

// What may follow a lead byte: its length, and the range of the second byte (the others are 80-BF).
struct Lead {
    uint8_t length;
    uint8_t second_min;
    uint8_t second_max;
};

Lead leadOf(uint8_t b) noexcept {
    if (b >= 0xc2 && b <= 0xdf) return {2, 0x80, 0xbf};
    if (b == 0xe0) return {3, 0xa0, 0xbf};
    if (b == 0xed) return {3, 0x80, 0x9f};
    if (b >= 0xe1 && b <= 0xef) return {3, 0x80, 0xbf};
    if (b == 0xf0) return {4, 0x90, 0xbf};
    if (b >= 0xf1 && b <= 0xf3) return {4, 0x80, 0xbf};
    if (b == 0xf4) return {4, 0x80, 0x8f};
    return {0, 0, 0};
}

}  // namespace

bool unmask(uint8_t* p, size_t len, const uint8_t (&mask)[4]) noexcept {
    uint32_t four = 0;
    std::memcpy(&four, mask, sizeof four);
    const uint64_t eight = (uint64_t{four} << 32) | four;
    uint64_t seen = 0;
    size_t i = 0;
    for (; i + 32 <= len; i += 32) {
        const uint64_t a = load(p + i) ^ eight;
        const uint64_t b = load(p + i + 8) ^ eight;
        const uint64_t c = load(p + i + 16) ^ eight;
        const uint64_t d = load(p + i + 24) ^ eight;
        store(p + i, a);
        store(p + i + 8, b);
        store(p + i + 16, c);
        store(p + i + 24, d);
        seen |= a | b | c | d;
    }
    for (; i + 8 <= len; i += 8) {
        const uint64_t a = load(p + i) ^ eight;
        store(p + i, a);
        seen |= a;
    }
    for (; i < len; ++i) {
        p[i] = static_cast<uint8_t>(p[i] ^ mask[i & 3]);
        seen |= p[i];
    }
    return (seen & kHighBits) == 0;
}

bool isUtf8(const uint8_t* p, size_t len) noexcept {
    return simdjson::validate_utf8(reinterpret_cast<const char*>(p), len);
}

Utf8Scan scanUtf8(const uint8_t* p, size_t len) noexcept {
    const uint8_t* const end = p + len;
    while (p < end) {
        if (*p < 0x80) {
            while (end - p >= 8 && (load(p) & kHighBits) == 0) p += 8;
            while (p < end && *p < 0x80) ++p;
            continue;
        }
        const Lead lead = leadOf(*p);
        if (lead.length == 0) return {false, 0};
        const size_t left = static_cast<size_t>(end - p);
        for (size_t k = 1; k < lead.length; ++k) {
            if (k == left) return {true, static_cast<uint8_t>(left)};
            const uint8_t min = k == 1 ? lead.second_min : 0x80;
            const uint8_t max = k == 1 ? lead.second_max : 0xbf;
            if (p[k] < min || p[k] > max) return {false, 0};
        }
        p += lead.length;
    }
    return {true, 0};
}

}  // namespace sara::ws
