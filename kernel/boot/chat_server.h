// The chat rooms of all loops with everything they ask: store, auth, hooks, gate. Decides how they
// are put together and how they end; knows no file and no signal.
#pragma once
#include <memory>
#include <vector>

#include "boot/random_ids.h"
#include "bus/auth_bus.h"
#include "bus/bus.h"
#include "bus/callback_bus.h"
#include "bus/chat_hooks.h"
#include "bus/push_command.h"
#include "bus/session_commands.h"
#include "bus/store_bus.h"
#include "bus/transport_bus.h"
#include "chat/room.h"

namespace sara::boot {

class ChatServer {
  public:
    // Before the plugins are initialised: they look for the gate. settings are kept.
    ChatServer(chat::Settings settings, loop::LoopSet& loops, bus::Bus& bus, loop::Log& log);
    ~ChatServer();  // loops stopped

    // [control] After the plugins have subscribed, before the first connection.
    void open();
    // [control] Ends all sessions; what they have not acknowledged goes to the store.
    void drain();
    // [control] No session is left and nothing is on its way to the store.
    bool idle();

  private:
    const chat::Settings settings_;
    loop::LoopSet& loops_;
    chat::Admission admission_;
    RandomIds ids_;
    bus::ChatHooks hooks_;
    bus::StoreBus store_;
    bus::AuthBus auth_;
    bus::CallbackBus callback_;
    chat::RoomWorld world_;
    std::vector<std::unique_ptr<chat::Room>> rooms_;
    bus::TransportBus gate_;
    bus::SessionCommands session_commands_;
    bus::PushCommand push_command_;
};

}  // namespace sara::boot
