// sara/jid.hpp - decides what a jid is: user@domain, optionally followed by /resource. Views into
// the text that was parsed, no allocation. Refuses everything else, so that no jid can become two
// store keys, two list entries or another user's name; compares byte for byte, without folding
// case.
//
//   exactly one '@' in the whole text
//   user      1-128 bytes, none of  @ / , :
//   domain    1-128 bytes, none of  @ / ,
//   resource  0-128 bytes after the first '/', may contain '/' and spaces
//   UTF-8 everywhere; no control character; no space in user and domain
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace sara {

// Longest user, domain or resource, in bytes. Longer: not a jid.
inline constexpr std::size_t kJidPartBytesMax = 128;  // docs/limits.md: jid_part_bytes_max
// Longest full jid, in bytes.
inline constexpr std::size_t kJidBytesMax = 3 * kJidPartBytesMax + 2;

namespace detail {

enum JidPart : uint8_t { kInUser = 1, kInDomain = 2, kInResource = 4, kNotAscii = 8 };

constexpr std::array<uint8_t, 256> jidClasses() noexcept {
    std::array<uint8_t, 256> classes{};
    for (std::size_t c = 0x20; c < 256; ++c) {
        classes[c] = c >= 0x80 ? kNotAscii : (kInUser | kInDomain | kInResource);
    }
    classes[0x7F] = 0;
    classes['@'] = 0;
    classes[' '] = kInResource;
    classes[','] = kInResource;
    classes['/'] = kInResource;
    classes[':'] = kInDomain | kInResource;
    return classes;
}
inline constexpr std::array<uint8_t, 256> kJidClasses = jidClasses();

// Bytes of the well-formed UTF-8 character at the front of s, 0 when there is none or it is a C1
// control.
constexpr std::size_t utf8Length(std::string_view s) noexcept {
    const auto at = [&](std::size_t i) { return static_cast<uint8_t>(i < s.size() ? s[i] : 0); };
    const auto tail = [&](std::size_t i) { return (at(i) & 0xC0) == 0x80; };
    const uint8_t a = at(0), b = at(1);
    if (a >= 0xC2 && a <= 0xDF) return tail(1) && !(a == 0xC2 && b < 0xA0) ? 2 : 0;
    if (a >= 0xE0 && a <= 0xEF) {  // no overlong form, no surrogate
        if ((a == 0xE0 && b < 0xA0) || (a == 0xED && b > 0x9F)) return 0;
        return tail(1) && tail(2) ? 3 : 0;
    }
    if (a >= 0xF0 && a <= 0xF4) {  // no overlong form, nothing above U+10FFFF
        if ((a == 0xF0 && b < 0x90) || (a == 0xF4 && b > 0x8F)) return 0;
        return tail(1) && tail(2) && tail(3) ? 4 : 0;
    }
    return 0;
}

constexpr bool jidPartValid(std::string_view part, JidPart where) noexcept {
    if (part.size() > kJidPartBytesMax) return false;
    unsigned all = where;  // plain ASCII, the usual case, without a branch per byte
    for (const char c : part) all &= kJidClasses[static_cast<uint8_t>(c)];
    if (all != 0) return true;
    for (std::size_t i = 0; i < part.size();) {
        const uint8_t classes = kJidClasses[static_cast<uint8_t>(part[i])];
        if (classes & where) {
            ++i;
            continue;
        }
        const std::size_t n = classes & kNotAscii ? utf8Length(part.substr(i)) : 0;
        if (n == 0) return false;
        i += n;
    }
    return true;
}

}  // namespace detail

// A jid split into its parts. All views point into the text given to parse() and live as long as
// it.
struct Jid {
    std::string_view text;  // as it was given
    std::string_view user;
    std::string_view domain;
    std::string_view resource;  // behind the first '/', or empty

    // user@domain: a prefix of the text. Names the user whatever device he uses.
    constexpr std::string_view bare() const noexcept {
        return text.substr(0, user.size() + 1 + domain.size());
    }
    constexpr bool hasResource() const noexcept { return text.size() > bare().size(); }

    // [any] nullopt when the text is not a jid.
    static constexpr std::optional<Jid> parse(std::string_view full) noexcept {
        if (full.size() > kJidBytesMax) return std::nullopt;
        const std::size_t at = full.find('@');
        if (at == 0 || at == std::string_view::npos) return std::nullopt;
        const std::size_t slash = full.find('/', at + 1);
        Jid jid;
        jid.text = full;
        jid.user = full.substr(0, at);
        if (slash == std::string_view::npos) {
            jid.domain = full.substr(at + 1);
        } else {
            jid.domain = full.substr(at + 1, slash - at - 1);
            jid.resource = full.substr(slash + 1);
        }
        if (jid.domain.empty() || !detail::jidPartValid(jid.user, detail::kInUser) ||
            !detail::jidPartValid(jid.domain, detail::kInDomain) ||
            !detail::jidPartValid(jid.resource, detail::kInResource)) {
            return std::nullopt;
        }
        return jid;
    }
};

// [any] Do both name the same user? False when one of them is no jid.
constexpr bool sameUser(std::string_view a, std::string_view b) noexcept {
    const std::optional<Jid> x = Jid::parse(a);
    const std::optional<Jid> y = Jid::parse(b);
    return x && y && x->bare() == y->bare();
}

}  // namespace sara
