#include "makeconn/swarm.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstdio>

#include "makeconn/now_ns.h"

namespace sara::makeconn {
namespace {

constexpr uint32_t kOpenLoginsMax = 128;  // of one worker; a login is one turn of the server
constexpr uint64_t kLoginNs = 30'000'000'000;
constexpr uint64_t kLateNs = 2'000'000;  // later than that is the socket's or our own waiting
constexpr size_t kWaitingBytesMax = 1u << 20;
constexpr uint32_t kBurstMax = 4096;  // messages of one turn
constexpr std::string_view kHeartbeat{"\x02\x01", 2};

std::string reasonIn(std::string_view body) {
    constexpr std::string_view kName = R"("reason":")";
    const size_t at = body.find(kName);
    if (at == std::string_view::npos) return "without a reason";
    const size_t begin = at + kName.size();
    return std::string(body.substr(begin, body.find('"', begin) - begin));
}

}  // namespace

std::string userJid(uint64_t run, uint32_t user) {
    std::array<char, 48> text{};
    std::snprintf(text.data(), text.size(), "%08x-%04x-4%03x-9%03x-%04x%08x@a.a",
                  static_cast<unsigned>(run >> 32), static_cast<unsigned>(run >> 16 & 0xffff),
                  static_cast<unsigned>(run >> 4 & 0xfff), static_cast<unsigned>(run & 0xfff),
                  static_cast<unsigned>(run >> 20 & 0xffff), user);
    return text.data();
}

Swarm::Swarm(const Options& options, const Target& target, const Share& share, const Boards& boards)
    : options_(options),
      share_(share),
      boards_(boards),
      board_(boards.of(share.worker)),
      driver_(target),
      frame_(0, userJid(share.run, 0), userJid(share.run, 0), options.message_bytes, true),
      ack_(userJid(share.run, 0)),
      chance_(static_cast<uint32_t>(share.run) ^ (share.worker + 1)) {
    users_.reserve(share.count);
    for (uint32_t i = 0; i < share.count; ++i) users_.push_back(std::make_unique<User>(*this, i));
}

std::string Swarm::jidOf(const User& user) const {
    return userJid(share_.run, share_.first + user.connection.index());
}

bool Swarm::settled() const { return started_ == users_.size() && open_logins_ == 0; }

void Swarm::startLogins(uint64_t now_ns) {
    while (started_ < users_.size() && open_logins_ < kOpenLoginsMax) {
        User& user = *users_[started_];
        user.started_ns = now_ns;
        if (!driver_.connect(user.connection)) {
            const int error = errno;
            user.state = State::kGone;
            board_.failed.add();
            board_.fail(error == EADDRNOTAVAIL
                            ? "no local port left: more addresses with --laddr, or a wider "
                              "net.ipv4.ip_local_port_range"
                        : error == EMFILE || error == ENFILE
                            ? "no file descriptor left: raise the limit (ulimit -n)"
                            : "cannot connect: " + user.connection.why());
        } else {
            user.state = State::kLoggingIn;
            logging_in_.push_back(started_);
            ++open_logins_;
        }
        ++started_;
    }
}

void Swarm::expireLogins(uint64_t now_ns) {
    while (!logging_in_.empty()) {
        User& user = *users_[logging_in_.front()];
        if (user.state == State::kLoggingIn) {
            if (now_ns - user.started_ns < kLoginNs) return;
            user.connection.close();
            gone(user, "no answer to the login in 30 s (is the server out of file descriptors?)");
        }
        logging_in_.pop_front();
    }
}

void Swarm::gone(User& user, std::string_view why) {
    if (user.state == State::kLoggingIn) {
        --open_logins_;
        board_.failed.add();
        board_.fail(why);
    } else if (user.state == State::kOnline) {
        boards_.online(share_.first + user.connection.index()).store(0, std::memory_order_relaxed);
        board_.closed.add();
        board_.fail(why);
    }
    user.state = State::kGone;
}

void Swarm::onConnected(Connection& connection) {
    const User& user = *users_[connection.index()];
    driver_.send(connection, loginFrame(jidOf(user), options_.password));
}

void Swarm::onClosed(Connection& connection) {
    gone(*users_[connection.index()], connection.why());
}

void Swarm::onLoginReply(User& user, std::string_view body, uint64_t now_ns) {
    if (body.find(R"("result":"ok")") == std::string_view::npos) {
        gone(user, "login refused: " + reasonIn(body));
        user.connection.close();
        return;
    }
    user.state = State::kOnline;
    --open_logins_;
    board_.online.add();
    boards_.online(share_.first + user.connection.index()).store(1, std::memory_order_relaxed);
    driver_.send(user.connection, batchAckFrame(jidOf(user)));
    if (options_.heartbeat_s <= 0) return;
    const auto gap_ns = static_cast<uint64_t>(options_.heartbeat_s * 1e9);
    beats_.push_back({now_ns + gap_ns, user.connection.index()});
}

