// sara/hooks.hpp - subscribe to hooks with any callable: a lambda, a function, bind<&C::f>(this).
// Each call is one indirect call from the host and an inlined body; what it throws counts as the
// filter's failure. Refuses after init(): the host answers kDenied for a hook that the manifest
// does not name.
#pragma once
#include <memory>
#include <sara/packet.hpp>
#include <vector>

namespace sara {

// What a failure of a filter means (a throw, a bad verdict, a suspension that nobody resumed).
enum class OnFailure : uint32_t { kOpen = SARA_ON_FAIL_OPEN, kClosed = SARA_ON_FAIL_CLOSED };

struct FilterOptions {
    int32_t priority = 500;  // 1000 runs first, 0 last
    OnFailure on_failure = OnFailure::kOpen;
    uint32_t type_mask = 0;  // packet hooks: bit n = only envelope.type n; 0 = all

    FilterOptions& withPriority(int32_t p) noexcept {
        priority = p;
        return *this;
    }
    FilterOptions& failClosed() noexcept {
        on_failure = OnFailure::kClosed;
        return *this;
    }
    FilterOptions& onlyType(uint32_t type) noexcept {
        type_mask |= 1u << (type & 31u);
        return *this;
    }
};

namespace detail {

template <class Event, class F>
sara_verdict filterCall(void* user, sara_event* ev) noexcept {
    auto* call = CallOf<F>::of(user);
    return guarded(call->host, "filter", [&]() -> sara_verdict {
        Event event(*call->host, reinterpret_cast<typename Event::Abi*>(ev));
        return static_cast<sara_verdict>(call->f(event));
    });
}

template <class View, class F>
void tapCall(void* user, const sara_event* ev) noexcept {
    auto* call = CallOf<F>::of(user);
    (void)guarded(call->host, "tap", [&] {
        call->f(View(*call->host, reinterpret_cast<const typename View::Abi*>(ev)));
        return SARA_OK;
    });
}

}  // namespace detail

// All subscriptions: [control], in init() only. They end with the plugin.
class Hooks {
  public:
    explicit Hooks(const Host& host) noexcept : host_(&host) {}

    // f(ConnEvent&) -> Verdict. Reject closes the connection.
    template <class F>
    Status onConnOpen(F&& f, FilterOptions options = {}) {
        return filter<ConnEvent>(SARA_HOOK_CONN_OPEN, std::forward<F>(f), options);
    }
    // f(LoginEvent&) -> Verdict. A failure refuses the login unless the options say otherwise.
    template <class F>
    Status onSessionLogin(F&& f, FilterOptions options = FilterOptions().failClosed()) {
        return filter<LoginEvent>(SARA_HOOK_SESSION_LOGIN, std::forward<F>(f), options);
    }
    // f(PacketEvent&) -> Verdict. Once per packet that a client sent.
    template <class F>
    Status onPacketIn(F&& f, FilterOptions options = {}) {
        return filter<PacketEvent>(SARA_HOOK_PACKET_IN, std::forward<F>(f), options);
    }
    // f(PacketEvent&) -> Verdict.
    template <class F>
    Status onPacketRoute(F&& f, FilterOptions options = {}) {
        return filter<PacketEvent>(SARA_HOOK_PACKET_ROUTE, std::forward<F>(f), options);
    }
    // f(DeliveryEvent&) -> Verdict. Once per recipient; cannot suspend.
    template <class F>
    Status onPacketDeliver(F&& f, FilterOptions options = {}) {
        return filter<DeliveryEvent>(SARA_HOOK_PACKET_DELIVER, std::forward<F>(f), options);
    }
    // f(DeliveryEvent&) -> Verdict. kDone: I stored it. Cannot suspend.
    template <class F>
    Status onPacketOffline(F&& f, FilterOptions options = {}) {
        return filter<DeliveryEvent>(SARA_HOOK_PACKET_OFFLINE, std::forward<F>(f), options);
    }
    // f(GroupEvent&) -> Verdict.
    template <class F>
    Status onGroupExpand(F&& f, FilterOptions options = {}) {
        return filter<GroupEvent>(SARA_HOOK_GROUP_EXPAND, std::forward<F>(f), options);
    }
    // f(CommandEvent&) -> Verdict. Reject answers the caller with the reason.
    template <class F>
    Status onCommand(F&& f, FilterOptions options = FilterOptions().failClosed()) {
        return filter<CommandEvent>(SARA_HOOK_RPC_CALL, std::forward<F>(f), options);
    }

