#include "chat/room.h"

#include <cassert>
#include <string>

namespace sara::chat {
namespace {

constexpr uint64_t kRateWindowMs = 1000;
constexpr std::string_view kReplaced = "replaced";  // his next session is here already
constexpr uint32_t kEchoesMax = 4096;               // heartbeats answered while not a byte leaves

}  // namespace

Room::Room(RoomWorld& world, uint32_t loop)
    : world_(world),
      loop_(world.loops.at(loop)),
      count_(ChatCounters::get()),
      sessions_(loop),
      users_(randomSeed(world.ids)),
      backlog_(*this),
      delivery_(*this),
      router_(*this),
      login_(*this),
      portions_(*this),
      groups_(*this) {}

Room::~Room() = default;

Session& Room::newSession(const NewConn& conn) {
    Session& s = sessions_.claim();
    s.room = this;
    s.wire = conn.wire;
    s.conn = conn.conn;
    s.transport = conn.transport;
    s.peer_ip = conn.peer_ip;
    s.peer_port = conn.peer_port;
    s.last_active_ms = loop_.nowMs();
    return s;
}

Status Room::open(const NewConn& conn, SessionId& session) {
    if (draining_) return Status::kClosed;
    switch (world_.admission.enter(conn.peer_ip)) {
        case Admission::Answer::kWelcome:
            break;
        case Admission::Answer::kTooMany:
            count_.refused_connections_max.add();
            return Status::kFull;
        case Admission::Answer::kTooManyFromAddress:
            count_.refused_address_max.add();
            return Status::kFull;
        case Admission::Answer::kTooManyUnauthenticated:
            count_.refused_unauthenticated_max.add();
            return Status::kFull;
    }
    count_.connections.add(1);
    Session& s = newSession(conn);
    session = s.id;
    if (!setTimer(s, settings().login_timeout_ms, Login::deadline)) {
        forget(s, "timers_max", false);  // without a deadline it could stay for ever
        return Status::kFull;
    }
    if (!world_.hooks.wants(HookPoint::kConnOpen)) return Status::kOk;

    const std::string peer = s.peer_ip + ":" + std::to_string(s.peer_port);
    s.state = SessionState::kConnecting;
    const HookAnswer answer = world_.hooks.conn(HookPoint::kConnOpen, *this, s.id,
                                                {s.transport, peer, {}}, onOpenHook, 0);
    if (answer.verdict == Verdict::kSuspend) {
        pause(s, kPauseFilter);
        return Status::kOk;
    }
    if (answer.verdict == Verdict::kReject) {
        forget(s, "rejected", false);
        return Status::kDenied;
    }
    s.state = SessionState::kNew;
    return Status::kOk;
}

void Room::onOpenHook(Room& room, SessionId session, uint64_t, const HookAnswer& answer) noexcept {
    Session* s = room.sessions_.find(session);
    if (s == nullptr) return;
    if (answer.verdict == Verdict::kReject) {
        room.end(*s, "rejected", 0);
        return;
    }
    s->state = SessionState::kNew;
    room.resume(*s, kPauseFilter);
}

Status Room::frame(SessionId session, std::string_view body, Move& move) {
    Session* s = sessions_.find(session);
    if (s == nullptr) return Status::kClosed;
    s->last_active_ms = loop_.nowMs();
    if (body.size() > frameBytesMax(session)) {
        violation(session, "packet_too_large");
        return afterFrame(session);
    }
    switch (s->state) {
        case SessionState::kNew:
            if (login_.first(*s, body, move) == Status::kMoved) return Status::kMoved;
            return afterFrame(session);
        case SessionState::kOnline:
            count_.packets_in.add();
            countRate(*s, body.size());
            router_.packet(*s, body);
            return afterFrame(session);
        default:
            return Status::kOk;  // paused; a transport that delivers nevertheless loses the frame
    }
}

// The session may have been ended by what its own frame caused.
Status Room::afterFrame(SessionId session) {
    return sessions_.find(session) != nullptr ? Status::kOk : Status::kClosed;
}

Status Room::heartbeat(SessionId session) {
    Session* s = sessions_.find(session);
    if (s == nullptr) return Status::kClosed;
    s->last_active_ms = loop_.nowMs();
    if (s->state == SessionState::kOnline) {
        countRate(*s, 1);
        echo(*s);
    } else if (s->state == SessionState::kNew) {
        char id[36];
        world_.ids.uuid(id);
        login_.fail(*s, {id, sizeof id}, "fail_packet");
    }
    return afterFrame(session);
}

// Echoes are no packets, so no offset tells whether they leave: a client that beats on without
// reading anything is cut like every other whose queue is full.
void Room::echo(Session& s) {
    if (++s.echoes > kEchoesMax) {
        if (writtenOf(s) == s.echo_mark) {
            count_.queue_cut.add();
            end(s, "queue_full", 0);
            return;
        }
        s.echo_mark = s.written_seen;
        s.echoes = 1;
    }
    s.wire->control(s.conn, Control::kHeartbeat);
}

void Room::activity(SessionId session) {
    if (Session* s = sessions_.find(session)) s->last_active_ms = loop_.nowMs();
}

void Room::violation(SessionId session, std::string_view reason) {
    Session* s = sessions_.find(session);
    if (s == nullptr) return;
    (reason == "packet_too_large" ? count_.too_large : count_.packets_malformed).add();
    char id[36];
    world_.ids.uuid(id);
    const SessionId before = s->id;
    notify(*s, {id, sizeof id}, reason);
    if (sessions_.find(before) != nullptr) end(*s, reason, settings().close_flush_ms);
}

uint64_t Room::frameBytesMax(SessionId session) {
    const Session* s = sessions_.find(session);
    return s != nullptr && s->state == SessionState::kOnline ? settings().frame_bytes_max
                                                             : settings().login_frame_bytes_max;
}

void Room::countRate(Session& s, size_t bytes) {
    const uint64_t now = loop_.nowMs();
    if (now - s.window_ms >= kRateWindowMs) {
        s.window_ms = now;
        s.window_messages = 0;
        s.window_bytes = 0;
    }
    ++s.window_messages;
    s.window_bytes += bytes;
    if (s.window_messages < settings().messages_per_second_max &&
        s.window_bytes < settings().bytes_per_second_max) {
        return;
    }
    if (s.rate_timer != 0) return;
    count_.rate_paused.add();
    pause(s, kPauseRate);
    s.rate_timer = loop_.startTimer(s.window_ms + kRateWindowMs - now, 0, onRateWindow, &s);
    if (s.rate_timer == 0) resume(s, kPauseRate);  // timers_max: better unlimited than deaf
}

void Room::onRateWindow(void* session) noexcept {
    auto& s = *static_cast<Session*>(session);
    s.rate_timer = 0;
    s.room->resume(s, kPauseRate);
}

void Room::pause(Session& s, PauseReason why) {
    if (s.state == SessionState::kEnding) return;
    if (s.pauses == 0) s.wire->pauseRead(s.conn, true);
    s.pauses = static_cast<uint8_t>(s.pauses | why);
}

void Room::resume(Session& s, PauseReason why) {
    if ((s.pauses & why) == 0 || s.state == SessionState::kEnding) return;
    s.pauses = static_cast<uint8_t>(s.pauses & ~why);
    if (s.pauses == 0) s.wire->pauseRead(s.conn, false);
}

Sent Room::transmit(Session& s, std::span<const std::string_view> pieces) {
    uint64_t end_offset = 0;
    if (s.state == SessionState::kEnding) return Sent::kRefused;
    if (s.wire->send(s.conn, pieces, end_offset) != Status::kOk) return Sent::kRefused;
    s.queued_end = end_offset;
    const uint64_t allowed = settings().queue_bytes_max + s.queue_allowance;
    if (s.queued_end - s.written_seen <= allowed) return Sent::kQueued;
    if (s.queued_end - writtenOf(s) <= allowed) return Sent::kQueued;
    count_.queue_cut.add();
    end(s, "queue_full", 0);
    return Sent::kGone;
}

Sent Room::transmit(Session& s, std::string_view packet) { return transmit(s, {&packet, 1}); }

uint64_t Room::writtenOf(Session& s) {
    s.written_seen = s.wire->written(s.conn);
    if (s.written_seen >= s.queued_end) s.queue_allowance = 0;  // above it: control frames
    return s.written_seen;
}

void Room::notify(Session& s, std::string_view id, std::string_view reason) {
    count_.notifies.add();
    transmit(s, replies_.notify(id, reason));
}

void Room::drained(SessionId session) {
    Session* s = sessions_.find(session);
    if (s == nullptr) return;
    writtenOf(*s);
    delivery_.prune(*s);
    backlog_.pump(*s);
}

void Room::closed(SessionId session, std::string_view reason, uint64_t written) {
    Session* s = sessions_.find(session);
    if (s == nullptr || s->state == SessionState::kEnding) return;
    const bool logged_in = beginEnd(*s);
    delivery_.keep(*s, written, true);
    forget(*s, reason, logged_in);
}

// Out of the table: what arrives from now on goes to the backlog, behind what is kept. And keeping
// may answer senders, this session among them: nothing of that may reach its connection or end it
// a second time.
bool Room::beginEnd(Session& s) {
    users_.erase(s);
    const bool logged_in = s.state == SessionState::kOnline || s.state == SessionState::kFetching;
    s.state = SessionState::kEnding;
    return logged_in;
}

void Room::end(Session& s, std::string_view reason, uint32_t flush_ms) {
    if (s.state == SessionState::kEnding) return;
    const bool logged_in = beginEnd(s);
    // What is still queued gets its chance with flush_ms, but only what has left counts as written.
    delivery_.keep(s, s.wire->written(s.conn), reason != kReplaced);
    s.wire->close(s.conn, reason, flush_ms);
    forget(s, reason, logged_in);
}

void Room::forget(Session& s, std::string_view reason, bool logged_in) {
    if (world_.hooks.wants(HookPoint::kConnClose)) connTap(HookPoint::kConnClose, s, reason);
    loop_.cancelTimer(std::exchange(s.timer, 0));
    loop_.cancelTimer(std::exchange(s.rate_timer, 0));
    loop_.cancelTimer(std::exchange(s.pump_timer, 0));
    count_.connections.add(-1);
    if (logged_in) count_.sessions.add(-1);
    world_.admission.leave(s.peer_ip, logged_in);
    sessions_.release(s);
}

void Room::connTap(HookPoint p, const Session& s, std::string_view reason) {
    const std::string peer = s.peer_ip + ":" + std::to_string(s.peer_port);
    world_.hooks.conn(p, *this, s.id, {s.transport, peer, reason}, nullptr, 0);
}

bool Room::setTimer(Session& s, uint64_t delay_ms, loop::EventLoop::Fn fn) {
    loop_.cancelTimer(s.timer);
    s.timer = loop_.startTimer(delay_ms, 0, fn, &s);
    return s.timer != 0;
}

void Room::watchIdle(Session& s) { (void)setTimer(s, settings().idle_timeout_ms, onIdle); }

// One timer per session that looks back, instead of one moved with every frame.
void Room::onIdle(void* session) noexcept {
    auto& s = *static_cast<Session*>(session);
    Room& room = *s.room;
    s.timer = 0;
    room.delivery_.prune(s);
    const uint64_t silent = room.loop_.nowMs() - s.last_active_ms;
    const uint64_t limit = room.settings().idle_timeout_ms;
    // Who is made to wait by us is not silent.
    if (silent < limit || s.pauses != 0) {
        (void)room.setTimer(s, silent < limit ? limit - silent : limit, onIdle);
        return;
    }
    room.count_.idle_timeouts.add();
    room.end(s, "idle_timeout", room.settings().close_flush_ms);
}

void Room::drain() {
    draining_ = true;
    sessions_.forEach([this](Session& s) { end(s, "shutdown", settings().close_flush_ms); });
}

bool Room::idle() const {
    return sessions_.live() == 0 && backlog_.inflight() == 0 && portions_.idle();
}

}  // namespace sara::chat
