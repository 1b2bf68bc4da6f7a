// One client connection as the chat room sees it. Decides what a session remembers; belongs to one
// loop, all of it is [loop].
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "chat/batch.h"
#include "chat/packet.h"
#include "chat/ports.h"
#include "chat/unwritten.h"
#include "loop/event_loop.h"

namespace sara::chat {

struct Fetch;
struct Unacked;

enum class SessionState : uint8_t {
    kFree,
    kConnecting,      // conn.open filters are asked
    kNew,             // waits for the login frame
    kAuthenticating,  // waits for filters and the auth service
    kFetching,        // owns the jid, waits for his backlog
    kOnline,
    kFailing,  // the login failed; closes after a pause
    kEnding    // its packets are being kept; its connection is not touched any more
};

// Why reading is paused; reading goes on when no reason is left.
enum PauseReason : uint8_t {
    kPauseLogin = 1,     // auth or backlog
    kPauseRate = 2,      // messages_per_second_max or bytes_per_second_max
    kPauseStore = 4,     // the store is behind with this sender's packets
    kPauseFilter = 8,    // a filter holds a packet of this session
    kPauseFailing = 16,  // a failed login waits for its close
    kPauseGroup = 32     // a group packet is on its way to its members
};

struct Session {
    SessionId id = 0;
    SessionState state = SessionState::kFree;
    uint8_t pauses = 0;         // PauseReason bits
    bool behind = false;        // packets of this user wait in the store and go first
    bool behind_dirty = false;  // something was added to the backlog since it was last read
    bool parked = false;        // a filter holds a packet of this session
    uint16_t bare_len = 0;
    uint16_t peer_port = 0;
    uint32_t throttles = 0;  // packets of this session for which the store is behind

    Room* room = nullptr;
    WirePort* wire = nullptr;
    uint64_t conn = 0;
    std::string_view transport;  // interned by the bus
    std::string peer_ip;
    std::string jid;       // full, as the client wrote it
    std::string jid_json;  // the same, escaped; empty when it needs no escapes
    std::string login_id;
    std::string password;     // only until the login is decided
    uint64_t login_turn = 0;  // which login of this loop this is, from the oldest to the newest

    loop::TimerId timer = 0;  // login deadline, then idle check
    loop::TimerId rate_timer = 0;
    loop::TimerId pump_timer = 0;
    uint64_t last_active_ms = 0;
    uint64_t window_ms = 0;  // begin of the second that the two next count
    uint64_t window_bytes = 0;
    uint32_t window_messages = 0;

    uint32_t unacked_count = 0;
    uint32_t failed_count = 0;  // of them, with an append that failed and is not repeated yet
    Unacked* unacked_first = nullptr;  // in order of delivery
    Unacked* unacked_last = nullptr;
    uint64_t order = 0;            // of the last packet delivered to this session
    uint64_t queued_end = 0;       // bytes given to the transport
    uint64_t written_seen = 0;     // bytes it had written when last asked
    uint64_t queue_allowance = 0;  // size of a login reply that may exceed queue_bytes_max
    uint64_t last_seq = 0;         // of the backlog, as far as it was read
    uint64_t echo_mark = 0;        // written_seen when heartbeat echoes were last counted from 0
    uint32_t echoes = 0;           // heartbeats answered since
    std::unique_ptr<UnwrittenQueue> unwritten;
    Fetch* fetch = nullptr;        // a read of the backlog that is under way
    std::unique_ptr<Batch> batch;  // what came from the store and is not yet acknowledged

    std::string_view bare() const { return std::string_view(jid).substr(0, bare_len); }
    std::string_view jidJson() const { return jid_json.empty() ? jid : jid_json; }
};

}  // namespace sara::chat
