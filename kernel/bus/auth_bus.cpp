#include "bus/auth_bus.h"

#include <cassert>
#include <memory>

#include "loop/event_loop.h"

namespace sara::bus {

struct AuthBus::Call {
    Done done;
    void* user;
};

void AuthBus::check(const chat::AuthQuestion& q, Done done, void* user) {
    auto* call = new Call{done, user};
    const auto* api = static_cast<const sara_auth*>(auth_->api);
    if (api == nullptr) {
        [[maybe_unused]] const bool posted = loop::EventLoop::current()->post(
            {onRefused, this, reinterpret_cast<uint64_t>(call), 0}, loop::PostClass::kReply);
        assert(posted);
        return;
    }
    const auto str = [](std::string_view s) { return sara_str{s.data(), s.size()}; };
    const sara_auth_request request{
        sizeof request,  0, str(q.user), str(q.domain), str(q.jid), str(q.password), str(q.peer_ip),
        str(q.transport)};
    api->check(auth_->self, &request, onChecked, call);
}

void AuthBus::onChecked(void* call, sara_status st, sara_buf*) noexcept {
    const std::unique_ptr<Call> asked(static_cast<Call*>(call));
    asked->done(asked->user, toStatus(st));
}

void AuthBus::onRefused(void*, uint64_t call, uint64_t) noexcept {
    onChecked(reinterpret_cast<void*>(call), SARA_E_UNSUPPORTED, nullptr);
}

}  // namespace sara::bus
