// The members of a fan-out who live on this loop. Decides how many copies one turn makes
// (group_turn_copies_max, fairly among the fan-outs that wait), when it waits instead (store
// behind, no memory), and what became of all of them; the loop of the sender hears twice: when
// every copy is on its way, and when every copy is safe. Refuses to go on with a portion that gets
// nowhere for group_timeout_ms.
#pragma once
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "chat/group_text.h"
#include "chat/outcome.h"
#include "chat/roster.h"

namespace sara::chat {

class Room;

// Crosses to its loop as one pointer.
struct Portion {
    Room* home = nullptr;  // of the fan-out
    uint64_t fanout = 0;   // its number there
    std::shared_ptr<const GroupText> text;
    MemberList members;
    Packet single;        // instead of text and members: one packet as it is
    bool counted = true;  // somebody waits for the outcome
    bool lenient = true;  // a member who cannot be given his copy does not fail the others

    // Of the loop where it works.
    uint64_t tally = 0;        // its number, in the facts of its copies
    uint32_t next = 0;         // member
    uint64_t copy_bytes = 0;   // about what one copy holds
    uint32_t open = 1;         // copies that are not safe yet; one more while copies are made
    uint64_t progress_ms = 0;  // when the last copy was made
    Outcome outcome = Outcome::kAck;

    uint32_t size() const { return single ? 1 : members.size(); }
};

class Portions {
  public:
    // Copies that one turn makes, all fan-outs together: what keeps a turn below 5 ms, writes
    // included. docs/limits.md: group_turn_copies_max
    static constexpr uint32_t kTurnCopies = 256;
    // Copies on this loop that are not safe yet, however large the group and the packet; above it
    // fan-outs wait. docs/limits.md: group_copies_bytes_max
    static constexpr uint64_t kCopiesBytes = 64 << 20;

    explicit Portions(Room& room) : room_(room) {}
    ~Portions();

    // Takes the portion over; what fits into this turn is on its way when it returns.
    void take(std::unique_ptr<Portion> portion);
    // The fate of one copy of ours, by the tally of its facts. Counts once per copy.
    void settle(PacketFacts& facts, Outcome outcome);
    // Nothing waits to be copied.
    bool idle() const { return waiting_.empty(); }

  private:
    struct Place {
        std::unique_ptr<Portion> portion;
        uint32_t generation = 1;
    };
    Portion* find(uint64_t tally);
    void run();
    bool copies(Portion& p, uint32_t count);
    bool mayGoOn(const Portion& p) const;
    bool make(Portion& p);
    void giveUp(Portion& p);
    void copied(Portion& p);
    void settled(Portion& p, bool copied_now);
    bool forgives(const Portion& p, Outcome outcome) const;
    void later(bool stalled);
    static void onTurn(void* self, uint64_t a, uint64_t b) noexcept;
    static void onTimer(void* self) noexcept;

    Room& room_;
    std::vector<Place> places_;
    std::vector<uint32_t> free_;
    std::deque<uint64_t> waiting_;  // tallies, the next one to work first
    uint64_t turn_ = UINT64_MAX;    // of the loop, that spent_ counts for
    uint32_t spent_ = 0;
    uint64_t open_bytes_ = 0;  // of counted copies that are not safe yet
    bool running_ = false;
    bool scheduled_ = false;
};

}  // namespace sara::chat
