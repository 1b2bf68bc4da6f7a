// One line of the log as text. Decides the layout (that of the earlier server: time, level, source,
// text), and that no line can forge another one: control characters are escaped, long lines are
// cut.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "loop/log.h"

namespace sara::boot {

// [any] Appends "[2026/11/22 08:36:15 UTC] [INFO] (chat) text\n", at most line_bytes_max bytes of
// text.
void appendLogLine(uint64_t wall_ms, loop::LogLevel level, std::string_view source,
                   std::string_view text, size_t line_bytes_max, std::string* out);

}  // namespace sara::boot
