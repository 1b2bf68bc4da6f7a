// sara.rpc/1 of a plugin: its commands, its answers, its calls.
#include "bus/host_tables.h"
#include "bus/instance.h"

namespace sara::bus {
namespace {

std::string_view text(sara_str s) {
    return s.ptr == nullptr ? std::string_view{} : std::string_view{s.ptr, s.len};
}

sara_status commandWith(const sara_host* h, sara_str service, sara_str method, sara_str help,
                        uint32_t flags, sara_command_fn fn, void* user, sara_id* handle) noexcept {
    Instance& instance = Instance::of(h);
    if (handle != nullptr) *handle = 0;
    if (instance.phase() != PluginPhase::kInit) return SARA_E_INVALID;
    if ((flags & ~uint32_t{SARA_RPC_SELF_CHECKED}) != 0) return SARA_E_INVALID;
    const sara_id id = instance.core().next_handle.fetch_add(1);
    const sara_status st =
        instance.core().rpc.addFor(&instance, id, instance.identity().instance, text(service),
                                   text(method), text(help), flags, fn, user);
    if (st == SARA_OK && handle != nullptr) *handle = id;
    return st;
}

sara_status command(const sara_host* h, sara_str service, sara_str method, sara_str help,
                    sara_command_fn fn, void* user, sara_id* handle) noexcept {
    return commandWith(h, service, method, help, 0, fn, user, handle);
}

sara_status reply(const sara_host* h, sara_id token, sara_status st, sara_buf* result) noexcept {
    Instance& instance = Instance::of(h);
    return instance.core().rpc.replyFor(&instance, token, st, result);
}

void callWith(const sara_host* h, sara_str service, sara_str method, sara_str peer,
              sara_buf* params, uint32_t flags, uint32_t timeout_ms, sara_done done,
              void* user) noexcept {
    Instance& instance = Instance::of(h);
    if (done == nullptr) return;
    instance.core().rpc.callFor(&instance, text(service), text(method), text(peer), params, flags,
                                timeout_ms, done, user);
}

void call(const sara_host* h, sara_str service, sara_str method, sara_str peer, sara_buf* params,
          uint32_t timeout_ms, sara_done done, void* user) noexcept {
    callWith(h, service, method, peer, params, 0, timeout_ms, done, user);
}

sara_status find(const sara_host* h, sara_str service, sara_str method, uint32_t* flags) noexcept {
    return Instance::of(h).core().rpc.find(text(service), text(method), flags);
}

uint32_t callFlags(const sara_host* h, sara_id token) noexcept {
    return Instance::of(h).core().rpc.flagsOf(token);
}

constexpr sara_rpc kTable{sizeof(sara_rpc), 0,     &command,  &reply,    &call,
                          &commandWith,     &find, &callWith, &callFlags};

}  // namespace

const sara_rpc* rpcTable() { return &kTable; }

}  // namespace sara::bus