    // Taps: f(const ...View&), after the verdict, whatever it was.
    template <class F>
    Status afterConnClose(F&& f) {
        return tap<ConnView>(SARA_HOOK_CONN_CLOSE, std::forward<F>(f));
    }
    template <class F>
    Status afterSessionOnline(F&& f) {
        return tap<LoginView>(SARA_HOOK_SESSION_ONLINE, std::forward<F>(f));
    }
    template <class F>
    Status afterPacketIn(F&& f) {
        return tap<PacketView>(SARA_HOOK_PACKET_IN, std::forward<F>(f));
    }
    template <class F>
    Status afterPacketDeliver(F&& f) {
        return tap<PacketView>(SARA_HOOK_PACKET_DELIVER, std::forward<F>(f));
    }
    template <class F>
    Status afterPacketOffline(F&& f) {
        return tap<PacketView>(SARA_HOOK_PACKET_OFFLINE, std::forward<F>(f));
    }
    template <class F>
    Status afterPacketAck(F&& f) {
        return tap<PacketView>(SARA_HOOK_PACKET_ACK, std::forward<F>(f));
    }

    // Any hook by name, also of a newer server: Event is one of the *Event classes.
    template <class Event, class F>
    Status filter(std::string_view hook, F&& f, const FilterOptions& options = {}) {
        auto call = keep(std::forward<F>(f));
        using Callable = std::decay_t<F>;
        sara_filter table{};
        table.struct_size = sizeof table;
        table.priority = options.priority;
        table.on_failure = static_cast<uint32_t>(options.on_failure);
        table.type_mask = options.type_mask;
        table.fn = &detail::filterCall<Event, Callable>;
        table.user = call.get();
        return subscribe(hook, std::move(call), [&](int32_t id, sara_id* handle) {
            return host_->bus->filter(host_->raw(), id, &table, handle);
        });
    }
    // View is one of the *View classes.
    template <class View, class F>
    Status tap(std::string_view hook, F&& f) {
        auto call = keep(std::forward<F>(f));
        using Callable = std::decay_t<F>;
        void* user = call.get();
        return subscribe(hook, std::move(call), [&](int32_t id, sara_id* handle) {
            return host_->bus->tap(host_->raw(), id, &detail::tapCall<View, Callable>, user,
                                   handle);
        });
    }

  private:
    struct Drop {
        void operator()(detail::Call* call) const noexcept { call->drop(); }
    };
    using Owned = std::unique_ptr<detail::Call, Drop>;

    template <class F>
    Owned keep(F&& f) const {
        return Owned(detail::makeCall(host_, std::forward<F>(f)));
    }
    template <class Subscribe>
    Status subscribe(std::string_view hook, Owned call, Subscribe&& subscribe) {
        if (host_->bus == nullptr) return Status::kUnsupported;
        calls_.push_back(std::move(call));  // first, so that no callback is ever without its object
        const int32_t id = host_->bus->hook_id(host_->raw(), str(hook));
        sara_id handle = 0;
        const Status st = toStatus(id < 0 ? id : subscribe(id, &handle));
        if (!ok(st)) {
            calls_.pop_back();
            host_->setError(std::string("cannot subscribe to hook ")
                                .append(hook)
                                .append(": ")
                                .append(nameOf(st)));
        }
        return st;
    }

    const Host* host_;
    std::vector<Owned> calls_;
};

}  // namespace sara
