#include "chat_stage.h"

#include <simdjson.h>

#include <cassert>

namespace sara::chat::test {

Stage::Stage(uint32_t count, Settings s, bool with_auth, loop::EventLoop::Limits limits)
    : settings(std::move(s)),
      admission(settings),
      loops(count, clock, limits),
      world{settings, loops, admission, hooks, store, with_auth ? &auth : nullptr,
            ids,      log,   &callback} {
    for (uint32_t i = 0; i < count; ++i) {
        rooms_.push_back(std::make_unique<Room>(world, i));
        world.rooms.push_back(rooms_.back().get());
    }
    ids.restart();  // rooms have taken their seeds
}

Stage::~Stage() {
    // Completions still owed are given, so that nothing leaks.
    hooks.want({});
    store.hold = false;
    store.append_status = store.fetch_status = Status::kOk;
    for (uint32_t i = 0; i < loops.size(); ++i) {
        on(i, [&] { rooms_[i]->drain(); });
    }
    for (int round = 0; round < 3; ++round) {
        store.release();
        auth.release(Status::kDenied);
        callback.release();
        while (hooks.suspended() > 0) hooks.proceed({Verdict::kReject, {}, {}, {}});
        settle();
    }
}

bool Stage::deliverOne(uint64_t conn) {
    FakeConn& c = wire.at(conn);
    if (!c.known || c.closed || c.paused || c.inbox.empty()) return false;
    // 64 readable bytes behind the body, as transports promise.
    std::string body = std::move(c.inbox.front());
    c.inbox.pop_front();
    ++c.consumed;
    const size_t size = body.size();
    body.append(64, '}');
    Move move;
    Status st = Status::kOk;
    on(c.loop, [&] {
        Room& r = room(c.loop);
        if (size == 1 && body[0] == '\x02') {
            st = r.heartbeat(c.session);
        } else {
            st = r.frame(c.session, {body.data(), size}, move);
        }
    });
    if (st == Status::kMoved) {
        c.loop = move.loop;
        on(c.loop, [&] { st = room(c.loop).arrive(move.ticket, conn, c.session); });
        if (st != Status::kOk) {
            c.closed = true;
            c.close_reason = "not_arrived";
        }
    } else if (st == Status::kClosed) {
        c.inbox.clear();
    }
    return true;
}

void Stage::flush(uint64_t conn, uint64_t bytes) {
    FakeConn& c = wire.at(conn);
    const bool waited = !c.unwritten.empty();
    wire.flush(conn, bytes);
    if (waited && c.unwritten.empty() && c.known && !c.closed) {
        on(c.loop, [&] { room(c.loop).drained(c.session); });
    }
}

bool Stage::readInput() {
    bool any = false;
    for (auto& [id, c] : wire.all()) {
        while (deliverOne(id)) any = true;
    }
    return any;
}

void Stage::settle() {
    for (int quiet = 0; quiet < 3;) {
        const uint64_t before = wire.activity() + store.activity();
        const bool read = readInput();
        for (uint32_t i = 0; i < loops.size(); ++i) loops.at(i).turn(0);
        quiet = read || wire.activity() + store.activity() != before ? 0 : quiet + 1;
    }
}

void Stage::advance(uint64_t ms) {
    clock.advance(ms);
    settle();
}

std::string Stage::userOn(uint32_t loop, uint32_t n) const {
    for (uint32_t i = 0;; ++i) {
        std::string jid = "user" + std::to_string(i) + "@t.com";
        if (homeOf(jid) == loop && n-- == 0) return jid;
    }
}

Status User::connect(uint32_t loop, const std::string& ip) {
    conn_ = stage_.wire.connect();
    FakeConn& c = conn();
    c.loop = loop;
    Status st = Status::kOk;
    stage_.on(loop, [&] {
        st = stage_.room(loop).open({&stage_.wire, conn_, "tcp", ip, 4711}, c.session);
    });
    c.known = st == Status::kOk;
    c.closed = !c.known;
    return st;
}

User& User::login(const std::string& id, const std::string& pwd) {
    if (conn_ == 0 || closed() || conn().known == false) (void)connect();
    return send(loginText(jid_, id, pwd));
}

User& User::chat(const std::string& to, const std::string& id, int ack) {
    return send(chatText(jid_, to, id, ack));
}

User& User::ack(const std::string& id) { return send(ackText(jid_, id)); }

void User::heartbeat() { send("\x02"); }

void User::drop(const std::string& reason) {
    FakeConn& c = conn();
    if (c.closed || !c.known) return;
    c.known = false;
    c.closed = true;  // first: from here on the room must not touch it
    c.inbox.clear();
    stage_.on(c.loop, [&] { stage_.room(c.loop).closed(c.session, reason, c.written); });
    stage_.settle();
}

std::vector<std::string> User::take() {
    std::deque<std::string>& frames = conn().frames;
    std::vector<std::string> out(frames.begin(), frames.end());
    frames.clear();
    return out;
}

std::string User::next() {
    std::deque<std::string>& frames = conn().frames;
    if (frames.empty()) return "";
    std::string frame = std::move(frames.front());
    frames.pop_front();
    return frame;
}

std::vector<std::string> User::got() {
    std::vector<std::string> out;
    for (const std::string& frame : take()) {
        for (std::string& word : wordsOf(frame)) out.push_back(std::move(word));
    }
    return out;
}

std::string chatText(const std::string& from, const std::string& to, const std::string& id, int ack,
                     const std::string& content) {
    return R"({"envelope":{"id":")" + id + R"(","type":1,"from":")" + from + R"(","to":")" + to +
           (ack != 0 ? R"(","ack":1})" : R"("})") + R"(,"payload":{"content":")" + content +
           R"("}})";
}

