// Where the rooms of the kernel write their log lines. Decides nothing about files or formats: boot
// gives a sink. Never a password, a token or a payload in a line; no line per message below debug.
#pragma once
#include <cstdint>
#include <string_view>

namespace sara::loop {

enum class LogLevel : int32_t { kError = 0, kWarn = 1, kInfo = 2, kDebug = 3 };

class Log {
  public:
    virtual ~Log() = default;
    // [any] Test before formatting.
    virtual bool enabled(LogLevel level) const = 0;
    // [any] One line, copied; never blocks. source names the room or plugin, e.g. "chat".
    virtual void write(LogLevel level, std::string_view source, std::string_view text) = 0;
};

}  // namespace sara::loop
