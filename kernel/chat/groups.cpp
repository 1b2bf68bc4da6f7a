#include "chat/groups.h"

#include <utility>

#include "chat/room.h"
#include "chat/text_hash.h"
#include "sara/jid.hpp"

namespace sara::chat {
namespace {

constexpr uint32_t kMembersMin = 2;  // fewer are no group

}  // namespace

bool Groups::validGid(std::string_view gid) {
    if (gid.empty() || gid.size() > Groups::kGidBytesMax) return false;
    for (const char c : gid) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return false;
    }
    return true;
}

// One packet on its way to many.
struct Groups::Fanout {
    Room* room = nullptr;
    uint64_t number = 0;    // generation and place; 0 while free
    SessionId sender = 0;   // 0: the server
    Packet base;            // until the members are known
    std::string id;         // of the packet, for the answer
    std::string domain;     // of members whose names have none
    std::string from_bare;  // of the sender
    uint64_t ct_ms = 0;
    Lookup* lookup = nullptr;
    loop::TimerId timer = 0;
    uint32_t uncopied = 0;   // portions that still make copies; one more while they are handed out
    uint32_t unsettled = 0;  // portions with copies that are not safe yet; the same
    Outcome outcome = Outcome::kAck;
    bool parked = false;  // the sender's later packets wait
    void (*done)(void* user, Outcome outcome, std::string_view reason) noexcept = nullptr;
    void* user = nullptr;
};

// A question to the backend. Lives until its answer comes, also when nobody waits for it any more.
struct Groups::Lookup {
    Room* room;
    uint64_t fanout;
};

Groups::Groups(Room& room)
    : room_(room),
      reader_(room.settings().json_depth_max),
      rosters_(room.world().loops, randomSeed(room.world().ids)) {}

Groups::~Groups() = default;

Groups::Fanout* Groups::claim() {
    if (free_.empty()) {
        if (fanouts_.size() >= room_.settings().group_fanouts_max) {
            room_.count().group_busy.add();
            return nullptr;
        }
        free_.push_back(static_cast<uint32_t>(fanouts_.size()));
        fanouts_.push_back(std::make_unique<Fanout>());
        fanouts_.back()->number = fanouts_.size();
        fanouts_.back()->room = &room_;
    }
    Fanout& f = *fanouts_[free_.back()];
    free_.pop_back();
    f.uncopied = f.unsettled = 0;
    f.outcome = Outcome::kAck;
    f.parked = false;
    f.done = nullptr;
    return &f;
}

// Its number names nobody from here on.
void Groups::release(Fanout& f) {
    room_.loop().cancelTimer(std::exchange(f.timer, 0));
    f.base = Packet();
    f.lookup = nullptr;
    free_.push_back(static_cast<uint32_t>(f.number) - 1);
    f.number += uint64_t{1} << 32;
}

Groups::Fanout* Groups::find(uint64_t number) {
    const auto place = static_cast<uint32_t>(number) - 1;
    if (number == 0 || place >= fanouts_.size()) return nullptr;
    return fanouts_[place]->number == number ? fanouts_[place].get() : nullptr;
}

bool Groups::address(const Envelope& e, EnvelopeEdits& edits) {
    if (!e.gid.empty()) return validGid(e.gid);
    const std::string_view gid = e.to.substr(0, e.to.find('@'));
    if (!validGid(gid)) return false;
    gid_json_.clear();
    appendEscaped(gid, gid_json_);
    edits.gid = gid;
    edits.gid_json = gid_json_;
    return true;
}

void Groups::fanOut(Session& s, Packet base) {
    Fanout* f = claim();
    if (f == nullptr) {
        room_.router().refuse(s, base.id(), reasonOf(Outcome::kBusy));
        return;
    }
    room_.count().group_packets.add();
    f->sender = s.id;
    f->id = base.id();
    f->ct_ms = base.facts().ct_ms;
    f->from_bare = s.bare();
    f->domain = s.bare().substr(s.bare().find('@') + 1);
    f->base = std::move(base);
    expand(*f);
}

void Groups::push(PushOrder order) {
    Fanout* f = claim();
    if (f == nullptr) {
        order.done(order.user, Outcome::kBusy, reasonOf(Outcome::kBusy));
        return;
    }
    f->sender = 0;
    f->id.clear();
    f->from_bare.clear();
    f->domain = std::move(order.domain);
    f->done = order.done;
    f->user = order.user;
    f->base = std::move(order.packet);
    if (order.to_group) {
        expand(*f);
        return;
    }
    auto portion = std::make_unique<Portion>();
    portion->lenient = false;
    const uint32_t home = room_.world().loops.homeOf(f->base.toBare());
    portion->single = std::move(f->base);
    f->uncopied = f->unsettled = 1;
    send(*f, std::move(portion), home);
}

