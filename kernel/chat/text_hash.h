// The hash of the room's tables: eight bytes a step, inlined, seeded at random so that nobody
// outside can choose ids or jids that meet in one bucket.
#pragma once
#include <cstdint>
#include <cstring>
#include <string_view>

#include "chat/ports.h"

namespace sara::chat {

inline uint64_t hashText(uint64_t seed, std::string_view text) {
    // Multiply and fold: every bit of h reaches every bit of the result.
    const auto mix = [](uint64_t h) {
        __extension__ using Wide = unsigned __int128;
        const Wide product = Wide{h ^ 0x9e3779b97f4a7c15ull} * 0xd6e8feb86659fd93ull;
        return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
    };
    uint64_t h = seed;
    size_t i = 0;
    for (; i + 8 <= text.size(); i += 8) {
        uint64_t word;
        std::memcpy(&word, text.data() + i, 8);
        h = mix(h ^ word);
    }
    uint64_t rest = 0;
    if (i < text.size()) std::memcpy(&rest, text.data() + i, text.size() - i);
    return mix(h ^ rest ^ text.size());
}

// A seed that nobody can guess.
inline uint64_t randomSeed(IdSource& ids) {
    char uuid[36];
    ids.uuid(uuid);
    return hashText(0, {uuid, sizeof uuid});
}

}  // namespace sara::chat
