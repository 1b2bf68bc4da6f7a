#include "kit/backend.h"

#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>
#include <Poco/URI.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>

namespace sara::wire {
namespace {

constexpr Millis kBackendSlow{5'000};

Poco::JSON::Object::Ptr parse(const std::string& json) {
    try {
        return Poco::JSON::Parser().parse(json).extract<Poco::JSON::Object::Ptr>();
    } catch (const Poco::Exception&) {
        return new Poco::JSON::Object();
    }
}

std::string decode(std::string form) {
    const std::string field = "body=";
    if (form.rfind(field, 0) != 0) return {};
    form.erase(0, field.size());
    std::replace(form.begin(), form.end(), '+', ' ');
    std::string out;
    Poco::URI::decode(form, out);
    return out;
}

std::string response(const std::string& status, const std::string& body,
                     const std::string& headers = "") {
    return "HTTP/1.1 " + status + "\r\nContent-Type: text/json\r\n" + headers +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

}  // namespace

struct Backend::Connection {
    int fd = -1;
    SSL* ssl = nullptr;
    std::string buffer;

    long read(char* bytes, size_t size) const {
        if (ssl != nullptr) return SSL_read(ssl, bytes, static_cast<int>(size));
        return ::recv(fd, bytes, size, 0);
    }
    bool write(const std::string& text) const {
        if (ssl != nullptr) return SSL_write(ssl, text.data(), static_cast<int>(text.size())) > 0;
        for (size_t at = 0; at < text.size();) {
            const ssize_t n = ::send(fd, text.data() + at, text.size() - at, MSG_NOSIGNAL);
            if (n <= 0) return false;
            at += static_cast<size_t>(n);
        }
        return true;
    }
};

std::string BackendRequest::param(const std::string& name) const {
    const auto params = parse(json)->getObject("params");
    if (params.isNull() || !params->has(name)) return {};
    return params->get(name).toString();
}

std::string BackendRequest::header(const std::string& lower_name) const {
    const auto at = lower(head).find("\r\n" + lower_name + ": ");
    if (at == std::string::npos) return {};
    const auto begin = at + lower_name.size() + 4;
    return head.substr(begin, head.find("\r\n", begin) - begin);
}

Backend::Backend(BackendMode mode, const Identity& tls, uint16_t port) : mode_(mode) {
    answer_ = [](const BackendRequest&) { return R"({"sn":"1","success":true})"; };
    listenOn(port);
    if (!tls.cert_path.empty()) {
        context_ = SSL_CTX_new(TLS_server_method());
        if (context_ == nullptr ||
            SSL_CTX_use_certificate_chain_file(context_, tls.cert_path.c_str()) != 1 ||
            SSL_CTX_use_PrivateKey_file(context_, tls.key_path.c_str(), SSL_FILETYPE_PEM) != 1) {
            throw std::runtime_error("the backend has no certificate");
        }
    }
    if (mode == BackendMode::kRefuse) return;
    if (::listen(listener_, 256) != 0) throw std::runtime_error("the backend cannot listen");
    acceptor_ = std::thread([this] { acceptAll(); });
}

void Backend::listenOn(uint16_t port) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
        throw std::runtime_error("the backend has no port");
    }
    port_ = ntohs(address.sin_port);
}

Backend::~Backend() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
        wake_.notify_all();
        for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
    }
    if (acceptor_.joinable()) acceptor_.join();
    for (std::thread& thread : threads_) thread.join();
    ::close(listener_);
    SSL_CTX_free(context_);
}

std::string Backend::url(const std::string& host) const {
    return (context_ != nullptr ? "https://" : "http://") + host + ":" + std::to_string(port_) +
           "/request/";
}

void Backend::answer(std::function<std::string(const BackendRequest&)> f) {
    const std::lock_guard lock(mutex_);
    answer_ = std::move(f);
}

std::vector<BackendRequest> Backend::requests(const std::string& method) const {
    const std::lock_guard lock(mutex_);
    std::vector<BackendRequest> found;
    for (const BackendRequest& request : requests_) {
        if (method.empty() || request.method == method) found.push_back(request);
    }
    return found;
}

bool Backend::waitRequests(size_t count, const std::string& method, Millis wait) const {
    return waitUntil([&] { return requests(method).size() >= count; }, wait);
}

bool Backend::pause(Millis time) {
    std::unique_lock lock(mutex_);
    return !wake_.wait_for(lock, time, [this] { return ending_; });
}

void Backend::acceptAll() {
    while (true) {
        pollfd ready{listener_, POLLIN, 0};
        (void)::poll(&ready, 1, 20);
        const std::lock_guard lock(mutex_);
        if (ending_) return;
        if ((ready.revents & POLLIN) == 0) continue;
        const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (fd < 0) continue;
        accepted_.fetch_add(1);
        open_.push_back(fd);
        threads_.emplace_back([this, fd] {
            Connection connection{fd, nullptr, {}};
            serve(connection);
            SSL_free(connection.ssl);
            const std::lock_guard closing(mutex_);
            open_.remove(fd);
            ::close(fd);
        });
    }
}

