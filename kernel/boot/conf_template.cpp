#include "boot/conf_template.h"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <stdexcept>

#include "boot/conf_schema.h"
#include "boot/json_text.h"

namespace sara::boot {

namespace {

std::string templateValue(const KeyRow& row, const std::string& store) {
    if (row.name == "store") return jsonQuote(store);
    if (row.name == "accesstoken") return jsonQuote(randomToken());
    if (row.name != "limits") return std::string(row.fallback);
    std::string out = "{";
    for (const KeyRow& limit : limitKeys()) {
        if (out.size() > 1) out += ",";
        out += "\n    " + jsonQuote(limit.name) + ": " + std::string(limit.fallback);
    }
    return out + "\n  }";
}

}  // namespace

std::string randomToken() {
    unsigned char bytes[32];
    if (::getrandom(bytes, sizeof bytes, 0) != static_cast<ssize_t>(sizeof bytes)) {
        throw std::runtime_error("no random bytes from the operating system");
    }
    std::string out;
    for (const unsigned char byte : bytes) {
        char hex[3];
        std::snprintf(hex, sizeof hex, "%02x", byte);
        out += hex;
    }
    return out;
}

std::string confTemplate(const std::string& store) {
    std::string out = "{";
    for (const KeyRow& row : confKeys()) {
        if (out.size() > 1) out += ",";
        out += "\n  " + jsonQuote(row.name) + ": " + templateValue(row, store);
    }
    return out + "\n}\n";
}

bool writeConfFile(const std::string& file, const std::string& text, bool force,
                   std::string* error) {
    std::error_code ignored;
    const auto folder = std::filesystem::path(file).parent_path();
    if (!folder.empty()) std::filesystem::create_directories(folder, ignored);
    // Written beside and renamed, so that nobody ever reads half a file.
    const std::string draft = file + ".new";
    if (!force && ::access(file.c_str(), F_OK) == 0) {
        *error = "exists already; --force overwrites it";
        return false;
    }
    ::unlink(draft.c_str());
    const int fd =
        ::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (fd < 0) {
        *error = std::strerror(errno);
        return false;
    }
    // Not below the umask: the token must not be readable by others, and the service's group must
    // read it.
    bool good = ::fchmod(fd, 0640) == 0;
    good = good && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    good = good && ::fsync(fd) == 0;
    const int failed = errno;
    ::close(fd);
    // link() refuses an existing name where rename() would replace it.
    if (good) {
        good = force ? ::rename(draft.c_str(), file.c_str()) == 0
                     : ::link(draft.c_str(), file.c_str()) == 0;
    }
    if (!good) *error = std::strerror(errno != 0 ? errno : failed);
    ::unlink(draft.c_str());
    return good;
}

}  // namespace sara::boot
