// The gate: where transports bring connections and frames, and through which the chat room writes
// to them. Decides nothing about packets; translates between "sara.gate/1", "sara.transport/1" and
// chat::Room.
#pragma once
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "chat/room.h"
#include "sara/abi/transport.h"

namespace sara::bus {

class TransportWire;

// One per process at a time: the gate's functions find it without a search.
class TransportBus {
  public:
    // rooms of world must be filled before the first connection.
    explicit TransportBus(chat::RoomWorld& world);
    ~TransportBus();
    TransportBus(const TransportBus&) = delete;
    TransportBus& operator=(const TransportBus&) = delete;

    // For Bus::addExtension(SARA_EXT_GATE).
    static const sara_gate* table();

    // [loop] What the gate's functions need.
    chat::RoomWorld& world() { return world_; }
    chat::WirePort& wireOf(uint32_t loop, const sara_transport* api, void* self);
    std::string_view interned(uint32_t loop, std::string_view word);

  private:
    // What one loop has seen so far; few entries, searched in order.
    struct PerLoop {
        std::vector<std::unique_ptr<TransportWire>> wires;
        std::deque<std::string> words;
    };
    chat::RoomWorld& world_;
    std::vector<PerLoop> per_loop_;
};

}  // namespace sara::bus
