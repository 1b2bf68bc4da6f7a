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
    Unacked *hold_prev = nullptr, *hold_next = nullptr;  // by due time
    uint64_t due_ms = 0;
    uint64_t order = 0;
    uint64_t seq = 0;
    uint32_t hash = 0;
    Held held = Held::kFresh;
    bool holding = false;
};

class UnackedTable {
  public:
    UnackedTable();
    ~UnackedTable();

    // At the end of the session's list; not held yet.
    Unacked& add(Session& s, Packet packet);
    // The oldest packet of this session with this id.
    Unacked* find(const Session& s, std::string_view id);
    // Takes it out of everything and gives the packet back.
    Packet remove(Unacked& u);
    // Will be due at due_ms; calls come with due times that do not fall, or the entry goes to the
    // front part by a walk from the end.
    void hold(Unacked& u, uint64_t due_ms);
    void unhold(Unacked& u);
    Unacked* firstDue() { return hold_first_; }
    uint32_t size() const { return size_; }

  private:
    uint32_t hashOf(const Session& s, std::string_view id) const;
    void grow();

    std::vector<Unacked*> buckets_;
    std::vector<std::unique_ptr<Unacked[]>> chunks_;
    Unacked* free_ = nullptr;
    Unacked *hold_first_ = nullptr, *hold_last_ = nullptr;
    uint32_t size_ = 0;
};

}  // namespace sara::chat
