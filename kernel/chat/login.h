// From the first frame to the login reply. Decides who may log in, in this order: parse, type, jid,
// id, move to the user's loop, filters, auth service; only then is an earlier session replaced, and
// only then is the backlog read. So nobody is disconnected by a stranger, and no packet falls
// between two sessions.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "chat/envelope.h"
#include "chat/ports.h"
#include "chat/session.h"

namespace sara::chat {

// Where a connection goes: its user's loop, and the claim check for it.
struct Move {
    uint32_t loop = 0;
    uint64_t ticket = 0;
};

class Login {
  public:
    explicit Login(Room& room);

    // The first frame of a connection. kMoved: the session has left this loop.
    Status first(Session& s, std::string_view text, Move& move);
    // On the user's loop: asks filters and auth service, reading paused.
    void begin(Session& s);
    void fail(Session& s, std::string_view id, std::string_view reason);
    // The backlog has been read (or could not be).
    void finish(Session& s, Status st, std::span<const std::string_view> pieces, uint64_t total);
    // A second login packet on a session that is online.
    void again(Session& s, const Envelope& e);
    static void deadline(void* session) noexcept;

  private:
    struct AuthCall;
    Status refuse(Session& s, std::string_view id, std::string_view reason);
    void verdict(Session& s, const HookAnswer& answer);
    void ask(Session& s);
    void admit(Session& s);
    static void onHook(Room& room, SessionId session, uint64_t arg,
                       const HookAnswer& answer) noexcept;
    static void onAuth(void* call, Status st) noexcept;
    static void authDeadline(void* session) noexcept;
    static void closeFailed(void* session) noexcept;

    Room& room_;
    EnvelopeReader reader_;
    uint64_t last_turn_ = 0;
};

}  // namespace sara::chat
