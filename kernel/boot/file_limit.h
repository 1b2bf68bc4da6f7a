// How many files, and so clients, this process may open. Decides to take all that the system
// allows; refuses nothing, but says when it is little.
#pragma once
#include <cstdint>
#include <string>

namespace sara::boot {

// [control] Raises the soft limit to the hard one; returns what it is then.
uint64_t raiseFileLimit();
// [any] What the operator should know about such a limit.
struct FileLimitLine {
    std::string text;
    bool warning = false;
};
[[nodiscard]] FileLimitLine describeFileLimit(uint64_t files);

}  // namespace sara::boot
