// Group packets, and packets that the server itself pushes, from their sender's side. Decides who
// the recipients are (filters of group.expand, then the operator's backend), whether the sender is
// one of them, and when he is answered: once every copy is safe, or with the first failure. A
// sender's later packets wait until all copies are on their way, so that nothing overtakes a group
// packet; the wait is bounded by group_timeout_ms. A late answer touches nobody.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chat/envelope.h"
#include "chat/outcome.h"
#include "chat/packet.h"
#include "chat/portions.h"
#include "chat/ports.h"
#include "chat/roster.h"
#include "chat/session.h"

namespace sara::chat {

// What the server itself sends. from, id, ct and ack stand in the packet already.
struct PushOrder {
    Packet packet;
    bool to_group = false;  // packet.gid(), with domain; else packet.toBare()
    std::string domain{};   // of the group's members
    // On the calling loop, once; kAck, or the word for what went wrong.
    void (*done)(void* user, Outcome outcome, std::string_view reason) noexcept = nullptr;
    void* user = nullptr;
};

class Groups {
  public:
    static constexpr size_t kGidBytesMax = 128;     // docs/limits.md: gid_bytes_max
    static constexpr uint32_t kLookupsMax = 4'096;  // per loop; docs/limits.md: group_lookups_max

    // [any] A name that a group may have.
    static bool validGid(std::string_view gid);

    explicit Groups(Room& room);
    ~Groups();

    // The group that a client's packet is for: gid, or what stands before the @ of to. Fills edits
    // where the packet does not say it in gid; views live until the next call. False: no such name.
    bool address(const Envelope& e, EnvelopeEdits& edits);
    // A group packet of this session that has passed packet.in. The session may be gone afterwards.
    void fanOut(Session& s, Packet base);
    void push(PushOrder order);
    // What a portion says to its fan-out: all copies are on their way; all are safe, or not.
    struct Report {
        bool copied;
        bool settled;
        Outcome outcome;
    };
    // [loop] Of the portion.
    static void report(Room& here, Room& home, uint64_t fanout, Report report);

  private:
    struct Fanout;
    struct Lookup;
    Fanout* claim();
    void release(Fanout& f);
    Fanout* find(uint64_t number);
    void expand(Fanout& f);
    void ask(Fanout& f);
    void answered(Fanout& f, Status st, std::span<const std::string_view> names);
    void toMembers(Fanout& f, Roster roster);
    void send(Fanout& f, std::unique_ptr<Portion> portion, uint32_t loop);
    void hear(uint64_t fanout, Report report);
    void unparkSender(Fanout& f);
    void finish(Fanout& f);
    void fail(Fanout& f, std::string_view reason);
    static void onExpanded(Room& room, SessionId session, uint64_t fanout,
                           const HookAnswer& answer) noexcept;
    void expanded(Fanout& f, const HookAnswer& answer);
    static void onMembers(void* lookup, Status st,
                          std::span<const std::string_view> users) noexcept;
    static void onTimeout(void* fanout) noexcept;
    static void onPortion(void* room, uint64_t portion, uint64_t unused) noexcept;
    static void onReport(void* room, uint64_t fanout, uint64_t report) noexcept;

    Room& room_;
    std::vector<std::unique_ptr<Fanout>> fanouts_;
    std::vector<uint32_t> free_;
    uint32_t lookups_ = 0;  // under way, also those that nobody waits for any more
    EnvelopeReader reader_;
    RosterReader rosters_;
    std::string gid_json_;
};

}  // namespace sara::chat
