#include "boot/log_line.h"

#include <cstdio>
#include <ctime>

#include "boot/utf8.h"

namespace sara::boot {

namespace {

const char* levelTag(loop::LogLevel level) {
    switch (level) {
        case loop::LogLevel::kError:
            return "EROR";
        case loop::LogLevel::kWarn:
            return "WARN";
        case loop::LogLevel::kInfo:
            return "INFO";
        case loop::LogLevel::kDebug:
            return "DEBG";
    }
    return "DEBG";
}

void appendEscaped(std::string_view text, std::string* out) {
    while (!text.empty()) {
        // Nearly always the whole line.
        size_t plain = 0;
        while (plain < text.size() && text[plain] >= 0x20 && text[plain] < 0x7f) ++plain;
        if (plain > 0) {
            out->append(text.substr(0, plain));
            text.remove_prefix(plain);
            continue;
        }
        const auto byte = static_cast<unsigned char>(text[0]);
        const size_t length = utf8Length(text);
        // U+0080..U+009F are control characters too, written 0xc2 0x80..0x9f.
        const bool control =
            byte < 0x20 || byte == 0x7f ||
            (length == 2 && byte == 0xc2 && static_cast<unsigned char>(text[1]) < 0xa0);
        if (length == 0 || control) {
            const size_t count = length == 0 ? 1 : length;
            for (size_t i = 0; i < count; ++i) {
                char escaped[8];
                std::snprintf(escaped, sizeof escaped, "\\x%02x",
                              static_cast<unsigned char>(text[i]));
                *out += escaped;
            }
            text.remove_prefix(count);
        } else {
            out->append(text.substr(0, length));
            text.remove_prefix(length);
        }
    }
}

}  // namespace

void appendLogLine(uint64_t wall_ms, loop::LogLevel level, std::string_view source,
                   std::string_view text, size_t line_bytes_max, std::string* out) {
    // One calendar computation per thread and second.
    thread_local std::time_t second = -1;
    thread_local char head[64];
    thread_local size_t head_bytes = 0;
    const auto now = static_cast<std::time_t>(wall_ms / 1000);
    if (now != second) {
        std::tm utc{};
        ::gmtime_r(&now, &utc);
        head_bytes = std::strftime(head, sizeof head, "[%Y/%m/%d %H:%M:%S UTC] [", &utc);
        second = now;
    }
    out->append(head, head_bytes);
    *out += levelTag(level);
    *out += "] (";
    appendEscaped(source.substr(0, 64), out);
    *out += ") ";
    const bool cut = text.size() > line_bytes_max;
    if (cut) {
        text = text.substr(0, line_bytes_max);
        // Not in the middle of a character.
        while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xc0) == 0x80) {
            text.remove_suffix(1);
        }
        if (!text.empty() && static_cast<unsigned char>(text.back()) >= 0xc0) text.remove_suffix(1);
    }
    appendEscaped(text, out);
    if (cut) *out += "...";
    out->push_back('\n');
}

}  // namespace sara::boot
