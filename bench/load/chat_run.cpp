#include "load/chat_run.h"

#include <algorithm>
#include <stdexcept>

namespace sara::bench {
namespace {
constexpr double kLoginSeconds = 30;
constexpr double kDrainSeconds = 10;
const auto kNever = [] { return false; };
}  // namespace

// Senders have even indexes, receivers odd ones; the pair is the half.
ChatRun::Pair::Pair(Owner& owner, uint32_t index, const Options& options)
    : sender(owner, 2 * index),
      receiver(owner, 2 * index + 1),
      frame(index, userName("s", index), userName("r", index), options.size, options.ack),
      ack(userName("r", index)) {}

ChatRun::ChatRun(const Options& options) : options_(options), driver_(targetOf(options)) {
    for (uint32_t i = 0; i < options.pairs; ++i) {
        pairs_.push_back(std::make_unique<Pair>(*this, i, options));
    }
    for (uint32_t i = 0; i < options.bystanders; ++i) {
        bystanders_.push_back(std::make_unique<Connection>(*this, 2 * options.pairs + i));
    }
}

void ChatRun::onConnected(Connection& connection) {
    const uint32_t index = connection.index();
    if (index >= 2 * options_.pairs) {
        driver_.send(connection, loginFrame(userName("idle", index)));
        return;
    }
    driver_.send(connection, loginFrame(userName(index % 2 == 0 ? "s" : "r", index / 2)));
}

void ChatRun::onClosed(Connection&) { ++closed_; }

void ChatRun::onFrame(Connection& connection, std::string_view body, uint64_t now_ns) {
    if (!sending_ && online_ < 2 * options_.pairs + options_.bystanders) return onLogin(body);
    if (connection.index() >= 2 * options_.pairs) {
        ++strange_;  // nobody writes to a bystander
        return;
    }
    Pair& pair = *pairs_[connection.index() / 2];
    if (connection.index() % 2 == 0) return onAck(pair, body, now_ns);
    onDelivery(pair, body, now_ns);
}

void ChatRun::onLogin(std::string_view body) {
    if (body.find(R"("result":"ok")") == std::string_view::npos) {
        throw std::runtime_error("login refused: " + std::string(body.substr(0, 200)));
    }
    ++online_;
}

void ChatRun::onDelivery(Pair& pair, std::string_view body, uint64_t now_ns) {
    Mark mark;
    if (!readMark(body, pair.mark_hint, mark) || mark.pair != pair.sender.index() / 2) {
        ++strange_;
        return;
    }
    pair.order.arrived(mark.number);
    ++pair.delivered;
    if (measuring_) {
        ++measured_;
        latency_.add(now_ns - std::min(now_ns, mark.sent_ns));
    }
    if (options_.ack) driver_.send(pair.receiver, pair.ack.write(idOf(body, pair.delivery_hint)));
    fill(pair, now_ns);
}

void ChatRun::onAck(Pair& pair, std::string_view body, uint64_t now_ns) {
    Mark mark;
    if (!readId(idOf(body, pair.ack_hint), mark) || mark.pair != pair.sender.index() / 2) {
        ++strange_;
        return;
    }
    ++pair.acked;
    fill(pair, now_ns);
}

void ChatRun::fill(Pair& pair, uint64_t now_ns) {
    if (!sending_) return;
    const uint32_t done = options_.ack ? std::min(pair.acked, pair.delivered) : pair.delivered;
    while (pair.sent - done < options_.window) {
        driver_.send(pair.sender, pair.frame.write(pair.sent, now_ns));
        ++pair.sent;
    }
}

void ChatRun::logIn() {
    // A bounded number at a time, so that no listen queue overflows.
    for (uint32_t begin = 0; begin < options_.pairs; begin += options_.concurrency) {
        const uint32_t end = std::min(options_.pairs, begin + options_.concurrency);
        for (uint32_t i = begin; i < end; ++i) {
            if (!driver_.connect(pairs_[i]->sender) || !driver_.connect(pairs_[i]->receiver)) {
                throw std::runtime_error("cannot connect");
            }
        }
        const auto done = [&] { return online_ == 2 * end || closed_ > 0; };
        if (!driver_.runUntil(done, kLoginSeconds) || closed_ > 0) {
            throw std::runtime_error("only " + std::to_string(online_) + " users could log in");
        }
    }
    logInBystanders();
}

void ChatRun::logInBystanders() {
    const uint32_t before = online_;
    for (uint32_t begin = 0; begin < options_.bystanders; begin += options_.concurrency) {
        const uint32_t end = std::min(options_.bystanders, begin + options_.concurrency);
        for (uint32_t i = begin; i < end; ++i) {
            if (!driver_.connect(*bystanders_[i])) throw std::runtime_error("cannot connect");
        }
        const auto done = [&] { return online_ == before + end || closed_ > 0; };
        if (!driver_.runUntil(done, kLoginSeconds) || closed_ > 0) {
            throw std::runtime_error("only " + std::to_string(online_) + " users could log in");
        }
    }
}

bool ChatRun::drained() const {
    return std::all_of(pairs_.begin(), pairs_.end(), [&](const auto& pair) {
        return pair->delivered >= pair->sent && (!options_.ack || pair->acked >= pair->sent);
    });
}

Outcome ChatRun::run() {
    logIn();
    sending_ = true;
    for (auto& pair : pairs_) fill(*pair, nowNs());
    (void)driver_.runUntil(kNever, options_.warmup_seconds);
    const ProcessUsage before = usageOf(options_.server_pid);
    const double own_before = ownCpuSeconds();
    measuring_ = true;
    (void)driver_.runUntil(kNever, options_.seconds);
    measuring_ = false;
    const double own = ownCpuSeconds() - own_before;
    const ProcessUsage after = usageOf(options_.server_pid);
    sending_ = false;
    (void)driver_.runUntil([this] { return drained(); }, kDrainSeconds);
    return report(before, after, own);
}

Outcome ChatRun::report(const ProcessUsage& before, const ProcessUsage& after,
                        double own_cpu) const {
    uint64_t sent = 0;
    uint64_t unique = 0;
    uint64_t repeated = 0;
    uint64_t out_of_order = 0;
    uint64_t unacked = 0;
    for (const auto& pair : pairs_) {
        sent += pair->sent;
        unique += pair->order.unique();
        repeated += pair->order.repeated();
        out_of_order += pair->order.outOfOrder();
        if (options_.ack && pair->sent > pair->acked) unacked += pair->sent - pair->acked;
    }
    Report report(options_.mode);
    report.count("pairs", options_.pairs);
    report.count("bystanders", options_.bystanders);
    report.count("window", options_.window);
    report.count("size", options_.size);
    report.number("delivered_per_s", static_cast<double>(measured_) / options_.seconds);
    report.latency("delivery", latency_);
    report.usage(before, after, own_cpu, options_.seconds, static_cast<double>(measured_));
    report.count("sent", sent);
    report.count("lost", sent - unique);
    report.count("repeated", repeated);
    report.count("out_of_order", out_of_order);
    report.count("unacked", unacked);
    report.count("strange", strange_);
    report.count("closed", closed_);
    const bool good = sent == unique && repeated + out_of_order + unacked + strange_ + closed_ == 0;
    return {report.line(), good && measured_ > 0};
}

}  // namespace sara::bench
