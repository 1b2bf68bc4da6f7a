// The kernel's command emsg_message.push: the server itself sends a packet to a user or a group.
// Decides what a pushed packet may be (any type but a login, from anybody the caller names) and
// answers when the promise of an ack holds: every recipient has it, or it is stored for him.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "bus/rpc_commands.h"
#include "chat/room.h"

namespace sara::bus {

class PushCommand {
  public:
    // [control] Registers the command. rooms of world must be filled before the first call; both
    // live longer than the loops run.
    PushCommand(chat::RoomWorld& world, RpcCommands& commands);
    PushCommand(const PushCommand&) = delete;
    PushCommand& operator=(const PushCommand&) = delete;

  private:
    struct Params;
    struct Waiting;
    static void onPush(void* self, sara_id token, sara_buf* params) noexcept;
    static void onSafe(void* waiting, chat::Outcome outcome, std::string_view reason) noexcept;
    void push(sara_id token, std::string_view params);
    chat::Packet packetOf(const Params& p, std::string_view id);
    void answer(sara_id token, sara_status st, std::string_view name, std::string_view value);

    chat::RoomWorld& world_;
    RpcCommands& commands_;
};

}  // namespace sara::bus
