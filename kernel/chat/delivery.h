// A packet has reached the loop of its recipient. Decides whether it goes to his connection or to
// his backlog, when the sender's ack is due (the promise: acknowledged by the recipient or durably
// stored, never before), and what is kept when a session ends.
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "chat/packet.h"
#include "chat/session.h"
#include "chat/unacked.h"

namespace sara::chat {

class Delivery {
  public:
    explicit Delivery(Room& room);

    // For whoever to() names on this loop.
    void deliver(Packet packet);
    // The recipient acknowledges an id: of a live packet, of a stored one, or of his login.
    void acknowledged(Session& s, std::string_view id);
    // What this session was sent and may not have is stored, in order. written: bytes that left.
    void keep(Session& s, uint64_t written);
    // An append of a held packet has ended.
    void stored(Unacked& u, uint64_t seq);
    void storeFailed(Unacked& u);
    UnackedTable& unacked() { return unacked_; }
    // Forgets written packets that wanted no ack.
    void prune(Session& s);

  private:
    void send(Session& s, Packet packet);
    // What he holds and the store has not, in order: whatever is stored next stands behind it.
    void storeFresh(Session& s);
    void offline(Packet packet);
    void holdFor(Unacked& u, uint64_t delay_ms);
    void armHold();
    static void onHold(void* delivery) noexcept;
    void holdTick();

    Room& room_;
    UnackedTable unacked_;
    uint64_t hold_timer_ = 0;
    std::vector<StoredRef> refs_;  // scratch
};

}  // namespace sara::chat