void Swarm::onFrame(Connection& connection, std::string_view body, uint64_t now_ns) {
    User& user = *users_[connection.index()];
    Mark mark;
    if (user.state == State::kLoggingIn) {
        onLoginReply(user, body, now_ns);
    } else if (body == "\x02") {
        board_.echoes.add();
    } else if (body == "\x03") {
        gone(user, "replaced by another login");
        connection.close();
    } else if (readMark(body, user.mark_hint, mark)) {
        onMessage(user, body, mark, now_ns);
    } else if (body.find(R"("type":3)") != std::string_view::npos) {
        board_.acked.add();
    } else if (body.find(R"("type":4)") != std::string_view::npos) {
        board_.notices.add();
        board_.fail("notice: " + reasonIn(body));
    }
}

void Swarm::onMessage(User& user, std::string_view body, const Mark& mark, uint64_t now_ns) {
    board_.received.add();
    auto& slot = board_.latency[Histogram::slotOf(now_ns - std::min(now_ns, mark.sent_ns))];
    slot.store(slot.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    ack_.readdress(jidOf(user));
    driver_.send(user.connection, ack_.write(idOf(body, user.id_hint)));
}

void Swarm::beat(uint64_t now_ns) {
    const auto gap_ns = static_cast<uint64_t>(options_.heartbeat_s * 1e9);
    while (!beats_.empty() && beats_.front().due_ns <= now_ns) {
        Beat next = beats_.front();
        beats_.pop_front();
        User& user = *users_[next.user];
        if (user.state != State::kOnline) continue;
        driver_.send(user.connection, kHeartbeat);
        board_.beats.add();
        next.due_ns = std::max(next.due_ns + gap_ns, now_ns);
        beats_.push_back(next);
    }
}

// Somebody who is online, himself when chance finds nobody else.
uint32_t Swarm::recipientFor(uint32_t sender) {
    for (int attempt = 0; attempt < 16; ++attempt) {
        const uint32_t user = static_cast<uint32_t>(chance_()) % options_.total;
        if (user != sender && boards_.online(user).load(std::memory_order_relaxed) != 0)
            return user;
    }
    return sender;
}

void Swarm::sendOne(uint64_t due_ns, uint64_t now_ns) {
    for (size_t tried = 0; tried < users_.size(); ++tried) {
        User& user = *users_[next_sender_];
        next_sender_ = (next_sender_ + 1) % static_cast<uint32_t>(users_.size());
        if (user.state != State::kOnline) continue;
        if (user.connection.waitingBytes() > kWaitingBytesMax) {
            board_.held.add();
            return;
        }
        const uint32_t sender = share_.first + user.connection.index();
        frame_.readdress(sender, userJid(share_.run, sender),
                         userJid(share_.run, recipientFor(sender)));
        // Late ones count from the time they were due: a server that stalls is not asked less.
        const uint64_t from_ns = now_ns - due_ns > kLateNs ? due_ns : now_ns;
        driver_.send(user.connection, frame_.write(number_++, from_ns));
        board_.sent.add();
        return;
    }
}

int Swarm::sendDue(uint64_t now_ns) {
    const double share = static_cast<double>(share_.count) / options_.total;
    const double per_ns = options_.messagesPerSecond() * share / 1e9;
    if (per_ns <= 0 || board_.online.get() == board_.closed.get()) return 20;
    if (go_ns_ == 0) go_ns_ = now_ns;
    const double due = static_cast<double>(now_ns - go_ns_) * per_ns;
    for (uint32_t i = 0; i < kBurstMax && sent_due_ < due; ++i, sent_due_ += 1) {
        const auto at_ns = go_ns_ + static_cast<uint64_t>(sent_due_ / per_ns);
        sendOne(std::min(at_ns, now_ns), now_ns);
    }
    const double wait_ms = (sent_due_ / per_ns - static_cast<double>(now_ns - go_ns_)) / 1e6;
    return static_cast<int>(std::ceil(std::clamp(wait_ms, 0.0, 20.0)));
}

void Swarm::run() {
    const Signal& signal = boards_.signal();
    while (!signal.finish.load(std::memory_order_relaxed)) {
        const uint64_t now_ns = nowNs();
        const bool stopped = signal.stop.load(std::memory_order_relaxed);
        int wait_ms = 20;
        if (!stopped) startLogins(now_ns);
        expireLogins(now_ns);
        if (settled() && board_.settled_ns.load(std::memory_order_relaxed) == 0) {
            board_.settled_ns.store(now_ns, std::memory_order_release);
        }
        if (!stopped) beat(now_ns);
        if (signal.go.load(std::memory_order_relaxed) && !stopped) wait_ms = sendDue(now_ns);
        driver_.turn(wait_ms);
    }
}

}  // namespace sara::makeconn
