// What the chat room needs from the outside, as interfaces: connections, store, auth, hooks, ids.
// Decides nothing; kernel/bus implements them over the plugin tables, tests with fakes. Every
// asynchronous call completes exactly once, on the loop that asked, never inside the call.
#pragma once
#include <atomic>
#include <cstdint>
#include <span>
#include <string_view>

#include "chat/packet.h"
#include "sara/result.hpp"

namespace sara::chat {

class Room;

enum class Control : uint32_t { kHeartbeat = 2, kKill = 3 };

// One transport plugin; conn is its own handle. All [loop]. As sara_transport.
class WirePort {
  public:
    static constexpr size_t kSendPiecesMax = 32;
    virtual ~WirePort() = default;
    // One packet in at most kSendPiecesMax pieces. end_offset: bytes queued on this connection
    // since it began, this packet included.
    virtual Status send(uint64_t conn, std::span<const std::string_view> pieces,
                        uint64_t& end_offset) = 0;
    virtual void control(uint64_t conn, Control c) = 0;
    // The kernel hears nothing of this connection any more. flush_ms 0: queued bytes are dropped.
    virtual void close(uint64_t conn, std::string_view reason, uint32_t flush_ms) = 0;
    virtual void pauseRead(uint64_t conn, bool on) = 0;
    virtual uint64_t written(uint64_t conn) = 0;
};

struct StoredView {
    uint64_t seq;
    std::string_view id;
    std::string_view from;
    std::string_view packet;
};
struct StoredRef {
    uint64_t seq;
    std::string_view id;
};

// The backlog. As sara_store; every call [loop], in order per user.
class StorePort {
  public:
    using AppendDone = void (*)(void* user, Status st, uint64_t seq) noexcept;
    using FetchDone = void (*)(void* user, Status st, std::span<const StoredView> packets,
                               bool more) noexcept;

    virtual ~StorePort() = default;
    // Takes its own reference of the packet.
    virtual void append(const Packet& packet, uint64_t expires_ms, AppendDone done, void* user) = 0;
    virtual void fetch(std::string_view user_jid, uint64_t after_seq, uint32_t count,
                       uint64_t bytes_max, FetchDone done, void* user) = 0;
    virtual void drop(std::string_view user_jid, std::span<const StoredRef> refs) = 0;
    // Inside an append's completion only: packets that wait for its user, 0 when unknown.
    virtual uint64_t waiting() const { return 0; }
};

struct AuthQuestion {
    std::string_view user, domain, jid, password, peer_ip, transport;
};

class AuthPort {
  public:
    using Done = void (*)(void* user, Status st) noexcept;
    virtual ~AuthPort() = default;
    virtual void check(const AuthQuestion& question, Done done, void* user) = 0;
};

// The operator's own backend. As sara_callback; all [loop].
class CallbackPort {
  public:
    // users: names as the backend gives them, valid until the call returns. kNotFound: no such
    // group.
    using MembersDone = void (*)(void* user, Status st,
                                 std::span<const std::string_view> users) noexcept;

    virtual ~CallbackPort() = default;
    // The one call of the room that may complete inside itself: an answer that is at hand costs a
    // group packet no turn.
    virtual void members(std::string_view gid, std::string_view domain, MembersDone done,
                         void* user) = 0;
    // This packet waits for user in the store. total: packets that wait for him, 0 when unknown.
    virtual void offline(std::string_view user_jid, const Packet& packet, uint64_t total) = 0;
};

enum class HookPoint : uint32_t {
    kConnOpen,
    kConnClose,
    kSessionLogin,
    kSessionOnline,
    kPacketIn,
    kPacketRoute,
    kPacketDeliver,
    kPacketOffline,
    kPacketAck,
    kGroupExpand
};

enum class Verdict : int32_t { kPass = 0, kAccept = 1, kDone = 2, kReject = 3, kSuspend = 4 };

// What the filters said. Views live until the call that brought them returns.
struct HookAnswer {
    Verdict verdict = Verdict::kPass;
    std::string_view reason;     // of a rejection; may be empty
    std::string_view redirect;   // another "to"; packet.in and packet.route
    std::string_view text;       // the packet's text, when a filter replaced it
    std::string_view members{};  // group.expand: comma separated jids, when a filter gave them
};

struct ConnFacts {
    std::string_view transport;
    std::string_view peer;  // "ip:port"
    std::string_view reason;
};

struct GroupFacts {
    std::string_view gid, domain, from;
};

struct LoginFacts {
    std::string_view jid, user, domain, resource, password;
};

// Filters and taps of plugins. When nobody subscribed, wants() is false and nothing else is called.
class HookPort {
  public:
    // Continues what a filter suspended: runs on the same loop, later, exactly once. arg as given.
    using Continue = void (*)(Room& room, SessionId session, uint64_t arg,
                              const HookAnswer& answer) noexcept;

    virtual ~HookPort() = default;
    bool wants(HookPoint p) const {
        return (mask_.load(std::memory_order_relaxed) >> static_cast<uint32_t>(p)) & 1u;
    }
    virtual HookAnswer conn(HookPoint p, Room& room, SessionId session, const ConnFacts& facts,
                            Continue resume, uint64_t arg) = 0;
    virtual HookAnswer login(HookPoint p, Room& room, SessionId session, const LoginFacts& facts,
                             Continue resume, uint64_t arg) = 0;
    virtual HookAnswer packet(HookPoint p, Room& room, SessionId session, const Packet& packet,
                              Continue resume, uint64_t arg) = 0;
    virtual HookAnswer group(HookPoint p, Room& room, SessionId session, const GroupFacts& facts,
                             Continue resume, uint64_t arg) = 0;

  protected:
    std::atomic<uint32_t> mask_{0};  // one bit per HookPoint
};

// Ids that nobody can guess. [loop]
class IdSource {
  public:
    virtual ~IdSource() = default;
    virtual void uuid(char (&out)[36]) = 0;
};

}  // namespace sara::chat
