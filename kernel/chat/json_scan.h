// A strict JSON scanner that converts nothing. Decides whether a text is one valid JSON value (RFC
// 8259 grammar, bounded depth) and where its members are; refuses control characters, bad escapes,
// trailing text. UTF-8 is checked for the whole text by the caller, once.
//
// The functions take a position and give the one behind what they read, nullptr when it is not
// there: a position that stays in a register costs half of one that lives in an object. Every text
// must have 16 readable bytes behind its end.
#pragma once
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <cstdint>
#include <string>
#include <string_view>

namespace sara::chat {

// A value in the text, quotes of a string included.
struct JsonSlice {
    const char* begin = nullptr;
    const char* end = nullptr;
    std::string_view text() const { return {begin, static_cast<size_t>(end - begin)}; }
    explicit operator bool() const { return begin != nullptr; }
};

// Behind the closing quote, nullptr when the string is broken.
struct JsonString {
    const char* end;
    bool escaped;  // it contains a backslash
};

namespace detail {

const char* skipSpaceSlowly(const char* p, const char* end);
// The rest of a string that is not plain; p stands where plain bytes ended.
JsonString scanEscapedString(const char* p, const char* end);

// First byte at or behind p that ends a run of plain string bytes (a quote, a backslash, a control
// character), or end.
inline const char* skipPlain(const char* p, const char* end) {
#ifdef __SSE2__
    const __m128i quote = _mm_set1_epi8('"');
    const __m128i backslash = _mm_set1_epi8('\\');
    const __m128i limit = _mm_set1_epi8(0x1f);
    for (; p < end; p += 16) {
        const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
        // max(block, 0x1f) == 0x1f exactly for bytes up to 0x1f, unsigned.
        const __m128i special = _mm_or_si128(
            _mm_cmpeq_epi8(_mm_max_epu8(block, limit), limit),
            _mm_or_si128(_mm_cmpeq_epi8(block, quote), _mm_cmpeq_epi8(block, backslash)));
        const auto hits = static_cast<uint32_t>(_mm_movemask_epi8(special));
        if (hits == 0) continue;
        p += __builtin_ctz(hits);
        return p < end ? p : end;
    }
    return end;
#else
    while (p < end && *p != '"' && *p != '\\' && static_cast<unsigned char>(*p) > 0x1f) ++p;
    return p;
#endif
}

}  // namespace detail

// Most packets have no white space at all.
inline const char* skipSpace(const char* p, const char* end) {
    if (p < end && static_cast<unsigned char>(*p) <= ' ') [[unlikely]]
        return detail::skipSpaceSlowly(p, end);
    return p;
}

// Behind c, which may have white space in front.
inline const char* takeChar(const char* p, const char* end, char c) {
    p = skipSpace(p, end);
    return p < end && *p == c ? p + 1 : nullptr;
}

// p stands behind the opening quote.
inline JsonString scanString(const char* p, const char* end) {
    p = detail::skipPlain(p, end);
    if (p < end && *p == '"') [[likely]]
        return {p + 1, false};
    return detail::scanEscapedString(p, end);
}

// Any value, including all below it; p stands on its first byte.
const char* scanValue(const char* p, const char* end, uint32_t depth_max);

// The same for the values that envelopes have besides strings: small numbers, met at once.
inline const char* scanShortValue(const char* p, const char* end, uint32_t depth_max) {
    const char* digits = p;
    while (digits < end && *digits >= '0' && *digits <= '9') ++digits;
    const bool number = digits > p && (*p != '0' || digits == p + 1);
    if (number && digits < end && (*digits == ',' || *digits == '}')) return digits;
    return scanValue(p, end, depth_max);
}

// Text of a valid JSON string without its quotes and escapes; lone surrogates become U+FFFD.
void appendUnescaped(std::string_view quoted, std::string& out);
// Appends text as the inside of a JSON string. < > & are escaped too, as the earlier server does.
void appendEscaped(std::string_view text, std::string& out);

}  // namespace sara::chat
