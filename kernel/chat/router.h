// What a logged-in client may send, and where it goes. Decides by type (protocol 2.9), checks id,
// from and to, stamps and binds the sender, asks the filters of packet.in and packet.route, and
// hands the packet to the recipient's loop.
#pragma once
#include <cstdint>
#include <string_view>

#include "chat/envelope.h"
#include "chat/outcome.h"
#include "chat/packet.h"
#include "chat/ports.h"
#include "chat/replies.h"
#include "chat/session.h"

namespace sara::chat {

class Router {
  public:
    explicit Router(Room& room);

    // One packet of an online session. The session may be gone afterwards.
    void packet(Session& s, std::string_view text);
    // [loop] Tells the sender, on whichever loop he is.
    void answer(Packet packet, Outcome outcome);
    // [loop] The store is behind with this packet: its sender waits until release.
    void throttle(const Packet& packet);
    void unthrottle(const Packet& packet);
    // The server's ack of a group packet, which needs no packet any more.
    void acknowledge(SessionId sender, std::string_view id, uint64_t ct_ms);
    // A notice instead of an ack. The session may be gone afterwards.
    void refuse(Session& s, std::string_view id, std::string_view reason);
    // ids that may not be used: protocol 5.7.
    bool validId(std::string_view id) const;

  private:
    void route(Session& s, std::string_view text, const Envelope& e);
    void afterIn(Session& s, Packet packet, const HookAnswer& answer);
    void afterRoute(Session& s, Packet packet, const HookAnswer& answer);
    void park(Session& s, Packet packet);
    void unpark(SessionId session);
    void dispatch(Session& s, Packet packet);
    void ackNow(Session& s, const Packet& packet);
    void malformed(Session& s);
    bool redirect(Packet& packet, std::string_view to);
    Packet replaceText(const Packet& packet, std::string_view text);
    void answerHere(SessionId sender, Packet packet, Outcome outcome);
    static void onIn(Room& room, SessionId session, uint64_t arg,
                     const HookAnswer& answer) noexcept;
    static void onRoute(Room& room, SessionId session, uint64_t arg,
                        const HookAnswer& answer) noexcept;
    static void onArrive(void* room, uint64_t buffer, uint64_t unused) noexcept;
    static void onAnswer(void* room, uint64_t buffer, uint64_t outcome) noexcept;
    static void onThrottle(void* room, uint64_t session, uint64_t on) noexcept;
    void throttleHere(SessionId sender, bool on);

    Room& room_;
    EnvelopeReader reader_;
    Stamp stamp_;
};

}  // namespace sara::chat