void Groups::expand(Fanout& f) {
    HookPort& hooks = room_.world().hooks;
    if (!hooks.wants(HookPoint::kGroupExpand)) {
        ask(f);
        return;
    }
    const HookAnswer answer =
        hooks.group(HookPoint::kGroupExpand, room_, f.sender,
                    {f.base.gid(), f.domain, f.base.from()}, onExpanded, f.number);
    if (answer.verdict != Verdict::kSuspend) {
        expanded(f, answer);
        return;
    }
    if (Session* s = room_.sessions().find(f.sender)) {
        f.parked = true;
        room_.pause(*s, kPauseGroup);
    }
}

void Groups::onExpanded(Room& room, SessionId, uint64_t fanout, const HookAnswer& answer) noexcept {
    if (Fanout* f = room.groups().find(fanout)) room.groups().expanded(*f, answer);
}

void Groups::expanded(Fanout& f, const HookAnswer& answer) {
    if (answer.verdict == Verdict::kReject) {
        fail(f, answer.reason.empty() ? reasonOf(Outcome::kRejected) : answer.reason);
    } else if (answer.verdict == Verdict::kDone) {
        finish(f);  // the filter has taken the packet over
    } else if (answer.verdict == Verdict::kAccept && !answer.members.empty()) {
        answered(f, Status::kOk, rosters_.split(answer.members));
    } else {
        ask(f);
    }
}

void Groups::ask(Fanout& f) {
    CallbackPort* callback = room_.world().callback;
    if (callback == nullptr) {
        fail(f, "group_notfound");
        return;
    }
    if (lookups_ >= kLookupsMax) {
        room_.count().group_busy.add();
        fail(f, reasonOf(Outcome::kBusy));
        return;
    }
    ++lookups_;
    const uint64_t number = f.number;
    f.lookup = new Lookup{&room_, number};
    callback->members(f.base.gid(), f.domain, onMembers, f.lookup);
    if (f.number != number || f.lookup == nullptr) return;  // answered inside the call
    if (Session* s = room_.sessions().find(f.sender); s != nullptr && !f.parked) {
        f.parked = true;
        room_.pause(*s, kPauseGroup);
    }
    f.timer = room_.loop().startTimer(room_.settings().group_timeout_ms, 0, onTimeout, &f);
    if (f.timer == 0) onTimeout(&f);  // timers_max: without a deadline he could wait for ever
}

void Groups::onTimeout(void* fanout) noexcept {
    Fanout& f = *static_cast<Fanout*>(fanout);
    f.timer = 0;
    f.lookup->fanout = 0;
    f.room->count().group_timeouts.add();
    f.room->groups().fail(f, "group_notfound");
}

void Groups::onMembers(void* lookup, Status st, std::span<const std::string_view> users) noexcept {
    const std::unique_ptr<Lookup> asked(static_cast<Lookup*>(lookup));
    Groups& groups = asked->room->groups();
    --groups.lookups_;
    Fanout* f = groups.find(asked->fanout);
    if (f == nullptr) return;  // too late
    f->lookup = nullptr;
    groups.room_.loop().cancelTimer(std::exchange(f->timer, 0));
    groups.answered(*f, st, users);
}

void Groups::answered(Fanout& f, Status st, std::span<const std::string_view> names) {
    // He has no ack, so nothing was promised; and what he sends after a reconnect is not overtaken.
    if (f.sender != 0 && room_.sessions().find(f.sender) == nullptr) {
        release(f);
        return;
    }
    if (st != Status::kOk) {
        fail(f, "group_notfound");
        return;
    }
    if (names.size() > room_.settings().group_members_max) {
        room_.count().group_too_large.add();
        fail(f, "group_too_large");
        return;
    }
    Roster roster = rosters_.read(names, f.domain, f.from_bare);
    room_.count().group_names_invalid.add(roster.skipped);
    if (roster.members < kMembersMin) {
        fail(f, "group_notfound");
    } else if (f.sender != 0 && !roster.has_sender) {
        fail(f, "no_permission");
    } else {
        toMembers(f, std::move(roster));
    }
}

