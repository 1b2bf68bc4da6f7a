// The "format" of a text in a plugin's schema: what `sara check` can say about a value before any
// plugin code runs. Knows http-url and readable-file; any other name accepts every text, as JSON
// Schema has it.
#pragma once
#include <string>

namespace sara::boot {

// [any] Empty: text has the format, or is empty itself. Otherwise what was expected.
std::string expectedFormat(const std::string& format, const std::string& text);

}  // namespace sara::boot
