// Text on both sides of the C ABI: a view of the caller's bytes, nothing is copied or owned.
#pragma once
#include <string_view>

#include "sara/abi/base.h"

namespace sara::bus {

inline sara_str str(std::string_view s) { return {s.data(), s.size()}; }
inline std::string_view view(sara_str s) { return {s.ptr, s.len}; }

}  // namespace sara::bus
