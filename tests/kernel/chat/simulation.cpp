#include "simulation.h"

namespace sara::chat::test {
namespace {

constexpr size_t kUsers = 6;

}  // namespace

Settings Simulation::settingsOf(uint64_t seed) {
    std::mt19937_64 random(seed);
    Settings s;
    s.enable_auth = random() % 2 == 0;
    s.ack_hold_ms = random() % 3 == 0 ? 5 : 40;
    if (random() % 2 == 0) {  // tight: every limit is met
        s.unacked_max = 1 + static_cast<uint32_t>(random() % 8);
        s.delay_packets_max = 1 + static_cast<uint32_t>(random() % 6);
        s.queue_bytes_max = 2000;
        s.store_inflight_max = 8 + static_cast<uint32_t>(random() % 60);
        s.messages_per_second_max = 20;
    }
    return s;
}

Simulation::Simulation(uint64_t seed)
    : random_(seed * 2 + 1),
      store_fails_(seed % 4 >= 2),
      filters_(seed % 5 == 4),
      stage_(loopsOf(seed), settingsOf(seed)) {
    for (size_t i = 0; i < kUsers; ++i) jids_.push_back("user" + std::to_string(i) + "@t.com");
    if (!filters_) return;
    stage_.hooks.want({HookPoint::kPacketIn, HookPoint::kPacketRoute});
    stage_.hooks.script = [this](HookPoint, const Packet*) {
        return HookAnswer{chance(10) ? Verdict::kSuspend : Verdict::kPass, {}, {}, {}};
    };
}

std::string Simulation::describe(const Message& m) {
    const Client* c = open(m.to);
    const Session* s = c != nullptr ? c->at->session() : nullptr;
    return m.id + (m.wants_ack ? " (ack" : " (plain") + " to " + jids_[m.to] + ", " +
           std::to_string(m.deliveries) + " deliveries, acknowledged " +
           std::to_string(m.acknowledged) + ") session " +
           (s == nullptr ? "none" : std::to_string(static_cast<int>(s->state))) +
           (s != nullptr && s->behind ? " behind" : "") +
           (s != nullptr && s->fetch ? " fetching" : "");
}

Simulation::Client* Simulation::open(size_t user) {
    for (size_t i = clients_.size(); i-- > 0;) {
        Client& c = *clients_[i];
        if (c.user == user && !c.left && !c.at->closed()) return &c;
    }
    return nullptr;
}

void Simulation::login(size_t user) {
    if (Client* before = open(user); before != nullptr && chance(70)) {
        before->left = true;
        before->at->drop();
    }
    auto c = std::make_unique<Client>();
    c->user = user;
    c->at = std::make_unique<User>(stage_, jids_[user]);
    c->login_id = "L" + std::to_string(++ids_);
    if (c->at->connect(below(stage_.loops.size())) != Status::kOk) return;
    c->written.push_back({});
    c->at->write(loginText(jids_[user], c->login_id, "p"));
    clients_.push_back(std::move(c));
    ++sums_.sessions;
}

void Simulation::send(Client& c) {
    const size_t to = below(kUsers);
    const std::string id = "m" + std::to_string(++ids_);
    Message& m = messages_[id];
    m.id = id;
    m.from = c.user;
    m.to = to;
    m.wants_ack = chance(75);
    c.written.push_back({&m});
    c.at->write(chatText(jids_[c.user], jids_[to], id, m.wants_ack ? 1 : 0));
    ++sums_.sent;
}

void Simulation::acknowledge(Client& c) {
    for (size_t n = 1 + below(4); n > 0 && !c.to_ack.empty(); --n) {
        const std::string id = c.to_ack.front();
        c.to_ack.pop_front();
        if (chance(5)) continue;  // forgotten
        if (id == c.login_id) {
            for (Message* m : c.of_login_reply) m->acknowledged = true;
        } else {
            messages_.at(id).acknowledged = true;
        }
        c.written.push_back({});
        c.at->write(ackText(jids_[c.user], id));
    }
}

void Simulation::stir() {
    FakeStore& store = stage_.store;
    switch (below(12)) {
        case 0:
            store.hold = !store.hold;
            break;
        case 1:
        case 2:
            store.release(1 + below(10));
            break;
        case 3:
            store.hold = false;
            store.release();
            break;
        case 4:
            if (store_fails_) store.append_status = chance(40) ? Status::kIo : Status::kOk;
            break;
        case 5:
            if (store_fails_) store.fetch_status = chance(20) ? Status::kIo : Status::kOk;
            break;
        case 6:
            stage_.clock.advance(chance(20) ? 1500 : below(60));
            break;
        case 7:
            stage_.auth.hold = chance(30);
            if (!stage_.auth.hold) stage_.auth.release(chance(90) ? Status::kOk : Status::kDenied);
            break;
        default:
            if (stage_.hooks.suspended() > 0) {
                stage_.on(stage_.hooks.suspendedLoop(), [&] { stage_.hooks.proceed({}); });
            }
            stage_.clock.advance(below(20));
    }
}

void Simulation::step() {
    const size_t user = below(kUsers);
    Client* c = open(user);
    if (c == nullptr) {
        if (chance(30)) login(user);
        stir();
    } else {
        switch (below(20)) {
            case 0:
                c->left = true;
                c->at->drop();
                break;
            case 1:
                login(user);
                break;
            case 2:
                c->at->conn().holds = chance(30);
                if (!c->at->conn().holds) stage_.flush(c->at->connId());
                break;
            case 3:
                stage_.flush(c->at->connId(), below(600));
                break;
            case 4:
                if (chance(5)) c->at->conn().refuses = true;  // its socket has failed
                break;
            case 5:
            case 6:
            case 7:
                stir();
                break;
            case 8:
            case 9:
            case 10:
            case 11:
                acknowledge(*c);
                break;
            default:
                for (uint32_t n = 1 + below(3); n > 0; --n) send(*c);
        }
    }
    // Often several things happen before the loops turn.
    if (chance(60)) stage_.settle();
    look();
}

void Simulation::delivered(Client& c, const std::string& id) {
    const auto found = messages_.find(id);
    if (found == messages_.end() || found->second.to != c.user) {
        violation("I2: " + jids_[c.user] + " got " + id);
        return;
    }
    Message& m = found->second;
    if (m.deliveries++ > 0) ++sums_.redelivered;
    ++sums_.delivered;
    if (!c.seen.insert(&m).second) violation("I4: " + id + " twice in one session");
    if (m.order == 0) violation("I2: " + id + " before the room took it");
    if (store_fails_) return;  // an append that failed is tried again behind others
    uint64_t& last = c.last_order[m.from];
    if (m.order < last)
        violation("I3: " + id + (m.wants_ack ? " ack" : " plain") + " behind one of order +" +
                  std::to_string(last - m.order));
    last = std::max(last, m.order);
}

void Simulation::answered(Client& c, const std::string& word, const std::string& frame) {
    if (word.starts_with("ack:")) {
        Message& m = messages_.at(word.substr(4));
        if (m.from != c.user || !m.wants_ack) violation("I2: ack of " + m.id + " to a stranger");
        if (m.acked) violation("I4: " + m.id + " acked twice");
        m.acked = true;
        ++sums_.acked;
        return;
    }
    for (const Frame& f : c.written) {
        if (f.message != nullptr && frame.find("\"" + f.message->id + "\"") != std::string::npos) {
            f.message->refused = true;
            ++sums_.refused;
            return;
        }
    }
    violation("a notice about nothing: " + frame);
}

void Simulation::readFrames(Client& c) {
    for (const std::string& frame : c.at->take()) {
        if (frame.starts_with('<')) continue;
        const std::vector<std::string> words = wordsOf(frame);
        if (words[0].starts_with("login:")) {
            if (words[0] == "login:ok") c.to_ack.push_back(c.login_id);
            for (size_t i = 1; i < words.size(); ++i) {
                delivered(c, words[i]);
                if (const auto m = messages_.find(words[i]); m != messages_.end()) {
                    c.of_login_reply.push_back(&m->second);
                }
            }
        } else if (words[0].starts_with("ack:") || words[0].starts_with("notify:")) {
            answered(c, words[0], frame);
        } else {
            delivered(c, words[0]);
            const auto m = messages_.find(words[0]);
            if (m != messages_.end() && m->second.wants_ack) c.to_ack.push_back(words[0]);
        }
    }
}

// After every step: who has taken what, who got what, and whether acked means safe.
void Simulation::look() {
    for (const auto& c : clients_) {
        for (; c->consumed < c->at->conn().consumed; ++c->consumed) {
            if (Message* m = c->written[c->consumed].message) m->order = ++order_;
        }
    }
    for (const auto& c : clients_) readFrames(*c);
    checkPromise();
}

void Simulation::checkPromise() {
    std::vector<std::set<std::string>> stored;
    for (const std::string& jid : jids_) {
        const std::vector<std::string> ids = stage_.store.idsOf(jid);
        stored.emplace_back(ids.begin(), ids.end());
        if (stored.back().size() != ids.size()) violation("I4: stored twice for " + jid);
    }
    for (const auto& [id, m] : messages_) {
        if (m.acked && !m.acknowledged && !stored[m.to].contains(id)) {
            violation("I1: " + id + " is acked and only in memory");
        }
    }
}

void Simulation::settleDown() {
    stage_.store.append_status = stage_.store.fetch_status = Status::kOk;
    for (int i = 0; i < 12; ++i) {
        stage_.store.hold = false;
        stage_.store.release();
        stage_.auth.hold = false;
        stage_.auth.release(Status::kOk);
        while (stage_.hooks.suspended() > 0) {
            stage_.on(stage_.hooks.suspendedLoop(), [&] { stage_.hooks.proceed({}); });
        }
        stage_.settle();
        stage_.advance(1100);
        look();
    }
}

// At rest every sender who is still there has his answers; then everybody comes back once more and
// takes what waits for him.
void Simulation::finish() {
    for (const auto& c : clients_) {
        if (c->left || c->at->closed()) continue;
        if (c->at->conn().refuses) {
            c->left = true;
            c->at->drop("io_error");
            continue;
        }
        c->at->conn().holds = false;
        stage_.flush(c->at->connId());
    }
    settleDown();
    for (const auto& c : clients_) {
        if (c->left || c->at->closed()) continue;
        for (const Frame& f : c->written) {
            const Message* m = f.message;
            if (m != nullptr && m->order != 0 && m->wants_ack && !m->acked && !m->refused) {
                violation("no answer: " + describe(*m));
            }
        }
    }
    for (size_t user = 0; user < kUsers; ++user) {
        if (Client* c = open(user)) {
            c->left = true;
            c->at->drop();
        }
        settleDown();
        login(user);
        settleDown();
        for (int i = 0; i < 2000 && !stage_.store.of(jids_[user]).empty(); ++i) {
            Client* c = open(user);
            if (c == nullptr) {  // silent for too long
                login(user);
                settleDown();
                continue;
            }
            stage_.flush(c->at->connId());
            while (!c->to_ack.empty()) acknowledge(*c);
            stage_.advance(1100);
            look();
            if (chance(5)) {  // what it forgot to acknowledge comes at the next login
                login(user);
                settleDown();
            }
        }
        for (const std::string& id : stage_.store.idsOf(jids_[user])) {
            violation("still stored: " + describe(messages_.at(id)));
        }
    }
    for (const auto& [id, m] : messages_) {
        if (m.acked && m.deliveries == 0) violation("I1: " + id + " acked, never delivered");
        if (!store_fails_ && !filters_ && m.order != 0 && m.deliveries == 0 && !m.refused &&
            stage_.settings.store_inflight_max > 1000) {
            violation("lost: " + id);
        }
    }
    if (stage_.wire.calls_after_close > 0) violation("a closed connection was touched");
    size_t held = 0;
    for (uint32_t i = 0; i < stage_.loops.size(); ++i) held += stage_.room(i).backlog().inflight();
    if (held != 0) violation("appends are not counted back");
}

std::vector<std::string> Simulation::run(uint32_t steps) {
    for (uint32_t i = 0; i < steps && violations_.empty(); ++i) step();
    if (violations_.empty()) finish();
    return violations_;
}

}  // namespace sara::chat::test
