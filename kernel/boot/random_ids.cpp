#include "boot/random_ids.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cstdlib>

namespace sara::boot {
namespace {

constexpr size_t kBlockBytes = 256;  // getrandom() gives this much without being interrupted
constexpr size_t kUuidBytes = 16;

const uint8_t* take() {
    thread_local std::array<uint8_t, kBlockBytes> block;
    thread_local size_t used = kBlockBytes;
    if (used == kBlockBytes) {
        if (getrandom(block.data(), block.size(), 0) != static_cast<ssize_t>(block.size())) {
            std::abort();
        }
        used = 0;
    }
    const uint8_t* bytes = block.data() + used;
    used += kUuidBytes;
    return bytes;
}

}  // namespace

void RandomIds::uuid(char (&out)[36]) {
    static constexpr char kHex[] = "0123456789abcdef";
    std::array<uint8_t, kUuidBytes> bytes;
    std::copy_n(take(), kUuidBytes, bytes.begin());
    bytes[6] = static_cast<uint8_t>((bytes[6] & 0x0f) | 0x40);  // version 4
    bytes[8] = static_cast<uint8_t>((bytes[8] & 0x3f) | 0x80);  // variant 1
    size_t at = 0;
    for (size_t i = 0; i < kUuidBytes; ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) out[at++] = '-';
        out[at++] = kHex[bytes[i] >> 4];
        out[at++] = kHex[bytes[i] & 0xf];
    }
}

}  // namespace sara::boot
