#include "block_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace sara::blacklist {
namespace {

constexpr std::string_view kHead = "sara-blacklist 1";
constexpr size_t kSumDigits = 16;

uint64_t sumOf(std::string_view text) {
    uint64_t h = 0xcbf29ce484222325ull;
    for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
    return h;
}

std::string hex(uint64_t value) {
    char text[kSumDigits + 1];
    std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(value));
    return text;
}

bool writeAll(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t n = ::write(fd, bytes.data(), bytes.size());
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        bytes.remove_prefix(static_cast<size_t>(n));
    }
    return true;
}

std::string folderOf(const std::string& path) {
    const std::string folder = std::filesystem::path(path).parent_path().string();
    return folder.empty() ? "." : folder;
}

// A new name is durable with its folder.
bool syncFolder(const std::string& path) {
    const int fd = ::open(folderOf(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return false;
    const bool good = ::fsync(fd) == 0;
    ::close(fd);
    return good;
}

}  // namespace

BlockFile::~BlockFile() { close(); }

void BlockFile::close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
}

// "SUM + owner blocked": a bare jid has neither spaces nor control characters.
std::string BlockFile::lineOf(const BlockChange& change) {
    std::string text = change.add ? "+ " : "- ";
    text.append(change.owner).append(" ").append(change.blocked);
    return hex(sumOf(text)) + " " + text + "\n";
}

bool BlockFile::readLine(std::string_view line, BlockChange* change) {
    if (line.size() < kSumDigits + 3 || line[kSumDigits] != ' ') return false;
    const std::string_view text = line.substr(kSumDigits + 1);
    if (line.substr(0, kSumDigits) != hex(sumOf(text))) return false;
    if ((text[0] != '+' && text[0] != '-') || text[1] != ' ') return false;
    const size_t space = text.find(' ', 2);
    if (space == std::string_view::npos) return false;
    *change = {text[0] == '+', text.substr(2, space - 2), text.substr(space + 1)};
    return !change->owner.empty() && !change->blocked.empty() &&
           change->blocked.find(' ') == std::string_view::npos;
}

Result<BlockFile::Loaded> BlockFile::load(const std::function<void(const BlockChange&)>& each) {
    Loaded loaded;
    std::ifstream in(path_, std::ios::binary);
    if (!in) {
        if (errno == ENOENT || errno == ENOTDIR) return loaded;
        return Error{Status::kIo, path_ + " cannot be read: " + std::strerror(errno)};
    }
    uint64_t end = 0;
    bool torn = false;
    for (std::string line; std::getline(in, line);) {
        const bool whole = !in.eof();
        BlockChange change{};
        if (!whole) {
            torn = true;  // written when the power went: it was never acknowledged
        } else if (end == 0 && line == kHead) {
            end += line.size() + 1;
        } else if (readLine(line, &change)) {
            end += line.size() + 1;
            ++loaded.changes;
            each(change);
        } else {
            end += line.size() + 1;
            ++loaded.damaged;
        }
    }
    if (in.bad()) return Error{Status::kIo, path_ + " cannot be read to its end"};
    lines_ = loaded.changes + loaded.damaged;
    bytes_ = end;
    in_doubt_ = torn || loaded.damaged > 0;
    if (loaded.damaged > 0) {
        std::error_code error;
        std::filesystem::copy_file(path_, path_ + ".damaged",
                                   std::filesystem::copy_options::overwrite_existing, error);
        if (error) {
            return Error{Status::kIo,
                         path_ + " is damaged and cannot be kept aside: " + error.message()};
        }
    }
    return loaded;
}

Result<void> BlockFile::fail(const char* what) {
    return Error{Status::kIo, path_ + " " + what + ": " + std::strerror(errno)};
}

Result<void> BlockFile::open() {
    if (fd_ >= 0) return {};
    if (::mkdir(folderOf(path_).c_str(), 0700) != 0 && errno != EEXIST) {
        return fail("has no folder, and none can be made");
    }
    fd_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd_ < 0) return fail("cannot be opened");
    if (bytes_ > 0) return {};
    const std::string head = std::string(kHead) + "\n";
    if (::ftruncate(fd_, 0) != 0 || !writeAll(fd_, head) || !syncFolder(path_)) {
        const Result<void> failed = fail("cannot be begun");
        close();
        return failed;
    }
    bytes_ = head.size();
    return {};
}

Result<void> BlockFile::append(const BlockChange& change) {
    if (Result<void> opened = open(); !opened) return opened;
    const std::string line = lineOf(change);
    if (!writeAll(fd_, line)) {
        const Result<void> failed = fail("cannot be written");
        // A half line would swallow the next one.
        if (::ftruncate(fd_, static_cast<off_t>(bytes_)) != 0) in_doubt_ = true;
        return failed;
    }
    if (::fdatasync(fd_) != 0) {
        // What the disk has now nobody knows, and asking again would lie.
        const Result<void> failed = fail("cannot be made durable");
        in_doubt_ = true;
        close();
        return failed;
    }
    bytes_ += line.size();
    ++lines_;
    return {};
}

Result<void> BlockFile::rewrite(
    const std::function<void(const std::function<void(const BlockChange&)>&)>& all) {
    if (::mkdir(folderOf(path_).c_str(), 0700) != 0 && errno != EEXIST) {
        return fail("has no folder, and none can be made");
    }
    const std::string fresh = path_ + ".new";
    const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) return fail("cannot be rewritten");
    std::string block = std::string(kHead) + "\n";
    uint64_t bytes = 0, lines = 0;
    bool good = true;
    const auto flush = [&] {
        good = good && writeAll(fd, block);
        bytes += block.size();
        block.clear();
    };
    all([&](const BlockChange& change) {
        block += lineOf(change);
        ++lines;
        if (block.size() >= 65'536) flush();
    });
    flush();
    good = good && ::fdatasync(fd) == 0;
    if (!good || ::rename(fresh.c_str(), path_.c_str()) != 0 || !syncFolder(path_)) {
        const Result<void> failed = fail("cannot be rewritten");
        ::close(fd);
        ::unlink(fresh.c_str());
        in_doubt_ = true;
        return failed;
    }
    ::close(fd);
    close();
    bytes_ = bytes;
    lines_ = lines;
    in_doubt_ = false;
    return {};
}

}  // namespace sara::blacklist
