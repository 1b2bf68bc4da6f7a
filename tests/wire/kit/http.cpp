#include "kit/http.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <stdexcept>

namespace sara::wire {
namespace {

constexpr size_t kAnswerBytesMax = 16 << 20;

std::string trimmed(const std::string& text) {
    const size_t begin = text.find_first_not_of(' ');
    return begin == std::string::npos ? "" : text.substr(begin);
}

}  // namespace

std::string HttpAnswer::header(const std::string& name) const {
    std::string all;
    const auto [first, last] = headers.equal_range(name);
    for (auto h = first; h != last; ++h) all += (h == first ? "" : "|") + h->second;
    return all;
}

HttpClient::HttpClient(uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        ::close(fd_);
        throw std::runtime_error("cannot connect to rpc port " + std::to_string(port));
    }
}

HttpClient::~HttpClient() { ::close(fd_); }

bool HttpClient::send(std::string_view bytes) const {
    while (!bytes.empty()) {
        const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        bytes.remove_prefix(static_cast<size_t>(n));
    }
    return true;
}

// More bytes; false at the end or the deadline.
bool HttpClient::fill(const Deadline& deadline) {
    for (;;) {
        pollfd poll_fd{fd_, POLLIN, 0};
        const int ready = ::poll(&poll_fd, 1, deadline.leftMs());
        if (ready < 0 && errno == EINTR) continue;
        if (ready <= 0) return false;
        char block[16384];
        const ssize_t n = ::recv(fd_, block, sizeof block, 0);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        buffer_.append(block, static_cast<size_t>(n));
        return buffer_.size() <= kAnswerBytesMax;
    }
}

HttpAnswer HttpClient::answer(Millis wait, bool without_body) {
    const Deadline deadline(wait);
    size_t end = 0;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
        if (!fill(deadline)) return {};
    }
    HttpAnswer answer;
    answer.status = std::stoi(buffer_.substr(buffer_.find(' ') + 1));
    size_t length = 0;
    for (size_t at = buffer_.find("\r\n") + 2; at < end + 2;) {
        const size_t line_end = buffer_.find("\r\n", at);
        const std::string line = buffer_.substr(at, line_end - at);
        const size_t colon = line.find(':');
        std::string name = line.substr(0, colon);
        std::transform(name.begin(), name.end(), name.begin(),
                       [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        const std::string value = colon == std::string::npos ? "" : trimmed(line.substr(colon + 1));
        if (name == "content-length") length = std::stoul(value);
        answer.headers.emplace(name, value);
        at = line_end + 2;
    }
    buffer_.erase(0, end + 4);
    if (without_body) return answer;
    while (buffer_.size() < length) {
        if (!fill(deadline)) return {};
    }
    answer.body = buffer_.substr(0, length);
    buffer_.erase(0, length);
    return answer;
}

bool HttpClient::closed(Millis wait) {
    const Deadline deadline(wait);
    while (fill(deadline)) {
    }
    return !deadline.passed();
}

std::string formEncoded(const std::string& name, const std::string& value) {
    constexpr char kHex[] = "0123456789ABCDEF";
    std::string out = name + "=";
    for (const char c : value) {
        const auto byte = static_cast<unsigned char>(c);
        if (std::isalnum(byte) != 0) {
            out += c;
        } else {
            out += '%';
            out += kHex[byte >> 4];
            out += kHex[byte & 15];
        }
    }
    return out;
}

HttpAnswer httpGet(uint16_t port, const std::string& target, const std::string& headers) {
    HttpClient client(port);
    client.send("GET " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + headers +
                "\r\n");
    return client.answer();
}

HttpAnswer httpSend(uint16_t port, const std::string& method, const std::string& target,
                    const std::string& headers, const std::string& body) {
    HttpClient client(port);
    client.send(method + " " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" +
                "Content-Length: " + std::to_string(body.size()) + "\r\n" + headers + "\r\n" +
                body);
    return client.answer(kPatience, method == "HEAD");
}

HttpAnswer httpRpc(uint16_t port, const std::string& json) {
    return httpSend(port, "POST", "/api/", "Content-Type: application/x-www-form-urlencoded\r\n",
                    formEncoded("body", json));
}

}  // namespace sara::wire
