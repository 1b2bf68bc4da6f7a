// The log of the process: takes lines from every thread, writes them on its own. Decides that a
// caller never waits for a disk: a bounded queue, and what does not fit is dropped and counted
// (log_lines_dropped_total). Formats nothing of the packets; layout is log_line's, files are
// log_file's.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "loop/clock.h"
#include "loop/log.h"

namespace sara::boot {

class LogSink final : public loop::Log {
  public:
    struct Options {
        std::string file;  // empty: none
        uint64_t file_bytes_max = 100 << 20;
        uint32_t file_count = 5;
        loop::LogLevel level = loop::LogLevel::kInfo;
        bool console = false;  // lines also on stdout
        size_t queue_bytes_max = 4 << 20;
        size_t line_bytes_max = 2048;
    };
    // The file is opened with the first line; check it with openNow().
    LogSink(Options options, const loop::Clock& clock);
    // Writes what is queued for at most kFlushMs, then leaves a hung disk behind.
    ~LogSink() override;

    static constexpr uint64_t kFlushMs = 2000;

    // [control] Starts the writer. False: the file cannot be opened, *error has "FILE: why".
    [[nodiscard]] bool start(std::string* error);

    bool enabled(loop::LogLevel level) const override {
        return static_cast<int32_t>(level) <= level_.load(std::memory_order_relaxed);
    }
    void write(loop::LogLevel level, std::string_view source, std::string_view text) override;
    // [any] As write(), but not to the console: what was printed there already.
    void writeToFile(loop::LogLevel level, std::string_view source, std::string_view text);

    // [any]
    void setLevel(loop::LogLevel level) { level_ = static_cast<int32_t>(level); }
    // [any] Stops the console for good: the daemon leaves its terminal.
    void leaveConsole();
    // [any] The writer reopens the file before its next line.
    void reopen();
    // [control] Waits until what was queued before is written, at most timeout_ms. False: it was
    // not.
    bool flush(uint64_t timeout_ms);

  private:
    struct Shared;
    void append(loop::LogLevel level, std::string_view source, std::string_view text, bool console);

    std::shared_ptr<Shared>
        shared_;  // the writer has the other share: it may outlive us on a hung disk
    const loop::Clock& clock_;
    std::atomic<int32_t> level_;
};

}  // namespace sara::boot
