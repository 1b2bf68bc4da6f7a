#include "chat/login.h"

#include <cassert>

#include "chat/room.h"
#include "sara/jid.hpp"

namespace sara::chat {
namespace {

// A connection between two loops: all that its session knew.
struct Moving {
    NewConn conn;
    std::string peer_ip;
    std::string jid;
    std::string login_id;
    std::string password;
};

constexpr std::string_view kStoreError = "store_error";

bool needsEscapes(std::string_view text) {
    return text.find_first_of("\"\\<>&") != std::string_view::npos;
}

}  // namespace

struct Login::AuthCall {
    Room* room;
    SessionId session;
};

Login::Login(Room& room) : room_(room), reader_(room.settings().json_depth_max) {}

Status Login::refuse(Session& s, std::string_view id, std::string_view reason) {
    fail(s, id, reason);
    return Status::kOk;
}

Status Login::first(Session& s, std::string_view text, Move& move) {
    char uuid[36];
    Envelope e;
    if (!reader_.read(text, e)) {
        room_.world().ids.uuid(uuid);
        return refuse(s, {uuid, sizeof uuid}, "fail_packet");
    }
    if (e.type != 0) return refuse(s, e.id, "fail_type");
    if (e.jid.find('@') == std::string_view::npos) return refuse(s, e.id, "fail_packet");
    const auto jid = Jid::parse(e.jid);
    if (!jid || (!e.id.empty() && !room_.router().validId(e.id))) {
        return refuse(s, e.id, "fail_param");
    }
    s.jid = e.jid;
    s.bare_len = static_cast<uint16_t>(jid->bare().size());
    s.login_id = e.id;
    s.password = e.pwd;

    const uint32_t home = room_.world().loops.homeOf(s.bare());
    if (home == room_.loop().index()) {
        begin(s);
        return Status::kOk;
    }
    auto* moving = new Moving{{s.wire, 0, s.transport, {}, s.peer_port},
                              std::move(s.peer_ip),
                              std::move(s.jid),
                              std::move(s.login_id),
                              std::move(s.password)};
    move.loop = home;
    move.ticket = reinterpret_cast<uint64_t>(moving);
    room_.count().moves.add();
    // The connection stays counted; only this session's slot is given back.
    room_.loop().cancelTimer(std::exchange(s.timer, 0));
    room_.loop().cancelTimer(std::exchange(s.rate_timer, 0));
    room_.sessions().release(s);
    return Status::kMoved;
}

Status Room::arrive(uint64_t ticket, uint64_t conn, SessionId& session) {
    const std::unique_ptr<Moving> moving(reinterpret_cast<Moving*>(ticket));
    if (draining_) {
        world_.admission.leave(moving->peer_ip, false);
        count_.connections.add(-1);
        return Status::kClosed;
    }
    NewConn facts = moving->conn;
    facts.conn = conn;
    facts.peer_ip = moving->peer_ip;
    Session& s = newSession(facts);
    s.jid = std::move(moving->jid);
    s.bare_len = static_cast<uint16_t>(Jid::parse(s.jid)->bare().size());
    s.login_id = std::move(moving->login_id);
    s.password = std::move(moving->password);
    session = s.id;
    login_.begin(s);
    return Status::kOk;
}

void Room::abandon(RoomWorld& world, uint64_t ticket) {
    const std::unique_ptr<Moving> moving(reinterpret_cast<Moving*>(ticket));
    world.admission.leave(moving->peer_ip, false);
    ChatCounters::get().connections.add(-1);
}

void Login::begin(Session& s) {
    s.state = SessionState::kAuthenticating;
    s.login_turn = ++last_turn_;
    room_.pause(s, kPauseLogin);
    // Without a timer the auth service's own limit bounds the wait: it answers exactly once.
    (void)room_.setTimer(s, room_.settings().auth_timeout_ms, authDeadline);
    HookPort& hooks = room_.world().hooks;
    if (!hooks.wants(HookPoint::kSessionLogin)) {
        ask(s);
        return;
    }
    const Jid jid = *Jid::parse(s.jid);
    const HookAnswer answer =
        hooks.login(HookPoint::kSessionLogin, room_, s.id,
                    {s.jid, jid.user, jid.domain, jid.resource, s.password}, onHook, 0);
    if (answer.verdict != Verdict::kSuspend) verdict(s, answer);
}

void Login::onHook(Room& room, SessionId session, uint64_t, const HookAnswer& answer) noexcept {
    Session* s = room.sessions().find(session);
    if (s != nullptr && s->state == SessionState::kAuthenticating) room.login().verdict(*s, answer);
}

// The first filter that does not pass decides; otherwise the auth service does.
void Login::verdict(Session& s, const HookAnswer& answer) {
    if (answer.verdict == Verdict::kReject) {
        fail(s, s.login_id, answer.reason.empty() ? "fail_token" : answer.reason);
    } else if (answer.verdict == Verdict::kPass) {
        ask(s);
    } else {
        admit(s);
    }
}

void Login::ask(Session& s) {
    if (!room_.settings().enable_auth) {
        admit(s);
        return;
    }
    AuthPort* auth = room_.world().auth;
    if (auth == nullptr) {  // asked to check, nobody there to do it: closed
        fail(s, s.login_id, "fail_token");
        return;
    }
    const Jid jid = *Jid::parse(s.jid);
    auth->check({jid.user, jid.domain, s.jid, s.password, s.peer_ip, s.transport}, onAuth,
                new AuthCall{&room_, s.id});
}

void Login::onAuth(void* call, Status st) noexcept {
    const std::unique_ptr<AuthCall> asked(static_cast<AuthCall*>(call));
    Login& login = asked->room->login();
    Session* s = asked->room->sessions().find(asked->session);
    // The client may have left or been refused meanwhile: a late answer touches nobody.
    if (s == nullptr || s->state != SessionState::kAuthenticating) return;
    if (st == Status::kOk) {
        login.admit(*s);
    } else {
        login.fail(*s, s->login_id, "fail_token");
    }
}

void Login::authDeadline(void* session) noexcept {
    auto& s = *static_cast<Session*>(session);
    s.timer = 0;
    s.room->login().fail(s, s.login_id, "fail_token");
}

void Login::admit(Session& s) {
    s.password.clear();
    s.password.shrink_to_fit();
    if (needsEscapes(s.jid)) appendEscaped(s.jid, s.jid_json);
    if (Session* earlier = room_.users().find(s.bare())) {
        room_.count().kicks.add();
        if (earlier->login_turn > s.login_turn) {
            // While this login was being checked he came back over another connection and is in.
            s.wire->control(s.conn, Control::kKill);
            room_.end(s, "replaced", room_.settings().close_flush_ms);
            return;
        }
        earlier->wire->control(earlier->conn, Control::kKill);
        // Stores what it had not acknowledged, before the new session reads the backlog.
        room_.end(*earlier, "replaced", room_.settings().close_flush_ms);
    }
    room_.loop().cancelTimer(std::exchange(s.timer, 0));
    room_.world().admission.authenticated();
    room_.world().admission.delays().succeeded(s.bare());
    room_.count().sessions.add(1);
    s.state = SessionState::kFetching;
    room_.users().insert(s);
    room_.backlog().fetchForLogin(s);
}

void Login::finish(Session& s, Status st, std::span<const std::string_view> pieces,
                   uint64_t total) {
    if (st != Status::kOk) {
        // He would miss what waits for him and not know it.
        room_.count().store_errors.add();
        room_.users().erase(s);
        room_.world().admission.unauthenticated();
        room_.count().sessions.add(-1);
        fail(s, s.login_id, kStoreError);
        return;
    }
    s.state = SessionState::kOnline;
    room_.count().logins.add();
    room_.count().delay_packets.add(static_cast<int64_t>(total));
    uint64_t bytes = 0;
    for (const std::string_view piece : pieces) bytes += piece.size();
    s.queue_allowance = bytes;
    const SessionId id = s.id;
    room_.transmit(s, pieces);
    if (room_.sessions().find(id) == nullptr) return;
    room_.watchIdle(s);
    HookPort& hooks = room_.world().hooks;
    if (hooks.wants(HookPoint::kSessionOnline)) {
        const Jid jid = *Jid::parse(s.jid);
        hooks.login(HookPoint::kSessionOnline, room_, s.id,
                    {s.jid, jid.user, jid.domain, jid.resource, {}}, nullptr, 0);
    }
    room_.resume(s, kPauseLogin);
    if (room_.sessions().find(id) != nullptr) room_.backlog().pump(s);
}

void Login::again(Session& s, const Envelope& e) {
    const auto jid = Jid::parse(e.jid);
    if (!jid || jid->bare() != s.bare()) {
        room_.count().packets_refused.add();
        room_.notify(s, echoOf(e.id), "fail_type");
        return;
    }
    if (!e.id.empty() && !room_.router().validId(e.id)) {
        room_.count().packets_refused.add();
        room_.notify(s, echoOf(e.id), "error_id");
        return;
    }
    std::string reply(room_.replies().loginReplyHead(e.id, 0));
    reply.append(Replies::loginReplyTail(0));
    room_.transmit(s, reply);
}

// Answers, then waits with the close: a client that reconnects without pause is slowed down.
void Login::fail(Session& s, std::string_view id, std::string_view reason) {
    room_.count().login_failures.add();
    s.password.clear();
    s.state = SessionState::kFailing;
    room_.pause(s, kPauseFailing);
    const SessionId before = s.id;
    room_.transmit(s, room_.replies().loginFailure(echoOf(id), reason));
    if (room_.sessions().find(before) == nullptr) return;
    uint64_t delay_ms = room_.settings().login_failure_delay_ms;
    if (reason != kStoreError) {  // our own fault is nobody's failure
        delay_ms *=
            room_.world().admission.delays().failed(s.peer_ip, s.bare(), room_.loop().nowMs());
    }
    if (!room_.setTimer(s, delay_ms, closeFailed)) {
        room_.end(s, "login_failed", room_.settings().close_flush_ms);
    }
}

void Login::closeFailed(void* session) noexcept {
    auto& s = *static_cast<Session*>(session);
    s.timer = 0;
    s.room->end(s, "login_failed", s.room->settings().close_flush_ms);
}

void Login::deadline(void* session) noexcept {
    auto& s = *static_cast<Session*>(session);
    Room& room = *s.room;
    s.timer = 0;
    room.count().login_timeouts.add();
    char id[36];
    room.world().ids.uuid(id);
    const SessionId before = s.id;
    room.transmit(s, room.replies().loginFailure({id, sizeof id}, "timeout"));
    if (room.sessions().find(before) != nullptr) {
        room.end(s, "login_timeout", room.settings().close_flush_ms);
    }
}

}  // namespace sara::chat
