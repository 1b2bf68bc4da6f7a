#include "load/login_run.h"

#include <algorithm>
#include <stdexcept>

namespace sara::bench {
namespace {
constexpr double kSecondsMax = 120;
}

LoginRun::LoginRun(const Options& options, bool stay)
    : options_(options), stay_(stay), driver_(targetOf(options)) {
    const uint32_t count = stay ? options.count : std::min(options.count, options.concurrency);
    started_ns_.resize(count);
    for (uint32_t i = 0; i < count; ++i) {
        connections_.push_back(std::make_unique<Connection>(*this, i));
    }
}

void LoginRun::onConnected(Connection& connection) {
    driver_.send(connection, loginFrame(userName("u", connection.index())));
}

void LoginRun::onFrame(Connection& connection, std::string_view body, uint64_t now_ns) {
    if (body.find(R"("result":"ok")") == std::string_view::npos) {
        ++failed_;
        return;
    }
    latency_.add(now_ns - started_ns_[connection.index()]);
    ++done_;
    if (stay_) return;
    connection.close();
    ready_.push_back(&connection);
}

void LoginRun::onClosed(Connection&) { ++failed_; }

void LoginRun::start(Connection& connection) {
    started_ns_[connection.index()] = nowNs();
    ++started_;
    if (!driver_.connect(connection)) ++failed_;
}

Outcome LoginRun::run() {
    const ProcessUsage before = usageOf(options_.server_pid);
    const double own_before = ownCpuSeconds();
    const uint64_t begin = nowNs();
    size_t next = 0;
    // Starts logins in between turns; done when all are, or when something failed.
    const auto turn = [&] {
        while (next < connections_.size() && started_ - done_ < options_.concurrency) {
            start(*connections_[next++]);
        }
        std::vector<Connection*> ready;
        ready.swap(ready_);
        for (Connection* connection : ready) {
            if (started_ < options_.count) start(*connection);
        }
        return failed_ > 0 || done_ == options_.count;
    };
    (void)driver_.runUntil(turn, kSecondsMax);
    const double seconds = static_cast<double>(nowNs() - begin) / 1e9;
    const double own = ownCpuSeconds() - own_before;
    // A moment of quiet: buffers of the logins go back before memory is read.
    if (stay_) (void)driver_.runUntil([this] { return failed_ > 0; }, 1.0);
    const ProcessUsage after = usageOf(options_.server_pid);
    Report report(options_.mode);
    report.count("logins", done_);
    report.number("logins_per_s", static_cast<double>(done_) / seconds);
    report.latency("login", latency_);
    report.usage(before, after, own, seconds, static_cast<double>(done_));
    if (stay_ && options_.server_pid > 0) {
        const auto grown =
            static_cast<double>(after.rss_bytes) - static_cast<double>(before.rss_bytes);
        report.number("bytes_per_connection", grown / static_cast<double>(done_));
    }
    report.count("failed", failed_);
    return {report.line(), failed_ == 0 && done_ == options_.count};
}

}  // namespace sara::bench
