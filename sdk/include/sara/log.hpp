// sara/log.hpp - log lines from pieces: log().warn("queue of ", name, " has ", n, " entries").
// Formats on the stack and only when the level is written. Refuses long lines: they are cut. Never
// give it a password.
#pragma once
#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <sara/host.hpp>
#include <string_view>
#include <type_traits>

namespace sara {

// Bytes of a line built by Log; the rest is cut.
inline constexpr std::size_t kLogPiecesBytesMax = 1024;  // docs/limits.md: log_pieces_bytes_max

class Log {
  public:
    explicit Log(const Host& host) noexcept : host_(&host) {}

    // [any] The operator must act.
    template <class... P>
    void error(const P&... pieces) const noexcept {
        write(SARA_LOG_ERROR, pieces...);
    }
    // [any] The operator should look.
    template <class... P>
    void warn(const P&... pieces) const noexcept {
        write(SARA_LOG_WARN, pieces...);
    }
    // [any] Rare events of a healthy server; never one per message.
    template <class... P>
    void info(const P&... pieces) const noexcept {
        write(SARA_LOG_INFO, pieces...);
    }
    // [any]
    template <class... P>
    void debug(const P&... pieces) const noexcept {
        write(SARA_LOG_DEBUG, pieces...);
    }
    bool enabled(int32_t level) const noexcept {
        return !host_->gone() && host_->log != nullptr &&
               host_->log->enabled(host_->raw(), level) != 0;
    }

  private:
    struct Line {
        std::array<char, kLogPiecesBytesMax> bytes;
        std::size_t size = 0;

        void add(std::string_view s) noexcept {
            const std::size_t n = std::min(s.size(), bytes.size() - size);
            if (n != 0) std::memcpy(bytes.data() + size, s.data(), n);
            size += n;
        }
        void add(Status st) noexcept { add(nameOf(st)); }
        void add(char c) noexcept { add(std::string_view(&c, 1)); }
        void add(bool b) noexcept { add(b ? std::string_view("true") : std::string_view("false")); }
        template <class N, std::enable_if_t<std::is_integral_v<N>, int> = 0>
        void add(N n) noexcept {
            const auto end = std::to_chars(bytes.data() + size, bytes.data() + bytes.size(), n);
            if (end.ec == std::errc()) size = static_cast<std::size_t>(end.ptr - bytes.data());
        }
    };

    template <class... P>
    void write(int32_t level, const P&... pieces) const noexcept {
        if (!enabled(level)) return;
        Line line;
        (addPiece(line, pieces), ...);
        host_->log->write(host_->raw(), level, sara_str{line.bytes.data(), line.size});
    }
    template <class P>
    static void addPiece(Line& line, const P& piece) noexcept {
        if constexpr (std::is_convertible_v<const P&, std::string_view>) {
            line.add(std::string_view(piece));
        } else {
            line.add(piece);
        }
    }

    const Host* host_;
};

}  // namespace sara
