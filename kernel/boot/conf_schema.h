// Every key of the conf file, in one table. Decides names, types, defaults, ranges and the words
// that describe them; reading, `sara setup`, the unknown-key error and docs/configuration.md all
// follow from it.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sara::boot {

enum class KeyType { kInteger, kFlag, kText, kTexts, kNumbers, kObject };

enum KeyTrait : uint32_t {
    kSecret = 1,    // never shown, never logged
    kFileName = 2,  // made absolute, so that --daemon may leave the working folder
    kAlien = 4      // belongs to a plugin or to nobody yet: accepted, and left to whoever maps it
};

struct KeyRow {
    std::string_view name;
    KeyType type;
    std::string_view fallback;  // JSON text of the default
    int64_t min;                // kInteger and each of kNumbers
    int64_t max;
    std::string_view words;  // kText: "safe|fast"; empty: any text
    uint32_t traits;
    std::string_view unit;
    std::string_view help;
};

// [any] The keys of the file itself, in the order in which `sara setup` writes them.
std::span<const KeyRow> confKeys();
// [any] The keys of the section "limits".
std::span<const KeyRow> limitKeys();

const KeyRow* findRow(std::span<const KeyRow> rows, std::string_view name);
std::vector<std::string> rowNames(std::span<const KeyRow> rows);
// [any] "an integer from 0 to 65535", "\"safe\" or \"fast\"": the expected half of an error.
std::string describeExpected(const KeyRow& row);
// [any] The two tables of docs/configuration.md.
std::string schemaMarkdown();

}  // namespace sara::boot
