// Which of the valid names was meant by a misspelt one: the suggestion behind "unknown key".
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace sara::boot {

// [any] The valid name with the fewest edits (insert, delete, replace, swap of neighbours; case is
// free). Empty when none is nearer than half of the name.
std::string nearestName(std::string_view name, const std::vector<std::string>& valid);

// [any] " (did you mean \"port\"?)" or nothing.
std::string didYouMean(std::string_view name, const std::vector<std::string>& valid);

}  // namespace sara::boot
