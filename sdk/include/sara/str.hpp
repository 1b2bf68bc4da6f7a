// sara/str.hpp - text that crosses the boundary. Converts between sara_str and std::string_view and
// copies nothing: what is borrowed stays borrowed (rule R3 of abi/base.h).
#pragma once
#include <sara/abi/base.h>

#include <cstdint>
#include <string_view>

namespace sara {

// Valid as long as s is: usually for the call that handed it over.
inline std::string_view view(sara_str s) noexcept {
    return s.ptr == nullptr ? std::string_view{}
                            : std::string_view(s.ptr, static_cast<std::size_t>(s.len));
}
inline std::string_view view(const sara_buf* b) noexcept {
    return b == nullptr ? std::string_view{}
                        : std::string_view(reinterpret_cast<const char*>(b->data),
                                           static_cast<std::size_t>(b->len));
}
inline sara_str str(std::string_view s) noexcept { return sara_str{s.data(), s.size()}; }

}  // namespace sara
