#include "store-redis/survey.h"

#include <poll.h>

#include <chrono>

#include "store-redis/name_lookup.h"
#include "store-redis/wire.h"

namespace sara::store_redis {
namespace {

using Clock = std::chrono::steady_clock;

// A connection that waits, for the control thread only.
class Caller {
  public:
    Caller(const Settings& settings, SSL_CTX* tls, Clock::time_point deadline)
        : settings_(settings), tls_(tls), deadline_(deadline) {}

    bool connect(const Address& address) {
        const NameAnswer found = NameLookup::ask(address);
        if (!found.error.empty()) return refuse(found.error);
        if (!wire_.open(found.address, tls_, address.host, settings_.tls_verify)) {
            return refuse(wire_.error());
        }
        if (!wait(POLLOUT)) return refuse("no connection in time");
        for (;;) {
            const Wire::Step step = wire_.establish();
            if (step == Wire::Step::kDone) return true;
            if (step == Wire::Step::kFailed) return refuse(wire_.error());
            if (!wait(step == Wire::Step::kWantRead ? POLLIN : POLLOUT)) {
                return refuse("no connection in time");
            }
        }
    }

    bool send(const std::string& bytes) {
        for (size_t at = 0; at < bytes.size();) {
            size_t n = 0;
            const Wire::Step step = wire_.write(bytes.data() + at, bytes.size() - at, &n);
            if (step == Wire::Step::kFailed) return refuse(wire_.error());
            if (step == Wire::Step::kDone) {
                at += n;
            } else if (!wait(POLLOUT)) {
                return refuse("no answer in time");
            }
        }
        return true;
    }

    // nullptr: error() says why.
    Reply receive() {
        char block[4096];
        for (;;) {
            bool ok = true;
            Reply reply = reader_.next(&ok);
            if (!ok) refuse(reader_.error());
            if (!ok || reply != nullptr) return reply;
            size_t n = 0;
            const Wire::Step step = wire_.read(block, sizeof block, &n);
            if (step == Wire::Step::kFailed) refuse(wire_.error());
            if (step == Wire::Step::kFailed) return nullptr;
            if (step == Wire::Step::kDone && !reader_.feed(block, n)) {
                refuse(reader_.error());
                return nullptr;
            }
            if (step != Wire::Step::kDone && !wait(POLLIN)) {
                refuse("no answer in time");
                return nullptr;
            }
        }
    }

    const std::string& error() const { return error_; }

  private:
    bool wait(short events) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - Clock::now());
        if (left.count() <= 0) return false;
        pollfd fd{wire_.fd(), events, 0};
        return ::poll(&fd, 1, static_cast<int>(left.count())) > 0;
    }
    bool refuse(const std::string& why) {
        error_ = why;
        return false;
    }

    const Settings& settings_;
    SSL_CTX* const tls_;
    const Clock::time_point deadline_;
    Wire wire_;
    ReplyReader reader_;
    std::string error_;
};

std::string questions(const Settings& settings) {
    std::string bytes;
    CommandWriter writer(&bytes);
    if (!settings.password.empty()) {
        writer.begin(settings.user.empty() ? 2 : 3).arg("AUTH");
        if (!settings.user.empty()) writer.arg(settings.user);
        writer.arg(settings.password);
    }
    for (const char* key : {"appendonly", "appendfsync", "maxmemory", "maxmemory-policy"}) {
        writer.begin(3).arg("CONFIG").arg("GET").arg(key);
    }
    writer.begin(2).arg("INFO").arg("server");
    writer.begin(2).arg("INFO").arg("replication");
    return bytes;
}

// The value of "name:value\r\n" in an INFO answer.
std::string fieldOf(std::string_view info, std::string_view name) {
    size_t at = 0;
    while (at < info.size()) {
        const size_t end = std::min(info.find("\r\n", at), info.size());
        const std::string_view line = info.substr(at, end - at);
        if (line.starts_with(name) && line.substr(name.size()).starts_with(':')) {
            return std::string(line.substr(name.size() + 1));
        }
        at = end + 2;
    }
    return {};
}