void Backend::serve(Connection& connection) {
    if (context_ != nullptr) {
        connection.ssl = SSL_new(context_);
        SSL_set_fd(connection.ssl, connection.fd);
        if (SSL_accept(connection.ssl) != 1) return;
    }
    BackendRequest request;
    while (readRequest(connection, &request)) {
        std::function<std::string(const BackendRequest&)> answer;
        {
            const std::lock_guard lock(mutex_);
            requests_.push_back(request);
            answer = answer_;
        }
        if (!answerIn(mode_.load(), connection, answer(request))) return;
    }
}

bool Backend::readRequest(Connection& connection, BackendRequest* request) {
    const auto more = [&connection] {
        char bytes[16384];
        const long n = connection.read(bytes, sizeof bytes);
        if (n > 0) connection.buffer.append(bytes, static_cast<size_t>(n));
        return n > 0;
    };
    size_t end = 0;
    while ((end = connection.buffer.find("\r\n\r\n")) == std::string::npos) {
        if (!more()) return false;
    }
    *request = {};
    request->head = connection.buffer.substr(0, end + 2);
    connection.buffer.erase(0, end + 4);
    const std::string length = request->header("content-length");
    const size_t size = length.empty() ? 0 : std::stoul(length);
    while (connection.buffer.size() < size) {
        if (!more()) return false;
    }
    request->form = connection.buffer.substr(0, size);
    connection.buffer.erase(0, size);
    request->json = decode(request->form);
    const auto object = parse(request->json);
    request->sn = object->optValue<std::string>("sn", "");
    request->service = object->optValue<std::string>("service", "");
    request->method = object->optValue<std::string>("method", "");
    return true;
}

bool Backend::answerIn(BackendMode mode, Connection& connection, const std::string& body) {
    switch (mode) {
        case BackendMode::kGood:
        case BackendMode::kRefuse:
            return connection.write(response("200 OK", body));
        case BackendMode::kTextTrue:
            return connection.write(response("200 OK", R"({"sn":"1","success":"true"})"));
        case BackendMode::kHtml:
            return connection.write(response("200 OK", "<html><body>true</body></html>"));
        case BackendMode::kRedirectLoop:
            return connection.write(response("302 Found", "", "Location: " + url() + "\r\n"));
        case BackendMode::kError:
            return connection.write(response("500 Internal Server Error", body));
        case BackendMode::kErrorThenGood: {
            bool error = false;
            {
                const std::lock_guard lock(mutex_);
                error = errors_++ % 2 == 0;
            }
            return connection.write(response(error ? "500 Internal Server Error" : "200 OK", body));
        }
        case BackendMode::kSlow:
            return pause(kBackendSlow) && connection.write(response("200 OK", body));
        default:
            return answerBroken(mode, connection, body);
    }
}

bool Backend::answerBroken(BackendMode mode, Connection& connection, const std::string& body) {
    const std::string whole = response("200 OK", body);
    const std::string head = "HTTP/1.1 200 OK\r\nContent-Type: text/json\r\n";
    switch (mode) {
        case BackendMode::kBlackHole:
            (void)pause(Millis(60'000));
            return false;
        case BackendMode::kResetAfterHeaders: {
            (void)connection.write(head + "Content-Length: 100\r\n\r\n{\"succ");
            const linger reset{1, 0};
            ::setsockopt(connection.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
            return false;
        }
        case BackendMode::kByteByByte:
            for (const char c : whole) {
                if (!connection.write(std::string(1, c)) || !pause(Millis(1000))) return false;
            }
            return true;
        case BackendMode::kEndlessBody: {
            const std::string piece = "4000\r\n" + std::string(0x4000, ' ') + "\r\n";
            bool going = connection.write(head + "Transfer-Encoding: chunked\r\n\r\n");
            while (going) going = connection.write(piece);
            return false;
        }
        case BackendMode::kHugeLength:
            (void)connection.write(head + "Content-Length: 2147483648\r\n\r\n" + body);
            (void)pause(Millis(60'000));
            return false;
        case BackendMode::kNegativeLength:
            (void)connection.write(head + "Content-Length: -1\r\n\r\n" + body);
            (void)pause(Millis(60'000));
            return false;
        case BackendMode::kManyHeaders: {
            std::string text = head;
            for (int i = 0; i < 2000; ++i) text += "X-Header-" + std::to_string(i) + ": value\r\n";
            return connection.write(text + "Content-Length: " + std::to_string(body.size()) +
                                    "\r\n\r\n" + body);
        }
        default:
            (void)connection.write("HTTP/1.1 20");
            return false;
    }
}

}  // namespace sara::wire
