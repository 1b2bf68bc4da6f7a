// The chat room's side of the store. Decides when a packet counts as stored, how many may be on
// their way (store_inflight_max, and senders wait before that), and in which pieces a backlog comes
// back.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "chat/delay_policy.h"
#include "chat/envelope.h"
#include "chat/packet.h"
#include "chat/ports.h"
#include "chat/session.h"

namespace sara::chat {

struct Unacked;

// One append that has not completed.
struct AppendOp {
    Room* room = nullptr;
    Packet packet;
    Unacked* entry = nullptr;    // a held packet whose session still lives
    SessionId unwritten_of = 0;  // wants no ack and sits in this session's queue up to end_offset
    uint64_t end_offset = 0;
    bool drop_after = false;  // acknowledged meanwhile
    bool throttled = false;
    bool away = false;         // nobody of that name is online
    bool again = false;        // its place is wrong: to be stored once more, behind the others
    AppendOp* next = nullptr;  // free list
};

// A stored packet that a rule of DelayPolicy may still leave out.
struct DelayRow {
    uint64_t seq;
    uint32_t type;
    std::string id, from, packet;
};

// One read of a backlog that has not completed.
struct Fetch {
    Room* room;
    SessionId session;
    uint64_t after_seq = 0;
    uint64_t total = 0;  // packets of the login reply so far
    uint64_t bytes = 0;  // of their texts
    // Their texts, each with a comma but the first of all. One string per page that was read: one
    // that grew over the pages would be copied as often as it doubles.
    std::vector<std::string> pages{};
    std::vector<DelayRow> rows{};     // all of it, only while a DelayPolicy is active
    std::vector<uint64_t> dropped{};  // acknowledged since the read began: not to be sent again
};

class Backlog {
  public:
    explicit Backlog(Room& room);
    ~Backlog();

    // Stores the packet, then answers its sender. away: because the user is not here.
    void store(Packet packet, bool away);
    // The same for what a session leaves behind: refused by the store only.
    void keep(Packet packet);
    // Stores a packet that is also in flight to its recipient. False: too many on their way, try
    // later.
    bool storeHeld(Unacked& u);
    // Stores a packet that wants no ack and may still be in the queue of its recipient; forgotten
    // when its bytes have left. Not while full().
    void storeUnwritten(const Session& s, Packet packet, uint64_t end_offset);
    bool full() const;
    // Who can wait with more should.
    bool crowded() const;
    // Tells the operator's backend that a stored packet waits for somebody who is away.
    void noticeOffline(const Packet& packet);
    // Forgets stored packets of this user.
    void drop(Session& s, std::span<const StoredRef> refs);
    // Reads what waits for a user who logs in; ends in Login::finish().
    void fetchForLogin(Session& s);
    // Goes on with a backlog that did not fit into the login reply, when the client has room.
    void pump(Session& s);
    uint32_t inflight() const { return inflight_; }

  private:
    AppendOp& claimOp();
    void releaseOp(AppendOp& op);
    void append(AppendOp& op);
    void appended(AppendOp& op, Status st, uint64_t seq);
    bool stands(AppendOp& op, uint64_t seq);
    void failed(AppendOp& op, Status st);
    void forget(std::string_view user, uint64_t seq, std::string_view id);
    void watchStore(Status st);
    void storedUnwritten(const AppendOp& op, uint64_t seq);
    void fetchNext(Fetch& fetch);
    bool alreadySent(const Session& s, const Fetch& fetch, const StoredView& p);
    void addToReply(Fetch& fetch, Session& s, uint64_t seq, std::string_view id,
                    std::string_view packet);
    void applyPolicy(Fetch& fetch, Session& s);
    uint32_t typeOf(std::string_view packet);
    void collect(Fetch& fetch, Session& s, std::span<const StoredView> packets, bool more);
    void pumped(Session& s, const Fetch& fetch, std::span<const StoredView> packets, bool more);
    bool sendStored(Session& s, const StoredView& p);
    void retryPump(Session& s, uint64_t delay_ms);
    static void onAppended(void* op, Status st, uint64_t seq) noexcept;
    static void onFetched(void* fetch, Status st, std::span<const StoredView> packets,
                          bool more) noexcept;
    static void onPumpTimer(void* session) noexcept;
    static void onPumped(void* fetch, Status st, std::span<const StoredView> packets,
                         bool more) noexcept;

    Room& room_;
    uint32_t inflight_ = 0;
    bool store_fails_ = false;  // and the log says so
    std::vector<std::unique_ptr<AppendOp[]>> chunks_;
    AppendOp* free_ = nullptr;
    const DelayPolicy policy_;
    EnvelopeReader reader_;
    std::string scratch_;
};

}  // namespace sara::chat
