#include "load/group_run.h"

#include <algorithm>
#include <cstdio>
#include <stdexcept>

namespace sara::bench {
namespace {

constexpr double kLoginSeconds = 30;
constexpr double kDrainSeconds = 20;
const auto kNever = [] { return false; };

std::string_view textOf(std::string_view body, std::string_view name) {
    const size_t at = body.find(name);
    if (at == std::string_view::npos) return {};
    const size_t begin = at + name.size();
    return body.substr(begin, body.find('"', begin) - begin);
}

}  // namespace

GroupRun::Member::Member(Owner& owner, uint32_t index, uint32_t senders)
    : connection(owner, index), jid(userName("m", index)), from(senders) {}

GroupRun::GroupRun(const Options& options)
    : options_(options),
      members_(options.members),
      senders_(std::min(options.senders, options.members)),
      driver_(targetOf(options)),
      sending_members_(senders_),
      left_(*this, members_),
      right_(*this, members_ + 1),
      ping_(0, userName("left", 0), userName("right", 0), 64, false) {
    for (uint32_t i = 0; i < members_; ++i) {
        group_.push_back(std::make_unique<Member>(*this, i, senders_));
    }
}

void GroupRun::onConnected(Connection& connection) {
    const uint32_t i = connection.index();
    const std::string jid = i < members_    ? group_[i]->jid
                            : i == members_ ? userName("left", 0)
                                            : userName("right", 0);
    driver_.send(connection, loginFrame(jid));
}

void GroupRun::onClosed(Connection&) { ++closed_; }

void GroupRun::onFrame(Connection& connection, std::string_view body, uint64_t now_ns) {
    if (!sending_ && online_ < members_ + 2) {
        if (body.find(R"("result":"ok")") == std::string_view::npos) {
            throw std::runtime_error("login refused: " + std::string(body.substr(0, 200)));
        }
        ++online_;
        return;
    }
    if (connection.index() < members_) return onMember(connection.index(), body, now_ns);
    Mark mark;
    size_t hint = 0;
    if (connection.index() != members_ + 1 || !readMark(body, hint, mark)) {
        ++strange_;
        return;
    }
    if (measuring_) beside_.add(now_ns - std::min(now_ns, mark.sent_ns));
    if (sending_) ping(now_ns);
}

void GroupRun::onMember(uint32_t index, std::string_view body, uint64_t now_ns) {
    const std::string_view id = textOf(body, R"("id":")");
    Mark mark;
    if (!readMark(body, mark_hint_, mark)) {
        // The server's ack, or something that should not come.
        if (body.find(R"("type":3)") == std::string_view::npos || !readId(id, mark) ||
            mark.pair != index || index >= senders_) {
            ++strange_;
            return;
        }
        ++sending_members_[index].acked;
        fill(index, now_ns);
        return;
    }
    if (mark.pair >= senders_ || mark.pair == index) {
        ++strange_;
        return;
    }
    Member& member = *group_[index];
    member.from[mark.pair].arrived(mark.number);
    ++delivered_;
    if (measuring_) {
        ++measured_;
        latency_.add(now_ns - std::min(now_ns, mark.sent_ns));
    }
    frame_.assign(R"({"envelope":{"id":")").append(id).append(R"(","from":")").append(member.jid);
    frame_.append(R"(","to":"server_ack","type":3}})").push_back('\x01');
    driver_.send(member.connection, frame_);
}

void GroupRun::fill(uint32_t index, uint64_t now_ns) {
    Sender& s = sending_members_[index];
    while (sending_ && s.sent - s.acked < options_.window) {
        char mark[64];
        std::snprintf(mark, sizeof mark, "%08x%08x%016llx", index, s.sent,
                      static_cast<unsigned long long>(now_ns));
        frame_.assign(R"({"envelope":{"id":")").append(mark, 16);
        frame_.append(R"(","type":2,"from":")").append(group_[index]->jid);
        frame_.append(R"(","gid":"g","ack":1},"payload":{"content":"~#)").append(mark, 32);
        if (options_.size > 34) frame_.append(options_.size - 34, 'x');
        frame_.append(R"("},"vsn":"0.0.1"})").push_back('\x01');
        ++s.sent;
        driver_.send(group_[index]->connection, frame_);
    }
}

void GroupRun::ping(uint64_t now_ns) { driver_.send(left_, ping_.write(pings_++, now_ns)); }

void GroupRun::logIn() {
    const uint32_t all = members_ + 2;
    for (uint32_t begin = 0; begin < all; begin += options_.concurrency) {
        const uint32_t end = std::min(all, begin + options_.concurrency);
        for (uint32_t i = begin; i < end; ++i) {
            Connection& c = i < members_ ? group_[i]->connection : i == members_ ? left_ : right_;
            if (!driver_.connect(c)) throw std::runtime_error("cannot connect");
        }
        const auto done = [&] { return online_ == end || closed_ > 0; };
        if (!driver_.runUntil(done, kLoginSeconds) || closed_ > 0) {
            throw std::runtime_error("only " + std::to_string(online_) + " users could log in");
        }
    }
}

bool GroupRun::drained() const {
    uint64_t sent = 0;
    for (const Sender& s : sending_members_) {
        if (s.acked < s.sent) return false;
        sent += s.sent;
    }
    return delivered_ >= sent * (members_ - 1);
}

Outcome GroupRun::run() {
    logIn();
    sending_ = true;
    for (uint32_t i = 0; i < senders_; ++i) fill(i, nowNs());
    ping(nowNs());
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

Outcome GroupRun::report(const ProcessUsage& before, const ProcessUsage& after,
                         double own_cpu) const {
    uint64_t sent = 0, unacked = 0, unique = 0, repeated = 0, out_of_order = 0;
    for (const Sender& s : sending_members_) {
        sent += s.sent;
        unacked += s.sent - std::min(s.sent, s.acked);
    }
    for (const auto& member : group_) {
        for (const OrderCheck& check : member->from) {
            unique += check.unique();
            repeated += check.repeated();
            out_of_order += check.outOfOrder();
        }
    }
    const uint64_t expected = sent * (members_ - 1);
    Report report(options_.mode);
    report.count("members", members_);
    report.count("senders", senders_);
    report.count("window", options_.window);
    report.count("size", options_.size);
    report.number("delivered_per_s", static_cast<double>(measured_) / options_.seconds);
    report.latency("delivery", latency_);
    report.latency("beside", beside_);
    report.usage(before, after, own_cpu, options_.seconds, static_cast<double>(measured_));
    report.count("sent", sent);
    report.count("lost", expected - unique);
    report.count("repeated", repeated);
    report.count("out_of_order", out_of_order);
    report.count("unacked", unacked);
    report.count("strange", strange_);
    report.count("closed", closed_);
    const bool good =
        expected == unique && repeated + out_of_order + unacked + strange_ + closed_ == 0;
    return {report.line(), good && measured_ > 0};
}

}  // namespace sara::bench
