#include "chat/delivery.h"

#include "chat/room.h"
#include "chat/text_hash.h"

namespace sara::chat {
namespace {

constexpr uint64_t kStoreRetryMs = 1000;  // a held packet whose append failed is tried again

}  // namespace

Delivery::Delivery(Room& room) : room_(room), unacked_(randomSeed(room.world().ids)) {}

void Delivery::deliver(Packet packet) {
    Session* s = room_.users().find(packet.toBare());
    if (s == nullptr) {
        offline(std::move(packet), false);
        return;
    }
    if (s->state != SessionState::kOnline || s->behind) {
        // Older packets of his wait in the store: this one goes behind them.
        storeBehind(*s, std::move(packet));
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
        const SessionId id = s.id;
        storeBehind(s, std::move(packet));
        if (room_.sessions().find(id) != nullptr) room_.backlog().pump(s);
        return;
    }
    room_.count().packets_delivered.add();
    ++s.order;
    if (packet.facts().ack != 0) {
        // In the table before it is sent: if sending ends the session, it is kept.
        Unacked& u = unacked_.add(s, std::move(packet));
        if (u.packet.facts().acked == 0) hold(u, false);
        room_.transmit(s, u.packet.text());
        return;
    }
    if (!s.unwritten) s.unwritten = std::make_unique<UnwrittenQueue>();
    prune(s);
    const std::string_view text = packet.text();
    // Nobody acknowledges it: the copy of a group packet is with its member.
    if (packet.facts().tally != 0) room_.portions().settle(packet.facts(), Outcome::kAck);
    s.unwritten->push({UINT64_MAX, s.order, std::move(packet)});
    const SessionId id = s.id;
    if (room_.transmit(s, text) != Sent::kQueued) return;
    if (room_.sessions().find(id) != nullptr) s.unwritten->back().end_offset = s.queued_end;
}

// To the store, behind all that he was sent and that is only in memory. When that does not fit any
// more, this one does not either.
void Delivery::storeBehind(Session& s, Packet packet) {
    Unacked* last = s.unacked_last;
    if (last != nullptr && last->held != Held::kFresh) last = nullptr;
    if (!storeInOrder(s, last, UINT64_MAX)) {
        room_.count().store_busy.add();
        room_.router().answer(std::move(packet), Outcome::kBusy);
        return;
    }
    s.behind = true;
    s.behind_dirty = true;
    room_.backlog().store(std::move(packet), false);
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

// keeping: it was in memory all the time, so store_inflight_max does not refuse it.
void Delivery::offline(Packet packet, bool keeping) {
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
    if (keeping) {
        room_.backlog().keep(std::move(packet));
    } else {
        room_.backlog().store(std::move(packet), true);
    }
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
        const SessionId before = s.id;
        room_.router().answer(unacked_.remove(*u), Outcome::kAck);
        // The sender may have been this session, and the ack too much for its queue.
        if (room_.sessions().find(before) != nullptr) room_.backlog().pump(s);
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

void Delivery::keep(Session& s, uint64_t written, bool away) {
    refs_.clear();
    if (s.batch) s.batch->takeWritten(written, refs_);
    if (!refs_.empty()) room_.backlog().drop(s, refs_);
    UnwrittenQueue none;
    UnwrittenQueue& plain = s.unwritten ? *s.unwritten : none;
    while (!plain.empty() && plain.front().end_offset <= written) (void)plain.pop();
    // Two lists, each in order of delivery, become one. What is on its way to the store behind a
    // packet whose append failed goes there again, behind it.
    bool failed = false;
    while (s.unacked_first != nullptr || !plain.empty()) {
        Unacked* u = s.unacked_first;
        if (u == nullptr || (!plain.empty() && plain.front().order < u->order)) {
            room_.count().kept_at_close.add();
            offline(plain.pop(), true);
            continue;
        }
        const Held held = u->held;
        if (held == Held::kAppending) {
            u->op->entry = nullptr;
            u->op->away = true;
            u->op->again = failed;
        }
        failed = failed || u->failed;
        Packet packet = unacked_.remove(*u);
        if (held == Held::kStored && away) room_.backlog().noticeOffline(packet);
        if (held != Held::kFresh) continue;  // in the store, or on its way there
        room_.count().kept_at_close.add();
        offline(std::move(packet), true);
    }
}

bool Delivery::stored(Unacked& u, uint64_t seq) {
    if (failedBefore(*u.session, u)) {
        storeFailed(u);
        return false;
    }
    u.held = Held::kStored;
    u.op = nullptr;
    u.seq = seq;
    return true;
}

bool Delivery::failedBefore(const Session& s, const Unacked& u) {
    if (s.failed_count == 0) return false;
    const Unacked* at = s.unacked_first;
    while (at != &u && !at->failed) at = at->next;
    return at != &u;
}

void Delivery::storeFailed(Unacked& u) {
    u.held = Held::kFresh;
    u.op = nullptr;
    u.failed = true;
    ++u.session->failed_count;
    room_.count().held_retried.add();
    hold(u, true);
}

void Delivery::hold(Unacked& u, bool retry) {
    const uint64_t delay_ms = retry ? kStoreRetryMs : room_.settings().ack_hold_ms;
    unacked_.hold(u, room_.loop().nowMs() + delay_ms, retry);
    armHold(retry);
}

void Delivery::armHold(bool retry) {
    const Unacked* first = unacked_.firstDue(retry);
    if (hold_timers_[retry] != 0 || first == nullptr) return;
    const uint64_t now = room_.loop().nowMs();
    hold_timers_[retry] = room_.loop().startTimer(first->due_ms > now ? first->due_ms - now : 1, 0,
                                                  retry ? onRetry : onHold, this);
}

void Delivery::onHold(void* delivery) noexcept {
    static_cast<Delivery*>(delivery)->holdTick(false);
}
void Delivery::onRetry(void* delivery) noexcept {
    static_cast<Delivery*>(delivery)->holdTick(true);
}

void Delivery::holdTick(bool retry) {
    hold_timers_[retry] = 0;
    const uint64_t now = room_.loop().nowMs();
    while (Unacked* u = unacked_.firstDue(retry)) {
        if (u->due_ms > now) break;
        (void)storeInOrder(*u->session, u, u->order);
    }
    armHold(retry);
}

// Appends what this session was sent up to here and what is only in memory: unacknowledged packets
// up to last (nullptr: none) and unwritten ones, as they were delivered, so that the backlog has
// that order. False: the store takes no more; they are tried again later.
bool Delivery::storeInOrder(Session& s, Unacked* last, uint64_t order_max) {
    prune(s);
    Backlog& backlog = room_.backlog();
    const auto storePlain = [&](uint64_t before) {
        while (s.unwritten && !s.unwritten->empty() && s.unwritten->front().order < before) {
            if (backlog.full()) return false;
            const uint64_t end_offset = s.unwritten->front().end_offset;
            backlog.storeUnwritten(s, s.unwritten->pop(), end_offset);
        }
        return true;
    };
    bool room = true;
    Unacked* u = last;
    while (u != nullptr && u->prev != nullptr && u->prev->held == Held::kFresh) u = u->prev;
    for (; u != nullptr; u = u == last ? nullptr : u->next) {
        unacked_.unhold(*u);
        room = room && storePlain(u->order) && backlog.storeHeld(*u);
        if (room) {
            room_.count().held_stored.add();
        } else {
            hold(*u, true);
        }
    }
    return room && storePlain(order_max);
}

}  // namespace sara::chat
