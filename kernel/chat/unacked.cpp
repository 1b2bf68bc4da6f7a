#include "chat/unacked.h"

#include <cassert>

#include "chat/text_hash.h"

namespace sara::chat {
namespace {

constexpr size_t kBucketsMin = 256;
constexpr size_t kChunkEntries = 256;

}  // namespace

UnackedTable::UnackedTable(uint64_t seed) : seed_(seed), buckets_(kBucketsMin, nullptr) {}
UnackedTable::~UnackedTable() = default;

uint32_t UnackedTable::hashOf(const Session& s, std::string_view id) const {
    return static_cast<uint32_t>(hashText(s.id ^ seed_, id));
}

void UnackedTable::grow() {
    std::vector<Unacked*> old(buckets_.size() * 2, nullptr);
    old.swap(buckets_);
    // Reversed first, so that the oldest of one id stays in front.
    for (Unacked* chain : old) {
        Unacked* reversed = nullptr;
        while (chain != nullptr) {
            Unacked* next = chain->bucket_next;
            chain->bucket_next = reversed;
            reversed = chain;
            chain = next;
        }
        while (reversed != nullptr) {
            Unacked* next = reversed->bucket_next;
            Unacked*& bucket = buckets_[reversed->hash & (buckets_.size() - 1)];
            reversed->bucket_next = bucket;
            bucket = reversed;
            reversed = next;
        }
    }
}

Unacked& UnackedTable::add(Session& s, Packet packet) {
    if (free_ == nullptr) {
        chunks_.push_back(std::make_unique<Unacked[]>(kChunkEntries));
        for (size_t i = 0; i < kChunkEntries; ++i) {
            chunks_.back()[i].next = free_;
            free_ = &chunks_.back()[i];
        }
    }
    if (size_ > buckets_.size()) grow();
    Unacked& u = *free_;
    free_ = u.next;
    u.packet = std::move(packet);
    u.session = &s;
    u.op = nullptr;
    u.order = s.order;
    u.seq = 0;
    u.held = Held::kFresh;
    u.holding = false;
    u.failed = false;
    u.hash = hashOf(s, u.packet.id());
    // Behind the others of its bucket: find() gives the oldest.
    Unacked** link = &buckets_[u.hash & (buckets_.size() - 1)];
    while (*link != nullptr) link = &(*link)->bucket_next;
    *link = &u;
    u.bucket_next = nullptr;
    u.next = nullptr;
    u.prev = s.unacked_last;
    (s.unacked_last ? s.unacked_last->next : s.unacked_first) = &u;
    s.unacked_last = &u;
    ++s.unacked_count;
    ++size_;
    return u;
}

Unacked* UnackedTable::find(const Session& s, std::string_view id) {
    const uint32_t hash = hashOf(s, id);
    Unacked* u = buckets_[hash & (buckets_.size() - 1)];
    while (u != nullptr && (u->hash != hash || u->session != &s || u->packet.id() != id)) {
        u = u->bucket_next;
    }
    return u;
}

const Unacked* UnackedTable::findStored(const Session& s, std::string_view id, uint64_t seq) const {
    const Unacked* u = buckets_[hashOf(s, id) & (buckets_.size() - 1)];
    while (u != nullptr && (u->session != &s || u->held != Held::kStored || u->seq != seq ||
                            u->packet.id() != id)) {
        u = u->bucket_next;
    }
    return u;
}

Packet UnackedTable::remove(Unacked& u) {
    unhold(u);
    Unacked** link = &buckets_[u.hash & (buckets_.size() - 1)];
    while (*link != &u) link = &(*link)->bucket_next;
    *link = u.bucket_next;
    Session& s = *u.session;
    (u.prev ? u.prev->next : s.unacked_first) = u.next;
    (u.next ? u.next->prev : s.unacked_last) = u.prev;
    --s.unacked_count;
    if (u.failed) --s.failed_count;
    --size_;
    Packet packet = std::move(u.packet);
    u.session = nullptr;
    u.next = free_;
    free_ = &u;
    return packet;
}

void UnackedTable::hold(Unacked& u, uint64_t due_ms, bool retry) {
    HoldList& list = holds_[retry];
    assert(!u.holding && (list.last == nullptr || list.last->due_ms <= due_ms));
    u.holding = true;
    u.retry = retry;
    u.due_ms = due_ms;
    u.hold_prev = list.last;
    u.hold_next = nullptr;
    (list.last ? list.last->hold_next : list.first) = &u;
    list.last = &u;
}

void UnackedTable::unhold(Unacked& u) {
    if (!u.holding) return;
    u.holding = false;
    HoldList& list = holds_[u.retry];
    (u.hold_prev ? u.hold_prev->hold_next : list.first) = u.hold_next;
    (u.hold_next ? u.hold_next->hold_prev : list.last) = u.hold_prev;
}

}  // namespace sara::chat
