#include "boot/text_format.h"

#include <Poco/Exception.h>
#include <Poco/URI.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

namespace sara::boot {

namespace {

bool isHttpUrl(const std::string& text) {
    const auto wrong = [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7f; };
    if (std::any_of(text.begin(), text.end(), wrong)) return false;
    // POCO reads "host:80/path" as a scheme with a path, and any digits as a port.
    if (text.rfind("http://", 0) != 0 && text.rfind("https://", 0) != 0) return false;
    try {
        const Poco::URI uri(text);
        return !uri.getHost().empty();
    } catch (const Poco::Exception&) {
        return false;
    }
}

}  // namespace

std::string expectedFormat(const std::string& format, const std::string& text) {
    if (text.empty()) return {};
    if (format == "http-url" && !isHttpUrl(text)) return "http://host[:port]/path or https://...";
    if (format != "readable-file") return {};
    // Relative names would change their meaning with --daemon.
    if (text.front() != '/') return "the absolute path of a file";
    errno = 0;
    std::ifstream file(text);
    if (!file.is_open() || file.peek() == std::ifstream::traits_type::eof()) {
        const int error = errno;
        return "a file that can be read" +
               (error != 0 ? " (" + std::string(std::strerror(error)) + ")" : std::string());
    }
    return {};
}

}  // namespace sara::boot
