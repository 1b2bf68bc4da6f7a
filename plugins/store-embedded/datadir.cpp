#include "store-embedded/datadir.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace sara::store_embedded {
namespace {

std::string reason(const std::string& path, const std::string& what) {
    return "datadir " + path + " " + what;
}

std::string systemReason(const std::string& path, const std::string& what, int error) {
    return reason(path, what + ": " + std::strerror(error));
}

// Text of the lock file: the pid of its owner. Empty when it cannot be read.
std::string readOwner(int fd) {
    char text[32] = {};
    const ssize_t n = ::pread(fd, text, sizeof text - 1, 0);
    std::string pid(text, n > 0 ? static_cast<size_t>(n) : 0);
    const size_t end = pid.find_first_not_of("0123456789");
    return pid.substr(0, end);
}

std::string makeFolder(const std::string& path) {
    if (path.empty()) return "datadir is empty: give the folder for the store";
    struct stat st {};
    if (::stat(path.c_str(), &st) == 0) {
        if (!S_ISDIR(st.st_mode)) return reason(path, "is not a folder");
        return {};
    }
    if (errno != ENOENT) return systemReason(path, "cannot be used", errno);
    if (::mkdir(path.c_str(), 0700) == 0) return {};
    const int error = errno;
    const std::string parent = std::filesystem::path(path).parent_path();
    if (error == ENOENT) {
        return reason(path, "cannot be created: its parent " + parent + " does not exist");
    }
    return systemReason(path, "cannot be created", error);
}

}  // namespace

std::string Datadir::open(const std::string& path) {
    if (std::string error = makeFolder(path); !error.empty()) return error;
    // flock() rather than fcntl(): its lock is not lost when somebody else in this process closes
    // the file, and it also holds between two stores of one process.
    const std::string file = path + "/lock";
    const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return systemReason(path, "is not writable", errno);
    if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
        const int error = errno;
        const std::string owner = readOwner(fd);
        ::close(fd);
        if (error != EWOULDBLOCK) return systemReason(path, "cannot be locked", error);
        return reason(path, "is used by another sara" +
                                (owner.empty() ? std::string() : " (pid " + owner + ")"));
    }
    const std::string pid = std::to_string(::getpid()) + "\n";
    // A full disk must not keep the server from starting to read: the pid is only for the message
    // above.
    if (::ftruncate(fd, 0) == 0 && ::pwrite(fd, pid.data(), pid.size(), 0) < 0) errno = 0;
    lock_fd_ = fd;
    return {};
}

void Datadir::unlock() {
    if (lock_fd_ >= 0) ::close(lock_fd_);
    lock_fd_ = -1;
}

}  // namespace sara::store_embedded
