// The operator's backend as the chat room asks it: over whatever plugin provides "sara.callback/1".
// Decides that each question gets one answer: what a plugin says a second time touches nobody.
#pragma once
#include <memory>
#include <string_view>
#include <vector>

#include "chat/ports.h"
#include "loop/loop_set.h"
#include "sara/abi/callback.h"
#include "sara/abi/services.h"

namespace sara::bus {

class CallbackBus final : public chat::CallbackPort {
  public:
    CallbackBus(loop::LoopSet& loops, const sara_service* callback);
    ~CallbackBus() override;

    // Without a provider the answer is kUnsupported.
    void members(std::string_view gid, std::string_view domain, MembersDone done,
                 void* user) override;
    void offline(std::string_view user_jid, const chat::Packet& packet, uint64_t total) override;

  private:
    struct Call;
    struct PerLoop;
    static void onMembers(void* key, sara_status st, const sara_str* users, uint32_t n) noexcept;

    const sara_service* const callback_;
    std::vector<std::unique_ptr<PerLoop>> per_loop_;
};

}  // namespace sara::bus
