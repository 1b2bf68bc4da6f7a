// The chat room of one loop: its sessions and the calls that transports make. Decides the life of a
// session (open, move, idle, close) and holds together the parts that decide the rest: login,
// routing, delivery, backlog. Knows no socket, no store product and no ABI table.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "chat/admission.h"
#include "chat/backlog.h"
#include "chat/chat_counters.h"
#include "chat/delivery.h"
#include "chat/groups.h"
#include "chat/login.h"
#include "chat/portions.h"
#include "chat/ports.h"
#include "chat/replies.h"
#include "chat/router.h"
#include "chat/session_pool.h"
#include "chat/settings.h"
#include "chat/user_table.h"
#include "loop/log.h"
#include "loop/loop_set.h"

namespace sara::chat {

// What all rooms of the process share. Outlives them.
struct RoomWorld {
    const Settings& settings;
    loop::LoopSet& loops;
    Admission& admission;
    HookPort& hooks;
    StorePort& store;
    AuthPort* auth;  // nullptr: no auth plugin
    IdSource& ids;   // [any]
    loop::Log& log;
    CallbackPort* callback = nullptr;  // nullptr: every group is group_notfound
    std::vector<Room*> rooms{};        // by loop
};

struct NewConn {
    WirePort* wire;
    uint64_t conn;
    std::string_view transport;  // lives as long as the wire
    std::string_view peer_ip;
    uint16_t peer_port;
};

enum class Sent {
    kQueued,
    kRefused,  // the connection is closing; closed() will come
    kGone      // the session was ended
};

class Room {
  public:
    Room(RoomWorld& world, uint32_t loop);
    ~Room();
    Room(const Room&) = delete;
    Room& operator=(const Room&) = delete;

    // The gate; all [loop]. As sara_gate.
    Status open(const NewConn& conn, SessionId& session);
    Status frame(SessionId session, std::string_view body, Move& move);
    Status heartbeat(SessionId session);
    void activity(SessionId session);
    void violation(SessionId session, std::string_view reason);
    Status arrive(uint64_t ticket, uint64_t conn, SessionId& session);
    // [any]
    static void abandon(RoomWorld& world, uint64_t ticket);
    void closed(SessionId session, std::string_view reason, uint64_t written);
    void drained(SessionId session);
    uint64_t frameBytesMax(SessionId session);

    // [loop] Ends every session, keeps what they have not acknowledged; nobody is let in any more.
    void drain();
    // [loop] No session, nothing on its way to the store.
    bool idle() const;

    // For the parts. All [loop].
    RoomWorld& world() { return world_; }
    const Settings& settings() const { return world_.settings; }
    const ChatCounters& count() const { return count_; }
    loop::EventLoop& loop() { return loop_; }
    SessionPool& sessions() { return sessions_; }
    UserTable& users() { return users_; }
    Replies& replies() { return replies_; }
    Login& login() { return login_; }
    Router& router() { return router_; }
    Delivery& delivery() { return delivery_; }
    Backlog& backlog() { return backlog_; }
    Portions& portions() { return portions_; }
    Groups& groups() { return groups_; }

    // Queues one packet of the server's or another's; cuts the client when its queue is above
    // queue_bytes_max.
    Sent transmit(Session& s, std::span<const std::string_view> pieces);
    Sent transmit(Session& s, std::string_view packet);
    void notify(Session& s, std::string_view id, std::string_view reason);
    void pause(Session& s, PauseReason why);
    void resume(Session& s, PauseReason why);
    // Bytes that have left, as far as the transport knows.
    uint64_t writtenOf(Session& s);
    // Ends the session and closes its connection; what is queued gets flush_ms.
    void end(Session& s, std::string_view reason, uint32_t flush_ms);
    // The idle check of a session that is now online.
    void watchIdle(Session& s);
    // False: timers_max.
    [[nodiscard]] bool setTimer(Session& s, uint64_t delay_ms, loop::EventLoop::Fn fn);

  private:
    friend class Login;
    Status afterFrame(SessionId session);
    void countRate(Session& s, size_t bytes);
    void echo(Session& s);
    static void onRateWindow(void* session) noexcept;
    static void onIdle(void* session) noexcept;
    static void onOpenHook(Room& room, SessionId session, uint64_t arg,
                           const HookAnswer& a) noexcept;
    void forget(Session& s, std::string_view reason, bool logged_in);
    bool beginEnd(Session& s);
    void connTap(HookPoint p, const Session& s, std::string_view reason);
    Session& newSession(const NewConn& conn);

    RoomWorld& world_;
    loop::EventLoop& loop_;
    const ChatCounters& count_;
    SessionPool sessions_;
    UserTable users_;
    Replies replies_;
    Backlog backlog_;
    Delivery delivery_;
    Router router_;
    Login login_;
    Portions portions_;
    Groups groups_;
    bool draining_ = false;
};

}  // namespace sara::chat
