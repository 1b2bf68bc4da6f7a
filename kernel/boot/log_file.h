// The file behind the log: append, rotate by size, reopen. Decides that no open and no write can
// hang (a FIFO without a reader, a terminal) and that a failure costs lines, never the server.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace sara::boot {

class LogFile {
  public:
    // path empty: no file. Rotated files are path.1 (newest) .. path.count.
    LogFile(std::string path, uint64_t bytes_max, uint32_t count);
    ~LogFile();
    LogFile(const LogFile&) = delete;
    LogFile& operator=(const LogFile&) = delete;

    // Everything below: one thread. False: *error says why.
    [[nodiscard]] bool open(std::string* error);
    // Appends whole lines; the number of bytes that were not written (disk full, nobody reads the
    // FIFO).
    size_t write(std::string_view lines);
    // Closes, so that the next write opens path anew: logrotate has moved the file.
    void reopen();

  private:
    void rotate();

    const std::string path_;
    const uint64_t bytes_max_;
    const uint32_t count_;
    int fd_ = -1;
    bool regular_ = false;
    uint64_t size_ = 0;
};

}  // namespace sara::boot
