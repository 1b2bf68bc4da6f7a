// sara.bus/1: who may subscribe, when, and to what. Running the chain is HookRunner's.
#include "bus/host_tables.h"
#include "bus/instance.h"

namespace sara::bus {
namespace {

sara_status refuse(Instance& instance, sara_status st, std::string_view text) {
    instance.setError({text.data(), text.size()});
    return st;
}

int32_t hookId(const sara_host*, sara_str name) noexcept {
    return name.ptr == nullptr ? SARA_E_NOTFOUND : Hooks::idOf({name.ptr, name.len});
}

// What filter() and tap() have in common.
sara_status mayListen(Instance& instance, int32_t hook) {
    if (hook < 0 || hook >= kHookCount) {
        return refuse(instance, SARA_E_INVALID, "no hook has this number");
    }
    const std::string name(Hooks::nameOf(static_cast<Hook>(hook)));
    if (instance.phase() != PluginPhase::kInit) {
        return refuse(instance, SARA_E_INVALID, name + ": hooks are subscribed to in init() only");
    }
    if (!instance.declaresHook(name)) {
        return refuse(instance, SARA_E_DENIED,
                      name + ": this hook is not in the plugin's manifest");
    }
    return SARA_OK;
}

sara_status subscribe(Instance& instance, std::unique_ptr<Subscription> s, int32_t hook,
                      sara_id* handle) {
    const sara_id id = instance.core().next_handle.fetch_add(1);
    s->handle = id;
    s->hook = static_cast<Hook>(hook);
    s->owner = &instance;
    s->plugin_id = instance.identity().id;
    s->instance = instance.identity().instance;
    if (!instance.core().hooks.subscribe(std::move(s))) {
        return refuse(instance, SARA_E_FULL, "hook_subscriptions_max is reached");
    }
    *handle = id;
    return SARA_OK;
}

sara_status filter(const sara_host* h, int32_t hook, const sara_filter* f,
                   sara_id* handle) noexcept {
    Instance& instance = Instance::of(h);
    sara_id ignored = 0;
    if (handle == nullptr) handle = &ignored;
    *handle = 0;
    if (const sara_status st = mayListen(instance, hook); st != SARA_OK) return st;
    if (!kHookRules[static_cast<size_t>(hook)].filters) {
        return refuse(instance, SARA_E_UNSUPPORTED,
                      std::string(Hooks::nameOf(static_cast<Hook>(hook))) + ": taps only");
    }
    if (!SARA_HAS(sara_filter, f, user) || f->fn == nullptr || f->priority < 0 ||
        f->priority > 1000 || f->on_failure > SARA_ON_FAIL_CLOSED) {
        return refuse(instance, SARA_E_INVALID,
                      "filter: fn, priority 0..1000 and on_failure 0..1 are needed");
    }
    auto s = std::make_unique<Subscription>();
    s->filter = *f;
    return subscribe(instance, std::move(s), hook, handle);
}

sara_status tap(const sara_host* h, int32_t hook, sara_tap_fn fn, void* user,
                sara_id* handle) noexcept {
    Instance& instance = Instance::of(h);
    sara_id ignored = 0;
    if (handle == nullptr) handle = &ignored;
    *handle = 0;
    if (const sara_status st = mayListen(instance, hook); st != SARA_OK) return st;
    if (fn == nullptr) return refuse(instance, SARA_E_INVALID, "tap: fn is needed");
    auto s = std::make_unique<Subscription>();
    s->tap = fn;
    s->tap_user = user;
    return subscribe(instance, std::move(s), hook, handle);
}

sara_status unsubscribe(const sara_host* h, sara_id handle) noexcept {
    Instance& instance = Instance::of(h);
    const PluginPhase phase = instance.phase();
    if (phase == PluginPhase::kRunning || phase == PluginPhase::kGone) return SARA_E_INVALID;
    if (handle == 0) return SARA_E_STALE;
    BusCore& core = instance.core();
    if (!core.hooks.unsubscribe(&instance, handle) && !core.rpc.remove(&instance, handle)) {
        return SARA_E_STALE;
    }
    // Loops may be inside the old chain: wait for each to finish its turn.
    core.options.loops.runOnEach([](void*, uint32_t) {}, nullptr);
    return SARA_OK;
}

sara_id suspend(const sara_host* h, sara_event* ev, uint32_t timeout_ms,
                sara_verdict on_timeout) noexcept {
    Instance& instance = Instance::of(h);
    return instance.core().hooks.suspend(&instance, ev, timeout_ms, on_timeout);
}

sara_status resume(const sara_host* h, sara_id token, sara_verdict v, sara_str reason) noexcept {
    Instance& instance = Instance::of(h);
    return instance.core().hooks.resume(&instance, token, v, reason);
}

sara_status setStr(const sara_host* h, sara_event* ev, uint32_t field, sara_str v) noexcept {
    Instance& instance = Instance::of(h);
    return instance.core().hooks.setStr(&instance, ev, field, v);
}

sara_status setRaw(const sara_host* h, sara_event* ev, sara_buf* b) noexcept {
    Instance& instance = Instance::of(h);
    return instance.core().hooks.setRaw(&instance, ev, b);
}

constexpr sara_bus kTable{sizeof(sara_bus), 0,        &hookId, &filter, &tap,
                          &unsubscribe,     &suspend, &resume, &setStr, &setRaw};

}  // namespace

const sara_bus* busTable() { return &kTable; }

}  // namespace sara::bus
