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
    // away: no other session of the user takes its place.
    void keep(Session& s, uint64_t written, bool away);
    // An append of a held packet has ended.
    // False: a packet in front of it could not be stored, so its place would be wrong; both are
    // tried again in order.
    bool stored(Unacked& u, uint64_t seq);
    void storeFailed(Unacked& u);
    UnackedTable& unacked() { return unacked_; }
    // Forgets written packets that wanted no ack.
    void prune(Session& s);

  private:
    void send(Session& s, Packet packet);
    void offline(Packet packet, bool keeping);
    void storeBehind(Session& s, Packet packet);
    bool storeInOrder(Session& s, Unacked* last, uint64_t order_max);
    static bool failedBefore(const Session& s, const Unacked& u);
    void hold(Unacked& u, bool retry);
    void armHold(bool retry);
    void holdTick(bool retry);
    static void onHold(void* delivery) noexcept;
    static void onRetry(void* delivery) noexcept;

    Room& room_;
    UnackedTable unacked_;
    uint64_t hold_timers_[2] = {};  // of the two lists of unacked_
    std::vector<StoredRef> refs_;   // scratch
};

}  // namespace sara::chat
