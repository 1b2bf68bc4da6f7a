#include "boot/chat_server.h"

#include <atomic>

#include "bus/service_table.h"

namespace sara::boot {

ChatServer::ChatServer(chat::Settings settings, loop::LoopSet& loops, bus::Bus& bus, loop::Log& log)
    : settings_(std::move(settings)),
      loops_(loops),
      admission_(settings_),
      hooks_(bus.hooks(), loops.size(), settings_.json_depth_max),
      store_(loops, bus.services().handle(SARA_SVC_STORE)),
      auth_(bus.services().handle(SARA_SVC_AUTH)),
      callback_(loops, bus.services().handle(SARA_SVC_CALLBACK)),
      world_{settings_, loops, admission_, hooks_, store_, &auth_, ids_, log, &callback_, {}},
      gate_(world_),
      session_commands_(world_, bus.commands()),
      push_command_(world_, bus.commands()) {
    for (uint32_t i = 0; i < loops.size(); ++i) {
        rooms_.push_back(std::make_unique<chat::Room>(world_, i));
        world_.rooms.push_back(rooms_.back().get());
    }
    bus.addExtension(SARA_EXT_GATE, bus::TransportBus::table());
}

ChatServer::~ChatServer() = default;

void ChatServer::open() { hooks_.refresh(); }

void ChatServer::drain() {
    loops_.runOnEach(
        [](void* self, uint32_t loop) { static_cast<ChatServer*>(self)->rooms_[loop]->drain(); },
        this);
}

bool ChatServer::idle() {
    struct Question {
        ChatServer* server;
        std::atomic<bool> all_idle{true};
    } question{this, {true}};
    loops_.runOnEach(
        [](void* asked, uint32_t loop) {
            auto& q = *static_cast<Question*>(asked);
            if (!q.server->rooms_[loop]->idle()) q.all_idle.store(false);
        },
        &question);
    return question.all_idle.load();
}

}  // namespace sara::boot
