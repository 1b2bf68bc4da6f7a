// Strict JSON of the files that an operator writes (conf file) or a plugin carries (manifest).
// Decides what is accepted (RFC 8259, UTF-8, one object, no key twice, a depth and a size) and says
// line and column of the first byte that is not. POCO's parser builds the values afterwards: it
// knows no positions and keeps the last of two equal keys without a word.
#pragma once
#include <Poco/JSON/Object.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace sara::boot {

struct JsonLimits {
    uint64_t bytes_max = 1 << 20;
    uint32_t depth_max = 32;
};

struct JsonError {
    uint64_t line = 0;    // from 1
    uint64_t column = 0;  // from 1, in characters
    std::string text;     // what was found and what was expected

    // "line 3, column 7: found ..."
    std::string where() const;
};

// [any] False: *error says why not. Never throws but std::bad_alloc.
[[nodiscard]] bool checkJsonObject(std::string_view text, const JsonLimits& limits,
                                   JsonError* error);

// [any] The object (its keys sorted); null when *error is set.
[[nodiscard]] Poco::JSON::Object::Ptr parseJsonObject(std::string_view text,
                                                      const JsonLimits& limits, JsonError* error);

// [any] A JSON string with its quotes. Invalid UTF-8 is the caller's bug.
std::string jsonQuote(std::string_view text);

// [any] Compact JSON of a value as the parser above makes it.
std::string jsonText(const Poco::Dynamic::Var& value);

}  // namespace sara::boot
