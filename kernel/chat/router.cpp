#include "chat/router.h"

#include <cassert>

#include "chat/packet_id.h"
#include "chat/room.h"
#include "sara/jid.hpp"

namespace sara::chat {
namespace {

constexpr uint32_t kTypeLogin = 0;
constexpr uint32_t kTypeGroup = 2;
constexpr uint32_t kTypeState = 3;
constexpr uint32_t kTypeSystem = 4;
constexpr uint32_t kTypePubSub = 7;
constexpr std::string_view kServerAck = "server_ack";

// Bare jid of a from that names this session's user, whatever the resource.
bool namesUser(std::string_view from, std::string_view bare) {
    return from.starts_with(bare) && (from.size() == bare.size() || from[bare.size()] == '/');
}

}  // namespace

std::string_view reasonOf(Outcome outcome) {
    switch (outcome) {
        case Outcome::kBacklogFull:
            return "backlog_full";
        case Outcome::kBusy:
            return "busy";
        case Outcome::kRejected:
            return "rejected";
        default:
            return "store_error";
    }
}

Router::Router(Room& room) : room_(room), reader_(room.settings().json_depth_max) {}

bool Router::validId(std::string_view id) const {
    return validPacketId(id, room_.settings().node_id);
}

void Router::malformed(Session& s) {
    room_.count().packets_malformed.add();
    char id[36];
    room_.world().ids.uuid(id);
    const SessionId before = s.id;
    room_.notify(s, {id, sizeof id}, "error_packet");
    if (room_.sessions().find(before) != nullptr) {
        room_.end(s, "error_packet", room_.settings().close_flush_ms);
    }
}

void Router::refuse(Session& s, std::string_view id, std::string_view reason) {
    room_.count().packets_refused.add();
    room_.notify(s, echoOf(id), reason);
}

void Router::packet(Session& s, std::string_view text) {
    Envelope e;
    if (!reader_.read(text, e)) {
        malformed(s);
        return;
    }
    if (e.type == kTypeState && e.to == kServerAck) {
        room_.count().client_acks.add();
        room_.delivery().acknowledged(s, e.id);
        return;
    }
    if (e.type == kTypeLogin) {
        room_.login().again(s, e);
        return;
    }
    if (!e.id.empty() && !validId(e.id)) {
        refuse(s, e.id, "error_id");
        return;
    }
    if (e.type == kTypeSystem || e.type == kTypePubSub) {  // the server's own types
        refuse(s, e.id, "no_permission");
        return;
    }
    if (!e.from.empty() && !namesUser(e.from, s.bare())) {
        refuse(s, e.id, Jid::parse(e.from) ? "no_permission" : "error_jid");
        return;
    }
    route(s, text, e);
}

void Router::route(Session& s, std::string_view text, const Envelope& e) {
    const bool group = e.type == kTypeGroup;
    const auto to = group ? std::nullopt : Jid::parse(e.to);
    if ((!group && !to) || (!e.from.empty() && e.from != s.jid && !Jid::parse(e.from))) {
        refuse(s, e.id, "error_jid");
        return;
    }
    EnvelopeEdits edits;
    if (group && !room_.groups().address(e, edits)) {
        refuse(s, e.id, "group_notfound");
        return;
    }
    edits.ask_for_ack = group;  // without it no SDK acknowledges, and everything comes twice
    char uuid[36];
    if (e.id.empty()) {
        room_.world().ids.uuid(uuid);
        edits.id = {uuid, sizeof uuid};
    }
    if (e.from.empty()) {
        edits.from = s.jid;
        edits.from_json = s.jidJson();
    }
    const uint64_t now = room_.loop().wallMs();
    if (room_.settings().stamp_ct) edits.ct = stamp_.of(now);
    Packet packet = buildPacket(text, e, edits);
    if (!packet) {
        room_.count().no_memory.add();
        refuse(s, e.id, "busy");
        return;
    }
    PacketFacts& facts = packet.facts();
    facts.ct_ms = now;
    facts.sender = s.id;
    if (to) facts.to_bare_len = static_cast<uint16_t>(to->bare().size());
    facts.from_bare_len = s.bare_len;

    HookPort& hooks = room_.world().hooks;
    if (!hooks.wants(HookPoint::kPacketIn)) {
        afterIn(s, std::move(packet), {});
        return;
    }
    const HookAnswer answer = hooks.packet(HookPoint::kPacketIn, room_, s.id, packet, onIn,
                                           reinterpret_cast<uint64_t>(packet.buffer()));
    if (answer.verdict == Verdict::kSuspend) {
        park(s, std::move(packet));
        return;
    }
    afterIn(s, std::move(packet), answer);
}

// A filter keeps the packet; the session's later ones wait behind it, unread.
void Router::park(Session& s, Packet packet) {
    s.parked = true;
    room_.pause(s, kPauseFilter);
    (void)packet.release();  // comes back as the argument of the continuation
}

void Router::unpark(SessionId session) {
    Session* s = room_.sessions().find(session);
    if (s != nullptr && !s->parked) room_.resume(*s, kPauseFilter);
}

void Router::onIn(Room& room, SessionId session, uint64_t arg, const HookAnswer& answer) noexcept {
    Packet packet(reinterpret_cast<loop::Buffer*>(arg));
    Session* s = room.sessions().find(session);
    if (s == nullptr) return;
    s->parked = false;
    room.router().afterIn(*s, std::move(packet), answer);
    room.router().unpark(session);
}

// The filters' text, validated like a client's. Empty when it is not the same packet any more.
Packet Router::replaceText(const Packet& packet, std::string_view text) {
    // Padding for the reader: filters give bytes without any.
    std::string padded(text);
    padded.append(64, '\0');
    Envelope e;
    if (!reader_.read({padded.data(), text.size()}, e) || e.id != packet.id() ||
        e.type != packet.facts().type || e.from != packet.from()) {
        return Packet();
    }
    EnvelopeEdits edits;
    edits.to = packet.to();
    Packet rebuilt = buildPacket({padded.data(), text.size()}, e, edits);
    if (!rebuilt) return rebuilt;
    PacketFacts& facts = rebuilt.facts();
    const PacketFacts& before = packet.facts();
    facts.ct_ms = before.ct_ms;
    facts.sender = before.sender;
    facts.to_bare_len = before.to_bare_len;
    facts.from_bare_len = before.from_bare_len;
    facts.ack = before.ack;
    return rebuilt;
}

bool Router::redirect(Packet& packet, std::string_view to) {
    const auto jid = Jid::parse(to);
    if (!jid || packet.facts().type == kTypeGroup) return false;
    // The text keeps the address that the sender wrote; only the way changes.
    std::string padded(packet.text());
    padded.append(64, '\0');
    Envelope e;
    if (!reader_.read({padded.data(), packet.text().size()}, e)) return false;
    EnvelopeEdits edits;
    edits.to = to;
    Packet rebuilt = buildPacket({padded.data(), packet.text().size()}, e, edits);
    if (!rebuilt) return false;
    PacketFacts& facts = rebuilt.facts();
    const PacketFacts& before = packet.facts();
    facts.ct_ms = before.ct_ms;
    facts.sender = before.sender;
    facts.from_bare_len = before.from_bare_len;
    facts.ack = before.ack;
    facts.to_bare_len = static_cast<uint16_t>(jid->bare().size());
    packet = std::move(rebuilt);
    return true;
}

void Router::afterIn(Session& s, Packet packet, const HookAnswer& answer) {
    if (answer.verdict == Verdict::kDone) {
        // The filter has taken the packet over; for the sender it is safe.
        this->answer(std::move(packet), Outcome::kAck);
        return;
    }
    if (answer.verdict == Verdict::kReject) {
        refuse(s, packet.id(), answer.reason.empty() ? "rejected" : answer.reason);
        return;
    }
    if (!answer.text.empty()) {
        Packet rebuilt = replaceText(packet, answer.text);
        if (!rebuilt) {
            refuse(s, packet.id(), "rejected");
            return;
        }
        packet = std::move(rebuilt);
    }
    if (packet.facts().type == kTypeGroup && answer.redirect.empty()) {
        room_.groups().fanOut(s, std::move(packet));  // its members have no way of their own
        return;
    }
    if (!answer.redirect.empty() && !redirect(packet, answer.redirect)) {
        refuse(s, packet.id(), "rejected");
        return;
    }
    HookPort& hooks = room_.world().hooks;
    if (!hooks.wants(HookPoint::kPacketRoute)) {
        dispatch(s, std::move(packet));
        return;
    }
    const HookAnswer next = hooks.packet(HookPoint::kPacketRoute, room_, s.id, packet, onRoute,
                                         reinterpret_cast<uint64_t>(packet.buffer()));
    if (next.verdict == Verdict::kSuspend) {
        park(s, std::move(packet));
        return;
    }
    afterRoute(s, std::move(packet), next);
}

void Router::onRoute(Room& room, SessionId session, uint64_t arg,
                     const HookAnswer& answer) noexcept {
    Packet packet(reinterpret_cast<loop::Buffer*>(arg));
    Session* s = room.sessions().find(session);
    if (s == nullptr) return;
    s->parked = false;
    room.router().afterRoute(*s, std::move(packet), answer);
    room.router().unpark(session);
}

void Router::afterRoute(Session& s, Packet packet, const HookAnswer& answer) {
    if (answer.verdict == Verdict::kDone) {
        this->answer(std::move(packet), Outcome::kAck);
    } else if (answer.verdict == Verdict::kReject) {
        refuse(s, packet.id(), answer.reason.empty() ? "rejected" : answer.reason);
    } else if (!answer.redirect.empty() && !redirect(packet, answer.redirect)) {
        refuse(s, packet.id(), "rejected");
    } else {
        dispatch(s, std::move(packet));
    }
}

void Router::dispatch(Session& s, Packet packet) {
    const bool fast = packet.facts().ack != 0 && room_.settings().ack == AckMode::kFast;
    loop::LoopSet& loops = room_.world().loops;
    const uint32_t home = loops.homeOf(packet.toBare());
    if (home == room_.loop().index()) {
        // The ack may end the session; the packet goes on nevertheless, for it has been acked.
        if (fast) ackNow(s, packet);
        room_.delivery().deliver(std::move(packet));
        return;
    }
    // From the post on the packet belongs to the other loop: a fast ack reads its own reference.
    const Packet shared = fast ? Packet(loop::refBuffer(packet.buffer())) : Packet();
    if (fast) packet.facts().acked = 1;
    loop::Buffer* buffer = packet.release();
    if (loops.at(home).post(
            {onArrive, room_.world().rooms[home], reinterpret_cast<uint64_t>(buffer), 0},
            loop::PostClass::kRequest)) {
        if (fast) ackNow(s, shared);
        return;
    }
    packet = Packet(buffer);
    room_.count().mailbox_busy.add();
    refuse(s, packet.id(), "busy");
}

// "ack": "fast": the sender is told before anybody has the packet.
void Router::ackNow(Session& s, const Packet& packet) {
    if (packet.facts().acked == 0) packet.facts().acked = 1;
    room_.count().acks_sent.add();
    room_.transmit(s, room_.replies().serverAck(packet.id(), packet.facts().ct_ms));
}

void Router::onArrive(void* room, uint64_t buffer, uint64_t) noexcept {
    static_cast<Room*>(room)->delivery().deliver(Packet(reinterpret_cast<loop::Buffer*>(buffer)));
}

void Router::answer(Packet packet, Outcome outcome) {
    PacketFacts& facts = packet.facts();
    if (facts.tally != 0) {
        room_.portions().settle(facts, outcome);
        return;
    }
    if (facts.sender == 0) return;
    if (outcome == Outcome::kAck) {
        // A group packet is acked also when nobody asked (protocol 2.4).
        if ((facts.ack == 0 && facts.type != kTypeGroup) || facts.acked != 0) return;
        facts.acked = 1;
    }
    const uint32_t home = SessionPool::loopOf(facts.sender);
    if (home == room_.loop().index()) {
        answerHere(facts.sender, std::move(packet), outcome);
        return;
    }
    Room* there = room_.world().rooms[home];
    loop::Buffer* buffer = packet.release();
    if (!room_.world().loops.at(home).post(
            {onAnswer, there, reinterpret_cast<uint64_t>(buffer), static_cast<uint64_t>(outcome)},
            loop::PostClass::kReply)) {
        packet = Packet(buffer);  // that loop has ended, and the sender's session with it
    }
}

void Router::onAnswer(void* room, uint64_t buffer, uint64_t outcome) noexcept {
    Packet packet(reinterpret_cast<loop::Buffer*>(buffer));
    const SessionId sender = packet.facts().sender;
    static_cast<Room*>(room)->router().answerHere(sender, std::move(packet),
                                                  static_cast<Outcome>(outcome));
}

void Router::acknowledge(SessionId sender, std::string_view id, uint64_t ct_ms) {
    Session* s = room_.sessions().find(sender);
    if (s == nullptr || s->state != SessionState::kOnline) return;
    room_.count().acks_sent.add();
    room_.transmit(*s, room_.replies().serverAck(id, ct_ms));
}

void Router::answerHere(SessionId sender, Packet packet, Outcome outcome) {
    Session* s = room_.sessions().find(sender);
    if (s == nullptr || s->state != SessionState::kOnline) return;
    if (outcome == Outcome::kAck) {
        room_.count().acks_sent.add();
        room_.transmit(*s, room_.replies().serverAck(packet.id(), packet.facts().ct_ms));
    } else {
        refuse(*s, packet.id(), reasonOf(outcome));
    }
}

void Router::throttle(const Packet& packet) {
    const SessionId sender = packet.facts().sender;
    if (sender == 0) return;
    const uint32_t home = SessionPool::loopOf(sender);
    if (home == room_.loop().index()) {
        throttleHere(sender, true);
        return;
    }
    (void)room_.world().loops.at(home).post({onThrottle, room_.world().rooms[home], sender, 1},
                                            loop::PostClass::kReply);
}

void Router::unthrottle(const Packet& packet) {
    const SessionId sender = packet.facts().sender;
    if (sender == 0) return;
    const uint32_t home = SessionPool::loopOf(sender);
    if (home == room_.loop().index()) {
        throttleHere(sender, false);
        return;
    }
    (void)room_.world().loops.at(home).post({onThrottle, room_.world().rooms[home], sender, 0},
                                            loop::PostClass::kReply);
}

void Router::onThrottle(void* room, uint64_t session, uint64_t on) noexcept {
    static_cast<Room*>(room)->router().throttleHere(session, on != 0);
}

void Router::throttleHere(SessionId sender, bool on) {
    Session* s = room_.sessions().find(sender);
    if (s == nullptr) return;
    if (on) {
        if (s->throttles++ == 0) {
            room_.count().store_paused.add();
            room_.pause(*s, kPauseStore);
        }
    } else if (s->throttles > 0 && --s->throttles == 0) {
        room_.resume(*s, kPauseStore);
    }
}

}  // namespace sara::chat
