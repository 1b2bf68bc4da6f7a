// Packets that were sent to a client who was asked for an acknowledgement. Decides how they are
// found (by session and id, oldest first when two senders use one id), and which have waited long
// enough to be stored.
#pragma once
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "chat/packet.h"
#include "chat/session.h"

namespace sara::chat {

struct AppendOp;

enum class Held : uint8_t {
    kFresh,      // only in memory; the sender has no ack
    kAppending,  // on its way to the store
    kStored      // in the store under seq
};

struct Unacked {
    Packet packet;
    Session* session = nullptr;
    AppendOp* op = nullptr;  // while kAppending
    Unacked* bucket_next = nullptr;
    Unacked *prev = nullptr, *next = nullptr;            // of the session, in order of delivery
    Unacked *hold_prev = nullptr, *hold_next = nullptr;  // of its list, by due time
    uint64_t due_ms = 0;
    uint64_t order = 0;
    uint64_t seq = 0;
    uint32_t hash = 0;
    Held held = Held::kFresh;
    bool holding = false;
    bool retry = false;   // which of the two lists holds it
    bool failed = false;  // kFresh because its append failed; counted by its session
};

class UnackedTable {
  public:
    // seed: nobody outside knows it, so that ids cannot be chosen to meet in one bucket.
    explicit UnackedTable(uint64_t seed);
    ~UnackedTable();

    // At the end of the session's list; not held yet.
    Unacked& add(Session& s, Packet packet);
    // The oldest packet of this session with this id.
    Unacked* find(const Session& s, std::string_view id);
    // Takes it out of everything and gives the packet back.
    Packet remove(Unacked& u);
    // The oldest of them that is in the store under seq.
    const Unacked* findStored(const Session& s, std::string_view id, uint64_t seq) const;
    // Will be due at due_ms. Two lists, for due times do not fall within one: what waits for its
    // first try, and what waits longer because the store failed.
    void hold(Unacked& u, uint64_t due_ms, bool retry);
    void unhold(Unacked& u);
    Unacked* firstDue(bool retry) { return holds_[retry].first; }
    uint32_t size() const { return size_; }

  private:
    uint32_t hashOf(const Session& s, std::string_view id) const;
    void grow();

    struct HoldList {
        Unacked *first = nullptr, *last = nullptr;
    };

    const uint64_t seed_;
    std::vector<Unacked*> buckets_;
    std::vector<std::unique_ptr<Unacked[]>> chunks_;
    Unacked* free_ = nullptr;
    HoldList holds_[2];
    uint32_t size_ = 0;
};

}  // namespace sara::chat