std::string loginText(const std::string& jid, const std::string& id, const std::string& pwd) {
    return R"({"envelope":{"id":")" + id + R"(","type":0,"jid":")" + jid + R"(","pwd":")" + pwd +
           R"("},"vsn":"0.0.1"})";
}

std::string ackText(const std::string& from, const std::string& id) {
    return R"({"envelope":{"id":")" + id + R"(","type":3,"from":")" + from +
           R"(","to":"server_ack"}})";
}

std::string serverAckText(const std::string& id, uint64_t ct_ms) {
    return R"({"envelope":{"id":")" + id + R"(","from":"server_ack","type":3,"ct":")" +
           std::to_string(ct_ms) + R"("},"vsn":"0.0.1"})";
}

std::string notifyText(const std::string& id, const std::string& reason) {
    return R"({"envelope":{"id":")" + id +
           R"(","type":4},"entity":{"result":"sys_notify","reason":")" + reason + R"("}})";
}

std::string loginFailureText(const std::string& id, const std::string& reason) {
    return R"({"envelope":{"id":")" + id + R"(","type":0},"entity":{"result":"error","reason":")" +
           reason + R"("}})";
}

std::vector<std::string> wordsOf(const std::string& frame) {
    if (frame.starts_with('<')) return {frame};
    simdjson::dom::parser parser;
    simdjson::dom::element doc;
    if (parser.parse(frame).get(doc) != simdjson::SUCCESS) return {"BROKEN " + frame};
    const auto text = [](simdjson::dom::element from, const char* pointer) {
        std::string_view out;
        return from.at_pointer(pointer).get(out) == simdjson::SUCCESS ? std::string(out)
                                                                      : std::string();
    };
    uint64_t type = 0;
    if (doc.at_pointer("/envelope/type").get(type) != simdjson::SUCCESS) type = 0;
    if (type == 3 && text(doc, "/envelope/from") == "server_ack") {
        return {"ack:" + text(doc, "/envelope/id")};
    }
    if (type == 4) return {"notify:" + text(doc, "/entity/reason")};
    if (type != 0) return {text(doc, "/envelope/id")};
    const std::string reason = text(doc, "/entity/reason");
    std::vector<std::string> words{"login:" +
                                   (reason.empty() ? text(doc, "/entity/result") : reason)};
    simdjson::dom::array packets;
    if (doc.at_pointer("/delay/packets").get(packets) == simdjson::SUCCESS) {
        for (const simdjson::dom::element p : packets) words.push_back(text(p, "/envelope/id"));
    }
    return words;
}

int64_t counter(std::string_view name) { return loop::Counters::instance().read(name); }

}  // namespace sara::chat::test
