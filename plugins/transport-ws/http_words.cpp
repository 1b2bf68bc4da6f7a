#include "http_words.h"

#include <algorithm>
#include <cstdint>

namespace sara::ws {

bool isTokenChar(char c) noexcept {
    const bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return alnum ||
           (c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos);
}

bool isToken(std::string_view s) noexcept {
    return !s.empty() && std::all_of(s.begin(), s.end(), isTokenChar);
}

bool isTarget(std::string_view s) noexcept {
    return !s.empty() &&
           std::all_of(s.begin(), s.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

bool isFieldValue(std::string_view s) noexcept {
    return std::all_of(s.begin(), s.end(), [](char c) {
        const auto b = static_cast<uint8_t>(c);
        return b == '\t' || (b >= 0x20 && b != 0x7f);
    });
}

std::string_view trimmed(std::string_view s) noexcept {
    while (!s.empty() && (s.front() == ' ' || s.front() == '\t')) s.remove_prefix(1);
    while (!s.empty() && (s.back() == ' ' || s.back() == '\t')) s.remove_suffix(1);
    return s;
}

bool sameWord(std::string_view a, std::string_view b) noexcept {
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
               return lowerCase(x) == lowerCase(y);
           });
}

bool listHas(std::string_view list, std::string_view word) noexcept {
    while (!list.empty()) {
        const size_t comma = std::min(list.find(','), list.size());
        if (sameWord(trimmed(list.substr(0, comma)), word)) return true;
        list.remove_prefix(std::min(comma + 1, list.size()));
    }
    return false;
}

}  // namespace sara::ws