bool ask(Caller* caller, const Settings& settings, ServerFacts* facts) {
    if (!caller->send(questions(settings))) return false;
    if (!settings.password.empty() && caller->receive() == nullptr) return false;
    for (std::string* value :
         {&facts->appendonly, &facts->appendfsync, &facts->maxmemory, &facts->maxmemory_policy}) {
        const Reply reply = caller->receive();
        if (reply == nullptr) return false;
        if (reply->type == REDIS_REPLY_ARRAY && reply->elements == 2) {
            *value = textOf(*reply->element[1]);
        }
    }
    const Reply server = caller->receive();
    const Reply replication = server == nullptr ? nullptr : caller->receive();
    if (replication == nullptr) return false;
    facts->version = fieldOf(textOf(*server), "redis_version");
    facts->mode = fieldOf(textOf(*server), "redis_mode");
    facts->role = fieldOf(textOf(*replication), "role");
    facts->replicas = fieldOf(textOf(*replication), "connected_slaves");
    return true;
}

}  // namespace

Survey judge(const ServerFacts& facts, const Settings& settings) {
    Survey s;
    s.reached = true;
    const bool synced = facts.appendonly == "yes" && facts.appendfsync == "always";
    const bool evicts = !facts.maxmemory.empty() && facts.maxmemory != "0" &&
                        facts.maxmemory_policy != "noeviction";
    s.durable = synced && !evicts;
    if (facts.appendonly.empty()) {
        s.warnings.emplace_back(
            "Redis does not tell its configuration (CONFIG GET); stored messages count as not "
            "durable");
    } else if (facts.appendonly != "yes") {
        s.warnings.emplace_back(
            "Redis runs without an append-only file: acknowledged messages are lost when it "
            "crashes; say appendonly yes and appendfsync always in its configuration");
    } else if (!synced) {
        s.warnings.push_back(
            "Redis has appendfsync " + facts.appendfsync +
            ": a power cut may lose messages acknowledged " +
            (facts.appendfsync == "everysec" ? "in the last second" : "in the last half minute") +
            "; appendfsync always loses none");
    }
    if (evicts) {
        s.warnings.push_back("Redis has maxmemory-policy " + facts.maxmemory_policy +
                             ": when its memory is full it deletes waiting messages; say "
                             "noeviction");
    }
    if (facts.role == "slave")
        s.warnings.emplace_back("this Redis is a replica and takes no writes");
    if (settings.wait_replicas > 0 && facts.replicas == "0") {
        s.warnings.emplace_back(
            "key \"wait_replicas\" asks for replicas and Redis has none: no message will be "
            "acknowledged");
    }
    const auto or_unknown = [](const std::string& text) { return text.empty() ? "unknown" : text; };
    s.summary =
        "Redis " + or_unknown(facts.version) + " (" + or_unknown(facts.mode) + "), appendonly " +
        or_unknown(facts.appendonly) + ", appendfsync " + or_unknown(facts.appendfsync) +
        ", maxmemory-policy " + or_unknown(facts.maxmemory_policy) + ", " +
        or_unknown(facts.replicas) + " replicas" +
        (settings.wait_replicas > 0 ? ", waiting for " + std::to_string(settings.wait_replicas)
                                    : std::string());
    return s;
}

Survey survey(const Settings& settings, SSL_CTX* tls, uint64_t limit_ms) {
    const auto deadline = Clock::now() + std::chrono::milliseconds(limit_ms);
    Survey nothing;
    for (const Address& address : settings.addresses) {
        Caller caller(settings, tls, deadline);
        ServerFacts facts;
        if (caller.connect(address) && ask(&caller, settings, &facts)) {
            return judge(facts, settings);
        }
        nothing.warnings.push_back(address.text() + ": " + caller.error());
        if (Clock::now() >= deadline) break;
    }
    nothing.warnings.emplace_back(
        "no Redis answers now: nothing can be stored until one does, and messages count as not "
        "durable");
    return nothing;
}

}  // namespace sara::store_redis
