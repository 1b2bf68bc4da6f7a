#include "boot/json_check.h"

#include <cstdio>
#include <map>

#include "boot/utf8.h"

namespace sara::boot {

namespace {
bool isDigit(char c) { return c >= '0' && c <= '9'; }
}  // namespace

bool JsonCheck::run() {
    if (text_.size() > limits_.bytes_max) {
        return fail(0, "found " + std::to_string(text_.size()) + " bytes, expected at most " +
                           std::to_string(limits_.bytes_max));
    }
    if (text_.substr(0, 3) == "\xef\xbb\xbf") {
        return fail(0, "found a byte order mark, expected plain UTF-8 without one");
    }
    space();
    if (!at('{')) return expected("'{'");
    if (!value(0)) return false;
    space();
    return pos_ == text_.size() || expected("the end of the file behind the object");
}

bool JsonCheck::value(uint32_t depth) {
    if (pos_ >= text_.size()) return expected("a value");
    switch (text_[pos_]) {
        case '{':
            return object(depth + 1);
        case '[':
            return array(depth + 1);
        case '"':
            return string(nullptr);
        case 't':
            return word("true");
        case 'f':
            return word("false");
        case 'n':
            return word("null");
        default:
            return number();
    }
}

bool JsonCheck::object(uint32_t depth) {
    if (depth > limits_.depth_max) {
        return fail(pos_, "found nesting deeper than " + std::to_string(limits_.depth_max));
    }
    std::map<std::string, size_t, std::less<>> keys;
    ++pos_;
    space();
    if (at('}')) return ++pos_, true;
    for (;;) {
        space();
        if (!at('"')) {
            return expected(keys.empty() ? "a key in double quotes or '}'"
                                         : "a key in double quotes");
        }
        const size_t key_at = pos_;
        std::string key;
        if (!string(&key)) return false;
        if (!keys.emplace(key, key_at).second) {
            return fail(key_at,
                        "found the key " + jsonQuote(key) + " twice, expected each key once");
        }
        space();
        if (!at(':')) return expected("':' behind the key");
        ++pos_;
        space();
        if (!value(depth)) return false;
        space();
        if (at('}')) return ++pos_, true;
        if (!at(',')) return expected("',' or '}'");
        ++pos_;
    }
}

bool JsonCheck::array(uint32_t depth) {
    if (depth > limits_.depth_max) {
        return fail(pos_, "found nesting deeper than " + std::to_string(limits_.depth_max));
    }
    ++pos_;
    space();
    if (at(']')) return ++pos_, true;
    for (;;) {
        space();
        if (!value(depth)) return false;
        space();
        if (at(']')) return ++pos_, true;
        if (!at(',')) return expected("',' or ']'");
        ++pos_;
    }
}

bool JsonCheck::number() {
    const size_t begin = pos_;
    if (at('-')) ++pos_;
    if (pos_ >= text_.size() || !isDigit(text_[pos_])) {
        pos_ = begin;
        return expected("a value");
    }
    if (at('0')) {
        ++pos_;
        if (pos_ < text_.size() && isDigit(text_[pos_])) {
            return fail(begin, "found a number with a leading zero");
        }
    }
    while (pos_ < text_.size() && isDigit(text_[pos_])) ++pos_;
    if (at('.')) {
        ++pos_;
        if (pos_ >= text_.size() || !isDigit(text_[pos_])) return expected("a digit");
        while (pos_ < text_.size() && isDigit(text_[pos_])) ++pos_;
    }
    if (at('e') || at('E')) {
        ++pos_;
        if (at('+') || at('-')) ++pos_;
        if (pos_ >= text_.size() || !isDigit(text_[pos_])) return expected("a digit");
        while (pos_ < text_.size() && isDigit(text_[pos_])) ++pos_;
    }
    // POCO would read the rest as infinity or give up without a position.
    if (pos_ - begin > 40) return fail(begin, "found a number of more than 40 characters");
    return true;
}

bool JsonCheck::word(std::string_view expected_word) {
    if (text_.substr(pos_, expected_word.size()) != expected_word) return expected("a value");
    pos_ += expected_word.size();
    return true;
}

bool JsonCheck::string(std::string* decoded) {
    const size_t begin = pos_;
    ++pos_;
    while (pos_ < text_.size()) {
        const char c = text_[pos_];
        if (c == '"') return ++pos_, true;
        if (c == '\n')
            return fail(begin, "found a string that does not end on its line, expected '\"'");
        if (!(c == '\\' ? escape(decoded) : character(decoded))) return false;
    }
    return fail(begin, "found the end of the file inside a string, expected '\"'");
}

bool JsonCheck::escape(std::string* decoded) {
    const size_t begin = pos_;
    ++pos_;
    static constexpr std::string_view kNames = "\"\\/bfnrt";
    static constexpr std::string_view kBytes = "\"\\/\b\f\n\r\t";
    const size_t name = pos_ < text_.size() ? kNames.find(text_[pos_]) : std::string_view::npos;
    if (name != std::string_view::npos) {
        ++pos_;
        if (decoded != nullptr) decoded->push_back(kBytes[name]);
        return true;
    }
    if (!at('u')) return fail(begin, "found an unknown escape in a string");
    uint32_t code = 0;
    ++pos_;
    if (!hex4(&code)) return fail(begin, "found \\u without four hex digits");
    if (code >= 0xd800 && code < 0xdc00) {
        uint32_t low = 0;
        if (text_.substr(pos_, 2) != "\\u") return fail(begin, "found half a surrogate pair");
        pos_ += 2;
        if (!hex4(&low) || low < 0xdc00 || low > 0xdfff) {
            return fail(begin, "found half a surrogate pair");
        }
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    } else if (code >= 0xdc00 && code < 0xe000) {
        return fail(begin, "found half a surrogate pair");
    } else if (code == 0) {
        // No key, path or token has one, and C code behind the ABI would stop there.
        return fail(begin, "found \\u0000 in a string");
    }
    if (decoded != nullptr) appendUtf8(code, decoded);
    return true;
}

bool JsonCheck::hex4(uint32_t* code) {
    *code = 0;
    for (int i = 0; i < 4; ++i, ++pos_) {
        if (pos_ >= text_.size()) return false;
        const char c = text_[pos_];
        uint32_t digit = 0;
        if (isDigit(c)) {
            digit = static_cast<uint32_t>(c - '0');
        } else if (c >= 'a' && c <= 'f') {
            digit = static_cast<uint32_t>(c - 'a') + 10;
        } else if (c >= 'A' && c <= 'F') {
            digit = static_cast<uint32_t>(c - 'A') + 10;
        } else {
            return false;
        }
        *code = *code * 16 + digit;
    }
    return true;
}

bool JsonCheck::character(std::string* decoded) {
    if (static_cast<unsigned char>(text_[pos_]) < 0x20) {
        return fail(pos_, "found a control character in a string, expected it escaped");
    }
    const size_t length = utf8Length(text_.substr(pos_));
    if (length == 0) return fail(pos_, "found a byte that is not UTF-8");
    if (decoded != nullptr) decoded->append(text_.substr(pos_, length));
    pos_ += length;
    return true;
}

void JsonCheck::space() {
    while (pos_ < text_.size() && (at(' ') || at('\t') || at('\n') || at('\r'))) ++pos_;
}

bool JsonCheck::fail(size_t at, std::string found_and_expected) {
    error_->line = 1;
    error_->column = 1;
    for (size_t i = 0; i < at && i < text_.size(); ++i) {
        if (text_[i] == '\n') {
            ++error_->line;
            error_->column = 1;
        } else if ((static_cast<unsigned char>(text_[i]) & 0xc0) != 0x80) {
            ++error_->column;
        }
    }
    error_->text = std::move(found_and_expected);
    return false;
}

bool JsonCheck::expected(std::string_view what) {
    std::string found = "the end of the file";
    if (pos_ < text_.size()) {
        const size_t length = utf8Length(text_.substr(pos_));
        const auto byte = static_cast<unsigned char>(text_[pos_]);
        if (length == 0 || byte < 0x20) {
            char hex[16];
            std::snprintf(hex, sizeof hex, "byte 0x%02x", byte);
            found = hex;
        } else {
            found = "'" + std::string(text_.substr(pos_, length)) + "'";
        }
    }
    return fail(pos_, "found " + found + ", expected " + std::string(what));
}

}  // namespace sara::boot
