#include "chat/backlog.h"

#include <algorithm>

#include "chat/room.h"

namespace sara::chat {
namespace {

constexpr size_t kChunkOps = 256;
constexpr uint32_t kFetchPackets = 1024;  // of one read for a login
constexpr uint64_t kFetchBytes = 1 << 20;
// Head and tail of the reply are pieces too. Past it the last page grows.
constexpr size_t kReplyPagesMax = WirePort::kSendPiecesMax - 2;
constexpr uint32_t kPumpPackets = 256;  // of one read for a session that is online
constexpr uint64_t kPumpBytes = 256 << 10;
constexpr uint64_t kPumpRetryMs = 20;         // the client's queue is not empty
constexpr uint64_t kPumpErrorRetryMs = 1000;  // the store failed
// Senders wait from an eighth of store_inflight_max on, so that the limit itself refuses nobody who
// can wait.
constexpr uint32_t kThrottleShare = 8;

}  // namespace

Backlog::Backlog(Room& room)
    : room_(room), policy_(room.settings()), reader_(room.settings().json_depth_max) {}
Backlog::~Backlog() = default;

AppendOp& Backlog::claimOp() {
    if (free_ == nullptr) {
        chunks_.push_back(std::make_unique<AppendOp[]>(kChunkOps));
        for (size_t i = 0; i < kChunkOps; ++i) {
            chunks_.back()[i].next = free_;
            free_ = &chunks_.back()[i];
        }
    }
    AppendOp& op = *free_;
    free_ = op.next;
    op.room = &room_;
    op.entry = nullptr;
    op.unwritten_of = 0;
    op.drop_after = false;
    op.throttled = false;
    op.away = false;
    op.again = false;
    return op;
}

void Backlog::releaseOp(AppendOp& op) {
    op.packet = Packet();
    op.next = free_;
    free_ = &op;
}

void Backlog::store(Packet packet, bool away) {
    if (full()) {
        room_.count().store_busy.add();
        if (packet.facts().sender == 0 && packet.facts().tally == 0) room_.count().lost.add();
        room_.router().answer(std::move(packet), Outcome::kBusy);
        return;
    }
    AppendOp& op = claimOp();
    op.packet = std::move(packet);
    op.away = away;
    if (crowded()) {
        op.throttled = true;
        room_.router().throttle(op.packet);
    }
    append(op);
}

void Backlog::keep(Packet packet) {
    AppendOp& op = claimOp();
    op.packet = std::move(packet);
    op.away = true;
    append(op);
}

bool Backlog::crowded() const {
    return inflight_ >= room_.settings().store_inflight_max / kThrottleShare;
}

// Whoever has logged in meanwhile gets it with his backlog.
void Backlog::noticeOffline(const Packet& packet) {
    if (!room_.settings().enable_offline_callback || room_.world().callback == nullptr) return;
    if (room_.users().find(packet.toBare()) != nullptr) return;
    room_.count().offline_notices.add();
    room_.world().callback->offline(packet.toBare(), packet, room_.world().store.waiting());
}

bool Backlog::full() const { return inflight_ >= room_.settings().store_inflight_max; }

void Backlog::storeUnwritten(const Session& s, Packet packet, uint64_t end_offset) {
    AppendOp& op = claimOp();
    op.packet = std::move(packet);
    op.unwritten_of = s.id;
    op.end_offset = end_offset;
    append(op);
}

bool Backlog::storeHeld(Unacked& u) {
    if (full()) return false;
    AppendOp& op = claimOp();
    op.packet = Packet(loop::refBuffer(u.packet.buffer()));
    op.entry = &u;
    u.op = &op;
    u.held = Held::kAppending;
    if (u.failed) --u.session->failed_count;
    u.failed = false;
    append(op);
    return true;
}

void Backlog::append(AppendOp& op) {
    ++inflight_;
    const uint64_t expires = op.packet.facts().ct_ms + room_.settings().backlog_age_ms;
    room_.world().store.append(op.packet, expires, onAppended, &op);
}

void Backlog::onAppended(void* op, Status st, uint64_t seq) noexcept {
    auto& appended = *static_cast<AppendOp*>(op);
    appended.room->backlog().appended(appended, st, seq);
}

void Backlog::appended(AppendOp& op, Status st, uint64_t seq) {
    --inflight_;
    watchStore(st);
    if (op.throttled) room_.router().unthrottle(op.packet);
    if (st != Status::kOk) {
        failed(op, st);
    } else if (stands(op, seq)) {
        room_.count().packets_stored.add();
        if (op.unwritten_of != 0) storedUnwritten(op, seq);
        if (op.drop_after) {
            forget(op.packet.toBare(), seq, op.packet.id());
        } else if (op.away) {
            noticeOffline(op.packet);
        }
        room_.router().answer(std::move(op.packet), Outcome::kAck);
    }
    releaseOp(op);
}

// False: it is in the store in front of a packet that was delivered earlier, and is taken out.
bool Backlog::stands(AppendOp& op, uint64_t seq) {
    if (op.again && !op.drop_after) {
        forget(op.packet.toBare(), seq, op.packet.id());
        if (room_.users().find(op.packet.toBare()) != nullptr) {
            room_.delivery().deliver(std::move(op.packet));  // his next session is here
        } else {
            keep(std::move(op.packet));
        }
        return false;
    }
    if (op.entry == nullptr || room_.delivery().stored(*op.entry, seq)) return true;
    forget(op.packet.toBare(), seq, op.packet.id());
    return false;
}

void Backlog::failed(AppendOp& op, Status st) {
    room_.count().store_errors.add();
    if (op.entry != nullptr) {
        room_.delivery().storeFailed(*op.entry);
    } else if (!op.drop_after) {
        if (op.packet.facts().acked != 0 || op.packet.facts().ack == 0) room_.count().lost.add();
        const Outcome outcome = st == Status::kFull    ? Outcome::kBacklogFull
                                : st == Status::kAgain ? Outcome::kBusy
                                                       : Outcome::kStoreError;
        room_.router().answer(std::move(op.packet), outcome);
    }
}

void Backlog::forget(std::string_view user, uint64_t seq, std::string_view id) {
    const StoredRef ref{seq, id};
    room_.world().store.drop(user, {&ref, 1});
    const Session* s = room_.users().find(user);
    if (s != nullptr && s->fetch != nullptr) s->fetch->dropped.push_back(seq);
}

// One line when it begins and one when it is over: messages that recipients do not acknowledge stay
// in memory meanwhile, and their senders hear nothing. A full backlog is one user's matter.
void Backlog::watchStore(Status st) {
    const bool fails = st != Status::kOk;
    if (fails == store_fails_ || st == Status::kFull) return;
    store_fails_ = fails;
    room_.world().log.write(fails ? loop::LogLevel::kWarn : loop::LogLevel::kInfo, "chat",
                            fails ? "the store takes no messages; those that nobody acknowledges "
                                    "stay in memory and are tried again each second"
                                  : "the store takes messages again");
}

// Its session is gone: it stays in the store and comes at the next login.
void Backlog::storedUnwritten(const AppendOp& op, uint64_t seq) {
    Session* s = room_.sessions().find(op.unwritten_of);
    if (s == nullptr || s->state != SessionState::kOnline) return;
    if (!s->batch) s->batch = std::make_unique<Batch>();
    s->batch->add(Batch::Kind::kUntilWritten, seq, op.packet.id(), op.end_offset);
    retryPump(*s, kPumpRetryMs);
}

void Backlog::drop(Session& s, std::span<const StoredRef> refs) {
    if (s.fetch != nullptr) {
        for (const StoredRef& ref : refs) s.fetch->dropped.push_back(ref.seq);
    }
    room_.world().store.drop(s.bare(), refs);
}

void Backlog::fetchForLogin(Session& s) {
    s.fetch = new Fetch{&room_, s.id};
    fetchNext(*s.fetch);
}

void Backlog::fetchNext(Fetch& fetch) {
    Session& s = *room_.sessions().find(fetch.session);
    s.behind_dirty = false;
    // Never 0: fetchForLogin() reads one packet also when the settings say none.
    const Settings& settings = room_.settings();
    const uint64_t packets =
        settings.delay_packets_max - std::min<uint64_t>(fetch.total, settings.delay_packets_max);
    const uint64_t bytes =
        settings.delay_bytes_max - std::min<uint64_t>(fetch.bytes, settings.delay_bytes_max);
    room_.world().store.fetch(
        s.bare(), fetch.after_seq,
        static_cast<uint32_t>(std::clamp<uint64_t>(packets, 1, kFetchPackets)),
        std::clamp<uint64_t>(bytes, 1, kFetchBytes), onFetched, &fetch);
}

void Backlog::onFetched(void* fetch, Status st, std::span<const StoredView> packets,
                        bool more) noexcept {
    std::unique_ptr<Fetch> f(static_cast<Fetch*>(fetch));
    Room& room = *f->room;
    Session* s = room.sessions().find(f->session);
    if (s == nullptr) return;
    if (st != Status::kOk) {
        s->fetch = nullptr;
        room.login().finish(*s, st, {}, 0);
        return;
    }
    room.backlog().collect(*f.release(), *s, packets, more);
}

void Backlog::addToReply(Fetch& fetch, Session& s, uint64_t seq, std::string_view id,
                         std::string_view packet) {
    std::string& page = fetch.pages.back();
    if (fetch.total > 0) page.push_back(',');
    page.append(packet);
    fetch.bytes += packet.size() + 1;
    if (!s.batch) s.batch = std::make_unique<Batch>();
    s.batch->add(Batch::Kind::kLoginReply, seq, id, 0);
    ++fetch.total;
}

uint32_t Backlog::typeOf(std::string_view packet) {
    scratch_.assign(packet);
    scratch_.append(64, '\0');  // padding of the reader
    Envelope e;
    return reader_.read({scratch_.data(), packet.size()}, e) ? e.type : 0;
}

void Backlog::applyPolicy(Fetch& fetch, Session& s) {
    std::vector<DelayCandidate> candidates;
    for (const DelayRow& row : fetch.rows) candidates.push_back({row.from, row.type});
    policy_.apply(candidates);
    std::vector<StoredRef> left_out;
    for (size_t i = 0; i < fetch.rows.size(); ++i) {
        const DelayRow& row = fetch.rows[i];
        if (candidates[i].kept) {
            addToReply(fetch, s, row.seq, row.id, row.packet);
        } else {
            left_out.push_back({row.seq, row.id});
        }
    }
    if (!left_out.empty()) room_.world().store.drop(s.bare(), left_out);
}

void Backlog::collect(Fetch& fetch, Session& s, std::span<const StoredView> packets, bool more) {
    const Settings& settings = room_.settings();
    uint64_t page_bytes = 0;
    for (const StoredView& p : packets) page_bytes += p.packet.size() + 1;
    if (fetch.pages.empty() || (fetch.pages.size() < kReplyPagesMax && !policy_.active())) {
        fetch.pages.emplace_back().reserve(page_bytes);
    }
    for (const StoredView& p : packets) {
        fetch.after_seq = p.seq;
        // The session before this one had acknowledged it while it was on its way to the store.
        if (std::find(fetch.dropped.begin(), fetch.dropped.end(), p.seq) != fetch.dropped.end()) {
            continue;
        }
        if (policy_.active()) {
            fetch.rows.push_back({p.seq, typeOf(p.packet), std::string(p.id), std::string(p.from),
                                  std::string(p.packet)});
        } else {
            addToReply(fetch, s, p.seq, p.id, p.packet);
        }
    }
    if (more && fetch.bytes < settings.delay_bytes_max &&
        fetch.total + fetch.rows.size() < settings.delay_packets_max) {
        fetchNext(fetch);
        return;
    }
    if (!fetch.rows.empty()) applyPolicy(fetch, s);
    const std::unique_ptr<Fetch> done(&fetch);
    s.fetch = nullptr;
    s.last_seq = fetch.after_seq;
    s.behind = s.behind || more;
    // What was stored while the backlog was read comes right after the reply.
    s.behind_dirty = s.behind_dirty || more;
    const std::string head(room_.replies().loginReplyHead(s.login_id, fetch.total));
    std::vector<std::string_view> pieces{head};
    pieces.insert(pieces.end(), fetch.pages.begin(), fetch.pages.end());
    pieces.push_back(Replies::loginReplyTail(fetch.total));
    room_.login().finish(s, Status::kOk, pieces, fetch.total);
}

void Backlog::pump(Session& s) {
    if (!s.behind || s.fetch != nullptr || s.state != SessionState::kOnline) return;
    const uint32_t waiting = (s.batch ? s.batch->wantingAck() : 0) + s.unacked_count;
    if (waiting > room_.settings().unacked_max / 2) return;  // an ack calls again
    if (room_.writtenOf(s) < s.queued_end) {
        retryPump(s, kPumpRetryMs);
        return;
    }
    s.behind_dirty = false;
    s.fetch = new Fetch{&room_, s.id};
    room_.world().store.fetch(s.bare(), s.last_seq, kPumpPackets, kPumpBytes, onPumped, s.fetch);
}

void Backlog::onPumpTimer(void* session) noexcept {
    auto& s = *static_cast<Session*>(session);
    s.pump_timer = 0;
    s.room->delivery().prune(s);
    s.room->backlog().pump(s);
}

void Backlog::retryPump(Session& s, uint64_t delay_ms) {
    if (s.pump_timer == 0) s.pump_timer = room_.loop().startTimer(delay_ms, 0, onPumpTimer, &s);
}

void Backlog::onPumped(void* fetch, Status st, std::span<const StoredView> packets,
                       bool more) noexcept {
    const std::unique_ptr<Fetch> f(static_cast<Fetch*>(fetch));
    Room& room = *f->room;
    Session* s = room.sessions().find(f->session);
    if (s == nullptr) return;
    s->fetch = nullptr;
    if (st == Status::kOk) {
        room.backlog().pumped(*s, *f, packets, more);
        return;
    }
    room.count().store_errors.add();
    room.backlog().retryPump(*s, kPumpErrorRetryMs);
}

// Live packets that were held too long are in the store as well: they are with the client already.
bool Backlog::alreadySent(const Session& s, const Fetch& fetch, const StoredView& p) {
    if (room_.delivery().unacked().findStored(s, p.id, p.seq) != nullptr) return true;
    if (s.batch && s.batch->holdsUnwritten(p.seq)) return true;
    return std::find(fetch.dropped.begin(), fetch.dropped.end(), p.seq) != fetch.dropped.end();
}

// False: the session is closing; what was not sent is still in the store.
bool Backlog::sendStored(Session& s, const StoredView& p) {
    scratch_.assign(p.packet);
    scratch_.append(64, '\0');  // padding of the reader
    Envelope e;
    const bool wants_ack = reader_.read({scratch_.data(), p.packet.size()}, e) && e.ack != 0;
    room_.count().packets_delivered.add();
    if (room_.transmit(s, p.packet) != Sent::kQueued) return false;
    if (!s.batch) s.batch = std::make_unique<Batch>();
    s.batch->add(wants_ack ? Batch::Kind::kWantsAck : Batch::Kind::kUntilWritten, p.seq, p.id,
                 s.queued_end);
    return true;
}

void Backlog::pumped(Session& s, const Fetch& fetch, std::span<const StoredView> packets,
                     bool more) {
    for (const StoredView& p : packets) {
        if (!alreadySent(s, fetch, p) && !sendStored(s, p)) return;
        s.last_seq = p.seq;
    }
    // Its timer also forgets what wants no ack and has left.
    if (s.batch && s.batch->waitsForWrite()) retryPump(s, kPumpRetryMs);
    if (more || s.behind_dirty) {
        pump(s);
        return;
    }
    s.behind = false;
}

}  // namespace sara::chat
