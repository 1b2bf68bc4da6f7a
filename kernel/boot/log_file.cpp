#include "boot/log_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace sara::boot {

LogFile::LogFile(std::string path, uint64_t bytes_max, uint32_t count)
    : path_(std::move(path)), bytes_max_(bytes_max), count_(count) {}

LogFile::~LogFile() { reopen(); }

bool LogFile::open(std::string* error) {
    if (path_.empty() || fd_ >= 0) return true;
    // NONBLOCK: opening a FIFO that nobody reads fails (ENXIO) instead of waiting.
    fd_ = ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
                 0640);
    if (fd_ < 0) {
        // A FIFO whose reader is away: it may come, and the server does not wait for it.
        if (errno == ENXIO) return true;
        *error = std::strerror(errno);
        return false;
    }
    struct stat about {};
    regular_ = ::fstat(fd_, &about) == 0 && S_ISREG(about.st_mode);
    size_ = regular_ ? static_cast<uint64_t>(about.st_size) : 0;
    return true;
}

size_t LogFile::write(std::string_view lines) {
    std::string error;
    if (path_.empty()) return 0;
    if (!open(&error) || fd_ < 0) return lines.size();
    if (regular_ && size_ > 0 && size_ + lines.size() > bytes_max_) rotate();
    if (fd_ < 0) return lines.size();
    while (!lines.empty()) {
        const ssize_t n = ::write(fd_, lines.data(), lines.size());
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) {
            // Disk full, no reader: these lines are lost; the file stays open for the next.
            if (errno != EAGAIN && errno != ENOSPC) reopen();
            return lines.size();
        }
        size_ += static_cast<uint64_t>(n);
        lines.remove_prefix(static_cast<size_t>(n));
    }
    return 0;
}

void LogFile::reopen() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
}

void LogFile::rotate() {
    reopen();
    for (uint32_t i = count_; i > 1; --i) {
        const std::string from = path_ + "." + std::to_string(i - 1);
        std::rename(from.c_str(), (path_ + "." + std::to_string(i)).c_str());
    }
    if (count_ == 0 || std::rename(path_.c_str(), (path_ + ".1").c_str()) != 0) {
        ::unlink(path_.c_str());
    }
    std::string error;
    if (!open(&error)) return;  // the caller sees fd_ < 0
}

}  // namespace sara::boot
