#include "store-redis/connection.h"

#include <algorithm>
#include <random>
#include <utility>

namespace sara::store_redis {
namespace {

constexpr uint64_t kPingEveryMs = 500;
constexpr uint64_t kBackOffFirstMs = 50;
constexpr uint64_t kBackOffLastMs = 1000;
constexpr size_t kReadBytes = 64 * 1024;
constexpr size_t kReadsPerEvent = 16;
constexpr size_t kOutKeepBytes = 1u << 20;

uint64_t jittered(uint64_t ms) {
    static thread_local std::minstd_rand random{std::random_device{}()};
    return ms / 2 + random() % (ms / 2 + 1);
}

}  // namespace

Connection::~Connection() {
    watch(0);
    wire_.close();
}

void Connection::open() {
    const uint64_t now = around_.host.nowMs();
    if (phase_ != Phase::kIdle || now < retry_ms_) return;
    started_ms_ = heard_ms_ = now;
    SocketAddress to;
    if (NameLookup::atOnce(address_, &to)) return connectTo(to);
    phase_ = Phase::kLookup;
    const auto done = [this](const NameAnswer& answer) {
        if (!answer.error.empty()) return lose(answer.error, false);
        connectTo(answer.address);
    };
    if (!lookup_.start(around_.host, address_, done)) lose("no worker to find the address", false);
}

void Connection::connectTo(const SocketAddress& to) {
    phase_ = Phase::kConnecting;
    if (!wire_.open(to, around_.tls, address_.host, around_.settings.tls_verify)) {
        return lose(wire_.error(), false);
    }
    watch(SARA_IO_READ | SARA_IO_WRITE);
    if (watch_ == 0) lose("the loop watches no further descriptor", false);
}

void Connection::watch(uint32_t events) {
    const sara_loop& loop = around_.host.loop();
    const sara_host* host = around_.host.table();
    if (events == 0) {
        if (watch_ != 0) loop.unwatch(host, watch_);
        watch_ = 0;
    } else if (watch_ == 0) {
        watch_ = loop.watch(
            host, wire_.fd(), events,
            [](void* self, uint32_t e) noexcept { static_cast<Connection*>(self)->handle(e); },
            this);
    } else if (watched_ != events && loop.rewatch(host, watch_, events) != SARA_OK) {
        return;
    }
    watched_ = events;
}

void Connection::handle(uint32_t events) {
    if (phase_ == Phase::kConnecting) {
        const Wire::Step step = wire_.establish();
        if (step == Wire::Step::kFailed) return lose(wire_.error(), false);
        if (step == Wire::Step::kWantRead) return watch(SARA_IO_READ);
        if (step == Wire::Step::kWantWrite) return watch(SARA_IO_READ | SARA_IO_WRITE);
        phase_ = Phase::kGreeting;
        reader_.reset();
        greet();
        return flush();
    }
    if (phase_ != Phase::kGreeting && phase_ != Phase::kReady) return;
    if ((events & SARA_IO_WRITE) != 0) flush();
    if (phase_ == Phase::kGreeting || phase_ == Phase::kReady) readAll();
}

CommandWriter Connection::command(Kind kind) {
    expect(kind, nullptr);
    return CommandWriter(&out_);
}

void Connection::greet() {
    const Settings& s = around_.settings;
    if (!s.password.empty()) {
        CommandWriter auth = command(Kind::kAuth);
        auth.begin(s.user.empty() ? 2 : 3).arg("AUTH");
        if (!s.user.empty()) auth.arg(s.user);
        auth.arg(s.password);
        wrote();
    }
    for (uint32_t i = 0; i < kScripts; ++i) {
        command(Kind::kScript)
            .begin(3)
            .arg("SCRIPT")
            .arg("LOAD")
            .arg(sourceOf(static_cast<Script>(i)));
        wrote();
    }
    command(Kind::kMap).begin(2).arg("CLUSTER").arg("SLOTS");
    wrote();
    command(Kind::kGreeted).begin(1).arg("PING");
    wrote();
}

void Connection::askSlots() {
    command(Kind::kMap).begin(2).arg("CLUSTER").arg("SLOTS");
    wrote();
}

void Connection::send(Request* request, bool asking, bool whole) {
    if (asking) {
        command(Kind::kAsking).begin(1).arg("ASKING");
        wrote();
    }
    expect(Kind::kRequest, request);
    request->encode(&out_, whole);
    wrote();
    if (!request->wait) return;
    const Settings& s = around_.settings;
    command(Kind::kWait).begin(3).arg("WAIT").arg(s.wait_replicas).arg(s.wait_timeout_ms);
    wrote();
}

void Connection::flush() {
    if (phase_ != Phase::kGreeting && phase_ != Phase::kReady) return;
    if (expected_.empty()) heard_ms_ = around_.host.nowMs();
    while (out_at_ < out_.size()) {
        size_t n = 0;
        const Wire::Step step = wire_.write(out_.data() + out_at_, out_.size() - out_at_, &n);
        if (step == Wire::Step::kFailed) return lose(wire_.error(), false);
        if (step != Wire::Step::kDone) {
            return watch(step == Wire::Step::kWantRead ? SARA_IO_READ
                                                       : SARA_IO_READ | SARA_IO_WRITE);
        }
        out_at_ += n;
        taken_ += n;
    }
    out_.clear();
    if (out_.capacity() > kOutKeepBytes) out_.shrink_to_fit();
    out_at_ = 0;
    watch(SARA_IO_READ);
}

void Connection::readAll() {
    static thread_local char block[kReadBytes];
    for (size_t i = 0; i < kReadsPerEvent; ++i) {
        size_t n = 0;
        const Wire::Step step = wire_.read(block, sizeof block, &n);
        if (step == Wire::Step::kFailed) return lose(wire_.error(), false);
        if (step != Wire::Step::kDone) return;
        heard_ms_ = around_.host.nowMs();
        if (!reader_.feed(block, n)) return lose(reader_.error(), false);
        for (bool ok = true; ok;) {
            Reply reply = reader_.next(&ok);
            if (!ok) return lose(reader_.error(), false);
            if (reply == nullptr) break;
            if (!take(std::move(reply))) return;
        }
        if (n < sizeof block && around_.tls == nullptr) return;
    }
}

// False: the connection has ended.
bool Connection::take(Reply reply) {
    if (expected_.empty()) {
        lose("an answer that nobody asked for", false);
        return false;
    }
    const Expected e = expected_.front();
    expected_.pop_front();
    const bool error = reply->type == REDIS_REPLY_ERROR;
    switch (e.kind) {
        case Kind::kRequest:
            if (!e.request->wait) {
                owner_.requestAnswered(*this, e.request, *reply);
                break;
            }
            held_for_ = e.request;
            held_ = std::move(reply);
            break;
        case Kind::kWait:
            takeWait(*reply);
            break;
        case Kind::kMap:
            owner_.slotsAnswered(*this, *reply);
            break;
        case Kind::kAuth:
        case Kind::kScript:
        case Kind::kPing:
        case Kind::kGreeted:
            if (error) {
                lose((e.kind == Kind::kAuth ? "AUTH: " : "") + std::string(textOf(*reply)), false);
                return false;
            }
            if (e.kind != Kind::kGreeted) break;
            phase_ = Phase::kReady;
            failures_ = 0;
            trouble_.clear();
            pinged_ms_ = around_.host.nowMs();
            owner_.connectionReady(*this);
            break;
        case Kind::kAsking:
            break;
    }
    return phase_ == Phase::kReady || phase_ == Phase::kGreeting;
}

void Connection::takeWait(const redisReply& reply) {
    Request* request = std::exchange(held_for_, nullptr);
    const Reply answer = std::move(held_);
    const bool enough = reply.type == REDIS_REPLY_INTEGER &&
                        std::cmp_greater_equal(reply.integer, around_.settings.wait_replicas);
    // Too few replicas: the packet is stored, but not as safely as was asked for. No ack.
    if (!enough && answer->type != REDIS_REPLY_ERROR) return request->failed(SARA_E_IO);
    owner_.requestAnswered(*this, request, *answer);
}

void Connection::tick() {
    const uint64_t now = around_.host.nowMs();
    if (phase_ == Phase::kIdle) return open();
    const uint64_t silence = around_.settings.reply_timeout_ms;
    if (phase_ == Phase::kLookup || phase_ == Phase::kConnecting || phase_ == Phase::kGreeting) {
        if (now - started_ms_ >= 2 * silence) lose("no connection in time", true);
        return;
    }
    if (!expected_.empty() && now - heard_ms_ >= silence) {
        return lose("no answer for " + std::to_string(silence) + " ms", true);
    }
    if (now - pinged_ms_ < kPingEveryMs) return;
    pinged_ms_ = now;
    if (expected_.empty()) heard_ms_ = now;
    command(Kind::kPing).begin(1).arg("PING");
    wrote();
    flush();
}

void Connection::drop(const std::string& why) {
    if (phase_ != Phase::kIdle) lose(why, false);
}

void Connection::lose(const std::string& why, bool hung) {
    if (phase_ == Phase::kIdle) return;
    const bool was_ready = phase_ == Phase::kReady;
    phase_ = Phase::kIdle;
    lookup_.cancel();
    watch(0);
    wire_.close();
    out_.clear();
    out_at_ = 0;
    const uint64_t taken = std::exchange(taken_, 0);
    put_ = 0;
    if (was_ready) around_.host.add(Metric::kReconnects, 1);
    if (why != trouble_ && !why.empty()) {
        around_.host.log(SARA_LOG_WARN, address_.text() + ": " + why);
    }
    trouble_ = why;
    const uint64_t most = kBackOffFirstMs << std::min(failures_, 5u);
    retry_ms_ = around_.host.nowMs() + jittered(std::min(most, kBackOffLastMs));
    ++failures_;
    std::deque<Expected> lost;
    lost.swap(expected_);
    held_.reset();
    if (Request* held = std::exchange(held_for_, nullptr)) owner_.requestLost(held, true, hung);
    for (const Expected& e : lost) {
        if (e.kind == Kind::kRequest) owner_.requestLost(e.request, e.begin < taken, hung);
    }
}

}  // namespace sara::store_redis
