// sara.log/1: lines of a plugin under its instance's name. Decides that a line is one line: control
// characters are escaped, and it ends at log_line_bytes_max.
#include <algorithm>
#include <string>

#include "bus/host_tables.h"
#include "bus/instance.h"

namespace sara::bus {
namespace {

constexpr size_t kLineBytesMax = 4096;  // docs/limits.md: plugin_log_line_bytes_max

loop::LogLevel levelOf(int32_t level) {
    return static_cast<loop::LogLevel>(std::clamp<int32_t>(level, SARA_LOG_ERROR, SARA_LOG_DEBUG));
}

// The longest prefix of at most max bytes that does not cut a UTF-8 character.
std::string_view cut(std::string_view text, size_t max) {
    if (text.size() <= max) return text;
    while (max != 0 && (static_cast<unsigned char>(text[max]) & 0xc0) == 0x80) --max;
    return text.substr(0, max);
}

bool isControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

std::string escaped(std::string_view text) {
    static constexpr char kHex[] = "0123456789abcdef";
    std::string out;
    out.reserve(text.size() + 16);
    for (const char c : text) {
        if (!isControl(c)) {
            out += c;
        } else if (c == '\n') {
            out += "\\n";
        } else {
            out += {'\\', 'x', kHex[(c >> 4) & 0xf], kHex[c & 0xf]};
        }
    }
    return out;
}

int32_t enabled(const sara_host* h, int32_t level) noexcept {
    return Instance::of(h).core().options.log.enabled(levelOf(level)) ? 1 : 0;
}

void write(const sara_host* h, int32_t level, sara_str text) noexcept {
    Instance& instance = Instance::of(h);
    loop::Log& log = instance.core().options.log;
    if (text.ptr == nullptr || !log.enabled(levelOf(level))) return;
    const std::string_view line = cut({text.ptr, text.len}, kLineBytesMax);
    const std::string& source = instance.identity().instance;
    if (std::none_of(line.begin(), line.end(), isControl)) {
        log.write(levelOf(level), source, line);
    } else {
        log.write(levelOf(level), source, cut(escaped(line), kLineBytesMax));
    }
}

constexpr sara_log kTable{sizeof(sara_log), 0, &enabled, &write};

}  // namespace

const sara_log* logTable() { return &kTable; }

}  // namespace sara::bus
