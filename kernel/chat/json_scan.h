// A strict JSON scanner that converts nothing. Decides whether a text is one valid JSON value (RFC
// 8259 grammar, bounded depth) and where its members are; refuses control characters, bad escapes,
// trailing text. UTF-8 is checked for the whole text by the caller, once.
#pragma once
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

class JsonScan {
  public:
    // The text must have 16 readable bytes behind its end.
    JsonScan(std::string_view text, uint32_t depth_max)
        : p_(text.data()), end_(text.data() + text.size()), depth_max_(depth_max) {}

    // Most packets have no white space at all.
    void skipSpace() {
        if (p_ < end_ && static_cast<unsigned char>(*p_) <= ' ') [[unlikely]]
            skipSpaceSlowly();
    }
    bool atEnd() const { return p_ == end_; }
    const char* position() const { return p_; }
    char peek() const { return p_ < end_ ? *p_ : '\0'; }
    // Steps over c after white space; false when something else stands there.
    bool take(char c) {
        skipSpace();
        if (p_ == end_ || *p_ != c) return false;
        ++p_;
        return true;
    }
    // Any value, including all below it.
    [[nodiscard]] bool value(JsonSlice& out);
    // A string; escaped says whether it contains a backslash.
    [[nodiscard]] bool string(JsonSlice& out, bool& escaped) {
        skipSpace();
        escaped = false;
        if (p_ == end_ || *p_ != '"') return false;
        out.begin = p_++;
        if (!stringTail(escaped)) return false;
        out.end = p_;
        return true;
    }

  private:
    void skipSpaceSlowly();
    bool literal(std::string_view word);
    bool number();
    bool stringTail(bool& escaped);
    bool scalar();
    bool escape();

    const char* p_;
    const char* end_;
    const uint32_t depth_max_;
};

// Text of a valid JSON string without its quotes and escapes; lone surrogates become U+FFFD.
void appendUnescaped(std::string_view quoted, std::string& out);
// Appends text as the inside of a JSON string. < > & are escaped too, as the earlier server does.
void appendEscaped(std::string_view text, std::string& out);

}  // namespace sara::chat
