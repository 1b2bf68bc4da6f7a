// The kernel's own commands about sessions: emsg_session.isonline, counter, kick and list. Decides
// what they answer. A user lives on one loop, so each question travels there as a post and is
// answered from there; no loop waits for another. Knows no wire format and no token.
#pragma once
#include <cstdint>

#include "bus/rpc_commands.h"
#include "chat/room.h"

namespace sara::bus {

class SessionCommands {
  public:
    static constexpr uint32_t kListDefault = 100;    // sessions of one page
    static constexpr uint32_t kListMax = 1000;       // docs/limits.md: session_list_max
    static constexpr uint32_t kScanSlotsMax = 4096;  // docs/limits.md: session_scan_max

    // [control] Registers the commands. rooms of world must be filled before the first call; both
    // live longer than the loops run.
    SessionCommands(chat::RoomWorld& world, RpcCommands& commands);
    SessionCommands(const SessionCommands&) = delete;
    SessionCommands& operator=(const SessionCommands&) = delete;

  private:
    struct Question;
    struct Count;
    struct Listing;

    static void onIsOnline(void* self, sara_id token, sara_buf* params) noexcept;
    static void onKick(void* self, sara_id token, sara_buf* params) noexcept;
    static void onCounter(void* self, sara_id token, sara_buf* params) noexcept;
    static void onList(void* self, sara_id token, sara_buf* params) noexcept;

    void askHome(sara_id token, sara_buf* params, bool kick);
    static void atHome(void* self, uint64_t question, uint64_t) noexcept;
    static void countHere(void* self, uint64_t count, uint64_t loop) noexcept;
    static void listHere(void* self, uint64_t listing, uint64_t) noexcept;
    void counted(Count* count);
    bool scan(Listing& listing);
    // [loop] Posts to a loop, this one included; false: its mailbox is full.
    bool post(uint32_t loop, void (*run)(void*, uint64_t, uint64_t) noexcept, void* what,
              uint64_t more = 0);
    void answer(sara_id token, sara_status st, const std::string& json);

    chat::RoomWorld& world_;
    RpcCommands& commands_;
    loop::Counter kicks_;
};

}  // namespace sara::bus
