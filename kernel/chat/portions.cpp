#include "chat/portions.h"

#include <algorithm>

#include "chat/room.h"

namespace sara::chat {
namespace {

constexpr uint32_t kQuantum = 64;  // copies of one fan-out before the next one's turn
constexpr uint64_t kStallMs = 4;   // the store is behind, or memory is short

}  // namespace

Portions::~Portions() = default;

Portion* Portions::find(uint64_t tally) {
    const auto place = static_cast<uint32_t>(tally) - 1;
    if (tally == 0 || place >= places_.size()) return nullptr;
    return places_[place].generation == tally >> 32 ? places_[place].portion.get() : nullptr;
}

void Portions::take(std::unique_ptr<Portion> portion) {
    if (free_.empty()) {
        free_.push_back(static_cast<uint32_t>(places_.size()));
        places_.emplace_back();
    }
    const uint32_t place = free_.back();
    free_.pop_back();
    portion->tally = uint64_t{places_[place].generation} << 32 | (place + 1);
    portion->progress_ms = room_.loop().nowMs();
    portion->copy_bytes = portion->single ? portion->single.text().size() : portion->text->bytes();
    waiting_.push_back(portion->tally);
    places_[place].portion = std::move(portion);
    if (!running_ && !scheduled_) run();
}

// Round after round, a quantum of each, until nothing waits or the turn has had its share.
void Portions::run() {
    if (turn_ != room_.loop().turns()) {
        turn_ = room_.loop().turns();
        spent_ = 0;
    }
    running_ = true;
    bool stalled = false;
    while (!waiting_.empty() && spent_ < kTurnCopies && !stalled) {
        const uint64_t tally = waiting_.front();
        Portion& p = *find(tally);
        stalled = !copies(p, std::min(kQuantum, kTurnCopies - spent_));
        // Delivery may have brought more portions, but takes none away.
        waiting_.pop_front();
        if (p.next < p.size()) {
            waiting_.push_back(tally);
        } else {
            copied(p);
        }
    }
    running_ = false;
    if (!waiting_.empty()) later(stalled);
}

// Not while the store is behind, nor while too much is under way; one copy always may be.
bool Portions::mayGoOn(const Portion& p) const {
    if (room_.backlog().crowded()) return false;
    return open_bytes_ == 0 || open_bytes_ + p.copy_bytes <= kCopiesBytes;
}

// False: it cannot go on now.
bool Portions::copies(Portion& p, uint32_t count) {
    for (; count > 0 && p.next < p.size(); --count) {
        if (!mayGoOn(p) || !make(p)) {
            if (room_.loop().nowMs() - p.progress_ms < room_.settings().group_timeout_ms) {
                return false;
            }
            giveUp(p);
            return true;
        }
    }
    return true;
}

bool Portions::make(Portion& p) {
    Packet copy;
    if (p.single) {
        copy = std::move(p.single);
        p.members.add({});  // size() stays 1
    } else {
        char uuid[36];
        room_.world().ids.uuid(uuid);
        copy = p.text->copyFor(p.members.at(p.next), {uuid, sizeof uuid});
        if (!copy) {
            room_.count().no_memory.add();
            return false;
        }
    }
    ++p.next;
    ++spent_;
    p.progress_ms = room_.loop().nowMs();
    room_.count().group_copies.add();
    if (p.counted) {
        ++p.open;
        open_bytes_ += p.copy_bytes;
        copy.facts().tally = p.tally;
    } else {
        copy.facts().acked = 1;  // "fast": the sender has his ack, nobody counts
    }
    room_.delivery().deliver(std::move(copy));
    return true;
}

void Portions::giveUp(Portion& p) {
    room_.count().group_timeouts.add();
    p.next = p.size();
    if (p.outcome == Outcome::kAck) p.outcome = Outcome::kBusy;
}

void Portions::copied(Portion& p) {
    p.text.reset();
    if (--p.open == 0) {
        settled(p, true);
    } else {
        Groups::report(room_, *p.home, p.fanout, {true, false, Outcome::kAck});
    }
}

void Portions::settle(PacketFacts& facts, Outcome outcome) {
    if (facts.acked != 0) return;
    facts.acked = 1;
    Portion* p = find(facts.tally);
    if (p == nullptr) return;
    open_bytes_ -= p->copy_bytes;
    if (p->outcome == Outcome::kAck && !forgives(*p, outcome)) p->outcome = outcome;
    if (--p->open == 0) settled(*p, false);
}

// One member whose backlog is full, or whom a filter leaves out, would make the group unusable for
// everybody (decision 0130).
bool Portions::forgives(const Portion& p, Outcome outcome) const {
    if (outcome == Outcome::kAck) return true;
    if (!p.lenient || (outcome != Outcome::kBacklogFull && outcome != Outcome::kRejected)) {
        return false;
    }
    room_.count().group_skipped.add();
    return true;
}

void Portions::settled(Portion& p, bool copied_now) {
    const auto place = static_cast<uint32_t>(p.tally) - 1;
    const std::unique_ptr<Portion> done = std::move(places_[place].portion);
    ++places_[place].generation;
    free_.push_back(place);
    Groups::report(room_, *done->home, done->fanout, {copied_now, true, done->outcome});
}

void Portions::later(bool stalled) {
    if (scheduled_) return;
    scheduled_ = true;
    if (stalled && room_.loop().startTimer(kStallMs, 0, onTimer, this) != 0) return;
    scheduled_ = room_.loop().post({onTurn, this, 0, 0}, loop::PostClass::kReply);
}

void Portions::onTurn(void* self, uint64_t, uint64_t) noexcept {
    auto& portions = *static_cast<Portions*>(self);
    portions.scheduled_ = false;
    portions.run();
}

void Portions::onTimer(void* self) noexcept { onTurn(self, 0, 0); }

}  // namespace sara::chat
