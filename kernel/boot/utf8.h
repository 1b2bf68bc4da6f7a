// UTF-8, one character at a time, as strict as RFC 3629: no surrogates, no overlong forms, nothing
// above U+10FFFF. For text that is read once at the start; the packet path has its own scanner.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace sara::boot {

// [any] Bytes of the first character, 1-4; 0: not UTF-8 (or text is empty).
size_t utf8Length(std::string_view text);
// [any] code is a scalar value.
void appendUtf8(uint32_t code, std::string* out);

}  // namespace sara::boot
