#include "load/rpc_run.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace sara::bench {
namespace {

constexpr int kPatienceMs = 10'000;
constexpr const char* kExpected = "{\"sn\":\"1\",\"success\":false}";

std::string requestText() {
    const std::string body =
        "body={\"sn\":\"1\",\"service\":\"emsg_session\",\"method\":\"isonline\","
        "\"params\":{\"jid\":\"nobody@t.com\"}}&";
    return "POST /api/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: "
           "application/x-www-form-urlencoded\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + body;
}

}  // namespace

RpcRun::RpcRun(const Options& options) : options_(options), request_(requestText()) {
    callers_.resize(options.concurrency);
}

RpcRun::~RpcRun() {
    for (const Caller& caller : callers_) {
        if (caller.fd >= 0) ::close(caller.fd);
    }
}

void RpcRun::connect(Caller& caller) const {
    if (caller.fd >= 0) ::close(caller.fd);
    caller = {};
    caller.fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    ::setsockopt(caller.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(options_.port);
    if (::inet_pton(AF_INET, options_.host.c_str(), &to.sin_addr) != 1 ||
        ::connect(caller.fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
        throw std::runtime_error(std::string("cannot connect: ") + std::strerror(errno));
    }
}

// A request is smaller than any socket buffer: it leaves at once.
void RpcRun::ask(Caller& caller) const {
    caller.asked_ns = nowNs();
    if (::send(caller.fd, request_.data(), request_.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(request_.size())) {
        throw std::runtime_error("a request could not be written");
    }
}

void RpcRun::read(Caller& caller, bool counts) {
    char block[4096];
    const ssize_t n = ::recv(caller.fd, block, sizeof block, 0);
    if (n <= 0) return connect(caller);  // kept connections have an end, too
    caller.answer.append(block, static_cast<size_t>(n));
    const size_t head = caller.answer.find("\r\n\r\n");
    if (head == std::string::npos) return;
    const size_t length_at = caller.answer.find("Content-Length: ");
    if (length_at == std::string::npos || length_at > head) {
        throw std::runtime_error("an answer without a length: " + caller.answer);
    }
    const size_t length = std::stoul(caller.answer.substr(length_at + 16));
    if (caller.answer.size() < head + 4 + length) return;
    if (caller.answer.compare(head + 4, length, kExpected) != 0) ++strange_;
    if (counts) {
        ++answered_;
        times_.add(nowNs() - caller.asked_ns);
    }
    caller.asked_ns = 0;
    const bool ends = caller.answer.find("Connection: Close") < head;
    caller.answer.clear();
    if (ends) connect(caller);
}

void RpcRun::turn(bool counts) {
    std::vector<pollfd> waiting;
    for (Caller& caller : callers_) {
        if (caller.asked_ns == 0) ask(caller);
        waiting.push_back({caller.fd, POLLIN, 0});
    }
    if (::poll(waiting.data(), waiting.size(), kPatienceMs) == 0) {
        throw std::runtime_error("no answer for 10 s");
    }
    for (size_t i = 0; i < waiting.size(); ++i) {
        if (waiting[i].revents != 0) read(callers_[i], counts);
    }
}

Outcome RpcRun::run() {
    for (Caller& caller : callers_) connect(caller);
    const auto until = [](double seconds) {
        return nowNs() + static_cast<uint64_t>(seconds * 1e9);
    };
    for (const uint64_t end = until(options_.warmup_seconds); nowNs() < end;) turn(false);
    const ProcessUsage before = usageOf(options_.server_pid);
    const double own = ownCpuSeconds();
    const uint64_t begin = nowNs();
    for (const uint64_t end = until(options_.seconds); nowNs() < end;) turn(true);
    const double seconds = static_cast<double>(nowNs() - begin) / 1e9;
    Report report("rpc");
    report.number("calls_per_s", static_cast<double>(answered_) / seconds);
    report.latency("call", times_);
    report.count("strange", strange_);
    report.usage(before, usageOf(options_.server_pid), ownCpuSeconds() - own, seconds,
                 static_cast<double>(answered_));
    return {report.line(), strange_ == 0 && answered_ > 0};
}

}  // namespace sara::bench
