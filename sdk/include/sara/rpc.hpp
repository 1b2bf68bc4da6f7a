// sara/rpc.hpp - commands that a plugin adds and every rpc transport offers. A CommandReply is
// owed: dropped unanswered it says SARA_E_PLUGIN, so no caller waits for a forgotten command.
#pragma once
#include <memory>
#include <sara/packet.hpp>
#include <utility>
#include <vector>

namespace sara {

class CommandReply {
  public:
    CommandReply(const Host& host, sara_id token) noexcept : host_(&host), token_(token) {}
    CommandReply(CommandReply&& o) noexcept : host_(o.host_), token_(std::exchange(o.token_, 0)) {}
    CommandReply& operator=(CommandReply&&) = delete;
    ~CommandReply() {
        if (token_ != 0) (void)fail(Status::kPlugin);
    }
    // [any] json: one JSON value, copied.
    Status answer(std::string_view json) noexcept {
        if (token_ == 0 || host_->gone()) return Status::kStale;
        const Buffer result = Buffer::copyOf(*host_, json);
        return give(result ? SARA_OK : SARA_E_NOMEM, result.get());
    }
    // [any] It is done, and there is nothing to say about it.
    Status done() noexcept { return give(SARA_OK, nullptr); }
    // [any]
    Status fail(Status st) noexcept { return give(toAbi(st), nullptr); }
    // [any] json: one JSON value that says more, e.g. {"reason":"notfound"}; copied.
    Status fail(Status st, std::string_view json) noexcept {
        if (token_ == 0 || host_->gone()) return Status::kStale;
        const Buffer result = Buffer::copyOf(*host_, json);
        return give(toAbi(st), result.get());
    }
    // [loop] Inside the command's function only: is the caller known to the transport? Commands
    // that were added with addSelfChecked() get strangers too.
    bool trusted() const noexcept {
        if (token_ == 0 || host_->gone() || !SARA_HAS_FN(sara_rpc, host_->rpc, call_flags)) {
            return false;
        }
        return (host_->rpc->call_flags(host_->raw(), token_) & SARA_RPC_TRUSTED) != 0;
    }

  private:
    Status give(sara_status st, sara_buf* result) noexcept {
        if (token_ == 0 || host_->gone()) return Status::kStale;
        return toStatus(host_->rpc->reply(host_->raw(), std::exchange(token_, 0), st, result));
    }

    const Host* host_;
    sara_id token_;
};

class Commands {
  public:
    explicit Commands(const Host& host) noexcept : host_(&host) {}

    // [control] In init() only. f(std::string_view params_json, CommandReply) runs on a loop.
    // kExists: taken.
    template <class F>
    Status add(std::string_view service, std::string_view method, std::string_view help, F&& f) {
        if (host_->rpc == nullptr) return Status::kUnsupported;
        return keep(std::forward<F>(f), [&](sara_command_fn fn, void* user, sara_id* handle) {
            return host_->rpc->command(host_->raw(), str(service), str(method), str(help), fn, user,
                                       handle);
        });
    }
    // [control] As add(), but transports offer it to strangers as well: f itself decides, from the
    // params and CommandReply::trusted(), who may have it.
    template <class F>
    Status addSelfChecked(std::string_view service, std::string_view method, std::string_view help,
                          F&& f) {
        if (!SARA_HAS_FN(sara_rpc, host_->rpc, command_with)) return Status::kUnsupported;
        return keep(std::forward<F>(f), [&](sara_command_fn fn, void* user, sara_id* handle) {
            return host_->rpc->command_with(host_->raw(), str(service), str(method), str(help),
                                            SARA_RPC_SELF_CHECKED, fn, user, handle);
        });
    }

  private:
    struct Drop {
        void operator()(detail::Call* call) const noexcept { call->drop(); }
    };
    using Owned = std::unique_ptr<detail::Call, Drop>;

    template <class F, class Register>
    Status keep(F&& f, Register&& enter) {
        using C = detail::CallFor<F>;
        Owned call(detail::makeCall(host_, std::forward<F>(f)));
        sara_id handle = 0;
        const auto run = [](void* user, sara_id token, sara_buf* params) noexcept {
            C* c = C::of(user);
            (void)detail::guarded(c->host, "command", [&] {
                c->f(view(params), CommandReply(*c->host, token));
                return SARA_OK;
            });
        };
        const Status st = toStatus(enter(run, call.get(), &handle));
        if (ok(st)) calls_.push_back(std::move(call));
        return st;
    }

    const Host* host_;
    std::vector<Owned> calls_;
};

}  // namespace sara
