#include "load/offline_run.h"

#include <stdexcept>

namespace sara::bench {
namespace {
constexpr double kPhaseSeconds = 120;
}

OfflineRun::User::User(Owner& owner, uint32_t index, const Options& options)
    : sender(owner, 2 * index),
      reader(owner, 2 * index + 1),
      frame(index, userName("w", index), userName("away", index), options.size, true),
      quota(options.count / options.users + (index < options.count % options.users ? 1 : 0)) {
    sent_at.reserve(quota);
}

OfflineRun::OfflineRun(const Options& options) : options_(options), driver_(targetOf(options)) {
    for (uint32_t i = 0; i < options.users; ++i) {
        users_.push_back(std::make_unique<User>(*this, i, options));
    }
}

void OfflineRun::onConnected(Connection& connection) {
    const uint32_t index = connection.index();
    driver_.send(connection, loginFrame(userName(index % 2 == 0 ? "w" : "away", index / 2)));
}

void OfflineRun::onClosed(Connection&) { throw std::runtime_error("the server closed"); }

void OfflineRun::onFrame(Connection& connection, std::string_view body, uint64_t now_ns) {
    User& user = *users_[connection.index() / 2];
    if (connection.index() % 2 == 1) return onBacklog(user, body);
    if (user.online) return onAck(user, body, now_ns);
    if (body.find(R"("result":"ok")") == std::string_view::npos) {
        throw std::runtime_error("login refused: " + std::string(body.substr(0, 200)));
    }
    user.online = true;
    ++online_;
}

void OfflineRun::fill(User& user, uint64_t now_ns) {
    // At a rate each call sends one, so that users take turns.
    uint32_t left = options_.rate == 0 ? UINT32_MAX : 1;
    while (user.sent_at.size() < user.quota && sent_ < due_ && left-- > 0 &&
           user.sent_at.size() - user.acked < options_.window) {
        const auto number = static_cast<uint32_t>(user.sent_at.size());
        driver_.send(user.sender, user.frame.write(number, now_ns));
        user.sent_at.push_back(now_ns);
        ++sent_;
    }
}

void OfflineRun::onAck(User& user, std::string_view body, uint64_t now_ns) {
    Mark mark;
    if (!readId(idOf(body, user.ack_hint), mark) || mark.number >= user.sent_at.size()) {
        throw std::runtime_error("not an ack: " + std::string(body.substr(0, 200)));
    }
    ack_latency_.add(now_ns - user.sent_at[mark.number]);
    ++user.acked;
    ++acked_;
    fill(user, now_ns);
}

void OfflineRun::onBacklog(User& user, std::string_view body) {
    fetched_bytes_ += body.size();
    uint32_t expected = 0;
    for (size_t at = body.find("~#"); at != std::string_view::npos; at = body.find("~#", at + 2)) {
        Mark mark;
        size_t hint = at;
        if (!readMark(body, hint, mark) || mark.number != expected) user.in_order = false;
        ++expected;
    }
    user.fetched = expected;
    fetched_ += expected;
    ++readers_done_;
    driver_.send(user.reader, batchAckFrame(userName("away", user.reader.index() / 2)));
}

void OfflineRun::logIn() {
    for (auto& user : users_) {
        if (!driver_.connect(user->sender)) throw std::runtime_error("cannot connect");
    }
    const auto done = [this] { return online_ == options_.users; };
    if (!driver_.runUntil(done, 30)) throw std::runtime_error("not all senders could log in");
}

void OfflineRun::store() {
    const uint64_t start = nowNs();
    const auto done = [this] { return acked_ == options_.count; };
    if (options_.rate == 0) {
        due_ = options_.count;
        for (auto& user : users_) fill(*user, nowNs());
        if (!driver_.runUntil(done, kPhaseSeconds)) throw std::runtime_error("acks are missing");
    } else {
        storeAtRate(start, done);
    }
    store_seconds_ = static_cast<double>(nowNs() - start) / 1e9;
}

// What is due is sent in its millisecond, whatever the acks do: a slow server shows in the latency
// and does not slow the load.
void OfflineRun::storeAtRate(uint64_t start, const std::function<bool()>& done) {
    size_t next = 0;
    for (uint64_t now = start; !done(); now = nowNs()) {
        if (now - start > static_cast<uint64_t>(kPhaseSeconds * 1e9)) {
            throw std::runtime_error("acks are missing");
        }
        due_ = std::min<uint64_t>(options_.count, (now - start) / 1000 * options_.rate / 1'000'000);
        for (size_t tried = 0; sent_ < due_ && tried < users_.size(); ++tried) {
            const uint64_t before = sent_;
            fill(*users_[next++ % users_.size()], now);
            if (sent_ != before) tried = 0;
        }
        (void)driver_.runUntil(done, 0.0005);
    }
}

void OfflineRun::fetch() {
    const uint64_t start = nowNs();
    for (auto& user : users_) {
        if (!driver_.connect(user->reader)) throw std::runtime_error("cannot connect");
    }
    const auto done = [this] { return readers_done_ == options_.users; };
    if (!driver_.runUntil(done, kPhaseSeconds)) throw std::runtime_error("backlogs are missing");
    fetch_seconds_ = static_cast<double>(nowNs() - start) / 1e9;
    (void)driver_.runUntil([] { return false; }, 0.05);  // the batch acks go out
}

Outcome OfflineRun::run() {
    logIn();
    const ProcessUsage before = usageOf(options_.server_pid);
    const double own_before = ownCpuSeconds();
    store();
    if (!options_.keep) fetch();
    const double own = ownCpuSeconds() - own_before;
    const ProcessUsage after = usageOf(options_.server_pid);
    bool in_order = true;
    for (const auto& user : users_) in_order = in_order && user->in_order;
    Report report(options_.mode);
    report.count("users", options_.users);
    report.count("count", options_.count);
    report.number("stored_per_s", static_cast<double>(acked_) / store_seconds_);
    report.latency("ack", ack_latency_);
    if (!options_.keep) {
        report.number("fetched_per_s", static_cast<double>(fetched_) / fetch_seconds_);
        report.number("fetched_mb_per_s",
                      static_cast<double>(fetched_bytes_) / 1e6 / fetch_seconds_);
    }
    report.usage(before, after, own, store_seconds_ + fetch_seconds_, options_.count);
    const uint64_t arrived = options_.keep ? acked_ : fetched_;
    report.count("lost", options_.count - std::min<uint64_t>(arrived, options_.count));
    report.count("in_order", in_order ? 1 : 0);
    return {report.line(), in_order && arrived == options_.count};
}

}  // namespace sara::bench
