// The alphabet of HTTP/1.1 heads (RFC 9110, 5.6): tokens, field values, lists. Decides only what a
// character may stand in; no allocation.
#pragma once
#include <string_view>

namespace sara::ws {

// [any] All of them.
constexpr char lowerCase(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
bool isTokenChar(char c) noexcept;
bool isToken(std::string_view s) noexcept;       // not empty
bool isTarget(std::string_view s) noexcept;      // visible ASCII, not empty
bool isFieldValue(std::string_view s) noexcept;  // no control characters but TAB
std::string_view trimmed(std::string_view s) noexcept;
// Without regard to case.
bool sameWord(std::string_view a, std::string_view b) noexcept;
// Is the word an element of the comma-separated list?
bool listHas(std::string_view list, std::string_view word) noexcept;

}  // namespace sara::ws
