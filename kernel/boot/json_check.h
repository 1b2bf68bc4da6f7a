// One pass over JSON text that finds the first byte that breaks the grammar, the encoding, a limit
// or repeats a key. Decides the words of the error; builds no value.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "boot/json_text.h"

namespace sara::boot {

class JsonCheck {
  public:
    JsonCheck(std::string_view text, const JsonLimits& limits, JsonError* error)
        : text_(text), limits_(limits), error_(error) {}

    // [any] True when the whole text is one object. Once.
    bool run();

  private:
    bool value(uint32_t depth);
    bool object(uint32_t depth);
    bool array(uint32_t depth);
    bool number();
    bool word(std::string_view expected);
    // Reads a string; decoded gets its bytes unless it is nullptr.
    bool string(std::string* decoded);
    bool escape(std::string* decoded);
    bool hex4(uint32_t* code);
    bool character(std::string* decoded);
    void space();
    bool fail(size_t at, std::string found_and_expected);
    // "found 'x', expected ..." at the current position.
    bool expected(std::string_view what);
    bool at(char c) const { return pos_ < text_.size() && text_[pos_] == c; }

    std::string_view text_;
    JsonLimits limits_;
    JsonError* error_;
    size_t pos_ = 0;
};

}  // namespace sara::boot