void Groups::toMembers(Fanout& f, Roster roster) {
    const auto text = GroupText::of(std::move(f.base), reader_);
    if (text == nullptr) {
        fail(f, reasonOf(Outcome::kRejected));
        return;
    }
    const bool counted = f.done != nullptr || room_.settings().ack != AckMode::kFast;
    f.uncopied = f.unsettled = 1;
    // The own loop's portion last: what it does may answer at once, and others work meanwhile.
    const uint32_t own = room_.loop().index();
    const uint32_t loops = room_.world().loops.size();
    for (uint32_t i = 1; i <= loops; ++i) {
        const uint32_t loop = (own + i) % loops;
        if (roster.by_loop[loop].size() == 0) continue;
        auto portion = std::make_unique<Portion>();
        portion->text = text;
        portion->members = std::move(roster.by_loop[loop]);
        portion->counted = counted;
        ++f.uncopied;
        ++f.unsettled;
        send(f, std::move(portion), loop);
    }
    if (f.uncopied > 1 && !f.parked) {
        if (Session* s = room_.sessions().find(f.sender)) {
            f.parked = true;
            room_.pause(*s, kPauseGroup);
        }
    }
    hear(f.number, {true, true, Outcome::kAck});
}

void Groups::send(Fanout& f, std::unique_ptr<Portion> portion, uint32_t loop) {
    portion->home = &room_;
    portion->fanout = f.number;
    Room& there = *room_.world().rooms[loop];
    if (&there == &room_) {
        room_.portions().take(std::move(portion));
        return;
    }
    // Not a request that a full mailbox may refuse: each session has at most one under way.
    Portion* crossing = portion.release();
    if (room_.world().loops.at(loop).post(
            {onPortion, &there, reinterpret_cast<uint64_t>(crossing), 0},
            loop::PostClass::kReply)) {
        return;
    }
    portion.reset(crossing);  // that loop has ended
    hear(f.number, {true, true, Outcome::kBusy});
}

void Groups::onPortion(void* room, uint64_t portion, uint64_t) noexcept {
    static_cast<Room*>(room)->portions().take(
        std::unique_ptr<Portion>(reinterpret_cast<Portion*>(portion)));
}

void Groups::report(Room& here, Room& home, uint64_t fanout, Report report) {
    if (&here == &home) {
        home.groups().hear(fanout, report);
        return;
    }
    const uint64_t word = (report.copied ? 1u : 0u) | (report.settled ? 2u : 0u) |
                          static_cast<uint64_t>(report.outcome) << 2;
    (void)home.loop().post({onReport, &home, fanout, word}, loop::PostClass::kReply);
}

void Groups::onReport(void* room, uint64_t fanout, uint64_t word) noexcept {
    static_cast<Room*>(room)->groups().hear(
        fanout, {(word & 1) != 0, (word & 2) != 0, static_cast<Outcome>(word >> 2)});
}

void Groups::hear(uint64_t fanout, Report report) {
    Fanout* f = find(fanout);
    if (f == nullptr) return;
    if (report.copied && --f->uncopied == 0) unparkSender(*f);
    if (!report.settled) return;
    if (f->outcome == Outcome::kAck) f->outcome = report.outcome;
    if (--f->unsettled == 0) finish(*f);
}

void Groups::unparkSender(Fanout& f) {
    // Once: by now he may wait for his next group packet.
    if (!std::exchange(f.parked, false)) return;
    if (Session* s = room_.sessions().find(f.sender)) room_.resume(*s, kPauseGroup);
}

// Every copy has met its fate: the sender hears it.
void Groups::finish(Fanout& f) {
    if (f.outcome != Outcome::kAck) {
        fail(f, reasonOf(f.outcome));
        return;
    }
    unparkSender(f);
    if (f.done != nullptr) {
        const auto done = f.done;
        void* user = f.user;
        release(f);
        done(user, Outcome::kAck, {});
        return;
    }
    const std::string id = std::move(f.id);
    const uint64_t ct_ms = f.ct_ms;
    const SessionId sender = f.sender;
    release(f);
    room_.router().acknowledge(sender, id, ct_ms);
}

void Groups::fail(Fanout& f, std::string_view reason) {
    unparkSender(f);
    const std::string why(reason);
    if (f.done != nullptr) {
        const auto done = f.done;
        void* user = f.user;
        const Outcome outcome = f.outcome == Outcome::kAck ? Outcome::kRejected : f.outcome;
        release(f);
        done(user, outcome, why);
        return;
    }
    const std::string id = std::move(f.id);
    const SessionId sender = f.sender;
    release(f);
    Session* s = room_.sessions().find(sender);
    if (s != nullptr && s->state == SessionState::kOnline) room_.router().refuse(*s, id, why);
}

}  // namespace sara::chat
