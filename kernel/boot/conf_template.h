// The file that `sara setup` writes: every key, with its default. Decides the layout and that the
// access token is random.
#pragma once
#include <string>

namespace sara::boot {

// [any] store is "embedded" or "redis".
std::string confTemplate(const std::string& store);

// [any] 32 random bytes of the operating system as 64 hex digits.
std::string randomToken();

// [any] Writes text to a new file with mode 0640. False: *error says why not; an existing file is
// left alone unless force.
[[nodiscard]] bool writeConfFile(const std::string& file, const std::string& text, bool force,
                                 std::string* error);

}  // namespace sara::boot
