#include "chat/delivery.h"

#include "chat/room.h"

namespace sara::chat {
namespace {

constexpr uint64_t kStoreRetryMs = 1000;  // a held packet whose append failed is tried again

}  // namespace

Delivery::Delivery(Room& room) : room_(room) {}

void Delivery::deliver(Packet packet) {
    Session* s = room_.users().find(packet.toBare());
    if (s == nullptr) {
        offline(std::move(packet));
        return;
    }
    if (s->state != SessionState::kOnline || s->behind) {
        // Older packets of his wait in the store: this one goes behind them.
        s->behind = true;
        s->behind_dirty = true;
        room_.backlog().store(std::move(packet));
        return;
    }
    HookPort& hooks = room_.world().hooks;
    if (hooks.wants(HookPoint::kPacketDeliver)) {
        const HookAnswer answer =
            hooks.packet(HookPoint::kPacketDeliver, room_, s->id, packet, nullptr, 0);
        if (answer.verdict == Verdict::kDone) {
            room_.router().answer(std::move(packet), Outcome::kAck);
            return;
        }
        if (answer.verdict == Verdict::kReject) {
            room_.router().answer(std::move(packet), Outcome::kRejected);
            return;
        }
    }
    send(*s, std::move(packet));
}

void Delivery::send(Session& s, Packet packet) {
    if (packet.facts().ack != 0 && s.unacked_count >= room_.settings().unacked_max) {
        room_.count().unacked_overflow.add();
        storeFresh(s);
        s.behind = true;
        s.behind_dirty = true;
        room_.backlog().store(std::move(packet));
        room_.backlog().pump(s);
        return;
    }
    room_.count().packets_delivered.add();
    ++s.order;
    if (packet.facts().ack != 0) {
        // In the table before it is sent: if sending ends the session, it is kept.
        Unacked& u = unacked_.add(s, std::move(packet));
        if (u.packet.facts().acked == 0) holdFor(u, room_.settings().ack_hold_ms);
        room_.transmit(s, u.packet.text());
        return;
    }
    if (!s.unwritten) s.unwritten = std::make_unique<UnwrittenQueue>();
    prune(s);
    const std::string_view text = packet.text();
    s.unwritten->push({UINT64_MAX, s.order, std::move(packet)});
    const SessionId id = s.id;
    if (room_.transmit(s, text) != Sent::kQueued) return;
    if (room_.sessions().find(id) != nullptr) s.unwritten->back().end_offset = s.queued_end;
}

void Delivery::storeFresh(Session& s) {
    for (Unacked* u = s.unacked_first; u != nullptr; u = u->next) {
        if (u->held != Held::kFresh) continue;
        unacked_.unhold(*u);
        if (room_.backlog().storeHeld(*u)) {
            room_.count().held_stored.add();
        } else {
            holdFor(*u, kStoreRetryMs);
        }
    }
}

void Delivery::prune(Session& s) {
    const bool plain = s.unwritten && !s.unwritten->empty();
    const bool stored = s.batch && !s.batch->empty();
    if (!plain && !stored) return;
    const uint64_t written = room_.writtenOf(s);
    while (plain && !s.unwritten->empty() && s.unwritten->front().end_offset <= written) {
        (void)s.unwritten->pop();
    }
    if (!stored) return;
    refs_.clear();
    s.batch->takeWritten(written, refs_);
    if (!refs_.empty()) room_.backlog().drop(s, refs_);
}

void Delivery::offline(Packet packet) {
    HookPort& hooks = room_.world().hooks;
    if (hooks.wants(HookPoint::kPacketOffline)) {
        const HookAnswer answer =
            hooks.packet(HookPoint::kPacketOffline, room_, 0, packet, nullptr, 0);
        if (answer.verdict == Verdict::kDone) {
            room_.router().answer(std::move(packet), Outcome::kAck);
            return;
        }
        if (answer.verdict == Verdict::kReject) {
            room_.router().answer(std::move(packet), Outcome::kRejected);
            return;
        }
    }
    room_.backlog().store(std::move(packet));
}

void Delivery::acknowledged(Session& s, std::string_view id) {
    HookPort& hooks = room_.world().hooks;
    if (Unacked* u = unacked_.find(s, id)) {
        if (hooks.wants(HookPoint::kPacketAck)) {
            hooks.packet(HookPoint::kPacketAck, room_, s.id, u->packet, nullptr, 0);
        }
        if (u->held == Held::kAppending) {
            // Still on its way to the store: forgotten there as soon as its place is known.
            u->op->entry = nullptr;
            u->op->drop_after = true;
        } else if (u->held == Held::kStored) {
            const StoredRef ref{u->seq, u->packet.id()};
            room_.backlog().drop(s, {&ref, 1});
        }
        room_.router().answer(unacked_.remove(*u), Outcome::kAck);
        if (s.behind) room_.backlog().pump(s);
        return;
    }
    if (!s.batch || s.batch->empty()) return;
    refs_.clear();
    if (id == s.login_id) {
        s.batch->takeLoginReply(refs_);
    } else {
        StoredRef ref;
        if (s.batch->takeId(id, ref)) refs_.push_back(ref);
    }
    if (!refs_.empty()) room_.backlog().drop(s, refs_);
    if (s.behind) room_.backlog().pump(s);
}

void Delivery::keep(Session& s, uint64_t written) {
    refs_.clear();
    if (s.batch) s.batch->takeWritten(written, refs_);
    if (!refs_.empty()) room_.backlog().drop(s, refs_);
    UnwrittenQueue none;
    UnwrittenQueue& plain = s.unwritten ? *s.unwritten : none;
    while (!plain.empty() && plain.front().end_offset <= written) (void)plain.pop();
    // Two lists, each in order of delivery, become one.
    while (s.unacked_first != nullptr || !plain.empty()) {
        Unacked* u = s.unacked_first;
        if (u == nullptr || (!plain.empty() && plain.front().order < u->order)) {
            room_.count().kept_at_close.add();
            offline(plain.pop());
            continue;
        }
        const Held held = u->held;
        if (held == Held::kAppending) u->op->entry = nullptr;
        Packet packet = unacked_.remove(*u);
        if (held != Held::kFresh) continue;  // in the store, or on its way there
        room_.count().kept_at_close.add();
        offline(std::move(packet));
    }
}

void Delivery::stored(Unacked& u, uint64_t seq) {
    u.held = Held::kStored;
    u.op = nullptr;
    u.seq = seq;
}

void Delivery::storeFailed(Unacked& u) {
    u.held = Held::kFresh;
    u.op = nullptr;
    holdFor(u, kStoreRetryMs);
}

void Delivery::holdFor(Unacked& u, uint64_t delay_ms) {
    unacked_.hold(u, room_.loop().nowMs() + delay_ms);
    armHold();
}

void Delivery::armHold() {
    const Unacked* first = unacked_.firstDue();
    if (hold_timer_ != 0 || first == nullptr) return;
    const uint64_t now = room_.loop().nowMs();
    hold_timer_ =
        room_.loop().startTimer(first->due_ms > now ? first->due_ms - now : 1, 0, onHold, this);
}

void Delivery::onHold(void* delivery) noexcept { static_cast<Delivery*>(delivery)->holdTick(); }

void Delivery::holdTick() {
    hold_timer_ = 0;
    const uint64_t now = room_.loop().nowMs();
    while (Unacked* u = unacked_.firstDue()) {
        if (u->due_ms > now) break;
        unacked_.unhold(*u);
        if (room_.backlog().storeHeld(*u)) {
            room_.count().held_stored.add();
        } else {
            unacked_.hold(*u, now + kStoreRetryMs);
        }
    }
    armHold();
}

}  // namespace sara::chat
