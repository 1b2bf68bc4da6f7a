// What is done to every byte of a payload. Decides how it is unmasked (eight bytes at a time, in
// place) and what is UTF-8: RFC 3629, so no surrogates, no overlong forms, nothing above U+10FFFF.
// A text may end inside a character, because fragments may.
#pragma once
#include <cstddef>
#include <cstdint>

namespace sara::ws {

// [any] XORs the mask over len bytes at p. True when all of the result is ASCII.
bool unmask(uint8_t* p, size_t len, const uint8_t (&mask)[4]) noexcept;

// [any] Is all of it UTF-8? For whole messages; many bytes at a time.
bool isUtf8(const uint8_t* p, size_t len) noexcept;

struct Utf8Scan {
    bool valid;    // whole characters, or the beginning of one at the very end
    uint8_t open;  // bytes of the unfinished character at the end, 0 to 3
};
// [any] The same for a part that may end inside a character; byte by byte.
Utf8Scan scanUtf8(const uint8_t* p, size_t len) noexcept;

}  // namespace sara::ws
