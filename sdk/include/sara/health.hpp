// sara/health.hpp - says to operators whether this plugin could serve now. A check is answered from
// memory, on any thread, and must not block. Refuses nothing: a host without health checks takes
// them silently.
#pragma once
#include <memory>
#include <sara/host.hpp>
#include <string_view>
#include <vector>

namespace sara {

class Health {
  public:
    explicit Health(const Host& host) noexcept : host_(&host) {}

    // [control] In init() only. f() -> std::string_view runs on any thread: empty for "all is
    // well", else why not, a text that lives as long as the plugin, e.g. "breaker_open". kExists:
    // the name is taken.
    template <class F>
    Status check(std::string_view name, F&& f) {
        if (host_->health == nullptr) return Status::kUnsupported;
        using C = detail::CallFor<F>;
        std::unique_ptr<detail::Call, Drop> call(detail::makeCall(host_, std::forward<F>(f)));
        const auto ask = [](void* user, sara_str* why) noexcept {
            C* c = C::of(user);
            return detail::guarded(c->host, "health check", [&]() -> sara_status {
                const std::string_view reason = c->f();
                *why = str(reason);
                return reason.empty() ? SARA_OK : SARA_E_UNSUPPORTED;
            });
        };
        const Status st = toStatus(host_->health->check(host_->raw(), str(name), ask, call.get()));
        if (ok(st)) calls_.push_back(std::move(call));
        return st;
    }

  private:
    struct Drop {
        void operator()(detail::Call* call) const noexcept { call->drop(); }
    };
    const Host* host_;
    std::vector<std::unique_ptr<detail::Call, Drop>> calls_;
};

}  // namespace sara
