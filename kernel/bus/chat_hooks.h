// The chat room's hooks over the chains of plugins. Decides how a packet, a login and a connection
// look as events, and what of an event comes back.
#pragma once
#include <memory>
#include <vector>

#include "bus/hooks.h"
#include "chat/ports.h"

namespace sara::bus {

class ChatHooks final : public chat::HookPort {
  public:
    ChatHooks(Hooks& hooks, uint32_t loops, uint32_t json_depth_max);
    ~ChatHooks() override;

    // [control] After all plugins have subscribed, before the first connection.
    void refresh();

    chat::HookAnswer conn(chat::HookPoint p, chat::Room& room, chat::SessionId session,
                          const chat::ConnFacts& facts, Continue resume, uint64_t arg) override;
    chat::HookAnswer login(chat::HookPoint p, chat::Room& room, chat::SessionId session,
                           const chat::LoginFacts& facts, Continue resume, uint64_t arg) override;
    chat::HookAnswer packet(chat::HookPoint p, chat::Room& room, chat::SessionId session,
                            const chat::Packet& packet, Continue resume, uint64_t arg) override;
    chat::HookAnswer group(chat::HookPoint p, chat::Room& room, chat::SessionId session,
                           const chat::GroupFacts& facts, Continue resume, uint64_t arg) override;

  private:
    // What a suspended event needs to go on.
    struct Parked {
        chat::Room* room;
        chat::SessionId session;
        Continue resume;
        uint64_t arg;
        Hook hook;
        Parked* next;
    };
    Parked& claim(const Parked& facts);
    void release(Parked& parked);
    chat::HookAnswer run(Hook h, sara_event* ev, const Parked& facts);
    static chat::HookAnswer answerOf(Hook h, const sara_event* ev, sara_verdict v);
    static void onFinished(void* hooks, uint64_t parked, sara_event* ev, sara_verdict v) noexcept;

    Hooks& hooks_;
    std::vector<Parked*> free_;  // by loop
    std::vector<std::vector<std::unique_ptr<Parked>>> owned_;
};

}  // namespace sara::bus
