// sara/services.hpp - use what another plugin provides, and provide auth oneself. Completion is an
// answer owed to the host: it is given exactly once, on the loop that asked and never inside the
// asking call (rule R5), whatever the plugin does; dropped unanswered it says SARA_E_PLUGIN.
#pragma once
#include <memory>
#include <sara/packet.hpp>
#include <utility>

namespace sara {

// A service of another plugin; false while nobody provides it. Api is a table of <sara/abi/...>.
template <class Api>
class Service {
  public:
    Service() = default;
    explicit Service(const sara_service* handle) noexcept : handle_(handle) {}
    explicit operator bool() const noexcept {
        return handle_ != nullptr && handle_->api != nullptr;
    }
    const Api* api() const noexcept { return static_cast<const Api*>(handle_->api); }
    void* self() const noexcept { return handle_->self; }

  private:
    const sara_service* handle_ = nullptr;
};

class Services {
  public:
    explicit Services(const Host& host) noexcept : host_(&host) {}
    // [control] From init() on: find<sara_store>(SARA_SVC_STORE). False unless the manifest
    // requires it.
    template <class Api>
    Service<Api> find(const char* id) const noexcept {
        if (host_->services == nullptr) return {};
        return Service<Api>(host_->services->find(host_->raw(), id));
    }

  private:
    const Host* host_;
};

// Completion of a call made by the plugin: {fn, user} for the parameters done and user of a
// service. f(Status, std::string_view result) runs exactly once, on the asking loop.
struct DoneCall {
    sara_done fn;
    void* user;
};
template <class F>
DoneCall onDone(const Host& host, F&& f) {
    auto* call = detail::makeCall(&host, std::forward<F>(f));
    using C = std::remove_pointer_t<decltype(call)>;
    return {[](void* user, sara_status st, sara_buf* result) noexcept {
                C::of(user)->invoke("completion", toStatus(st), view(result));
                C::of(user)->drop();
            },
            static_cast<detail::Call*>(call)};
}

// An answer that the plugin owes. Move it wherever the answer will be known.
class Completion {
  public:
    Completion() = default;
    // [loop] Inside the service call.
    Completion(const Host& host, sara_done done, void* user)
        : host_(&host),
          answer_(new Answer{done, user, SARA_E_PLUGIN, {}}),
          loop_(host.thisLoop()) {}
    Completion(Completion&& o) noexcept
        : host_(o.host_), answer_(std::move(o.answer_)), loop_(o.loop_) {}
    Completion& operator=(Completion&& o) noexcept {
        if (this != &o) {
            giveUp();
            host_ = o.host_;
            answer_ = std::move(o.answer_);
            loop_ = o.loop_;
        }
        return *this;
    }
    ~Completion() { giveUp(); }

    // [any] The first call counts. kAgain, from another thread: the mailbox is full, call again
    // later.
    Status finish(Status st, Buffer result = {}) noexcept {
        if (answer_ == nullptr) return Status::kStale;
        answer_->status = toAbi(st);
        answer_->result = std::move(result);
        if (host_->gone()) return Status::kClosed;
        if (host_->thisLoop() == loop_) {
            host_->loop->at_turn_end(host_->raw(), &deliver, answer_.release());
            return Status::kOk;
        }
        const Status posted =
            toStatus(host_->loop->post(host_->raw(), loop_, &deliver, answer_.get()));
        if (ok(posted)) (void)answer_.release();
        return posted;
    }
    explicit operator bool() const noexcept { return answer_ != nullptr; }

  private:
    struct Answer {
        sara_done done;
        void* user;
        sara_status status;
        Buffer result;
    };
    static void deliver(void* user) noexcept {
        const std::unique_ptr<Answer> a(static_cast<Answer*>(user));
        a->done(a->user, a->status, a->status == SARA_OK ? a->result.get() : nullptr);
    }
    void giveUp() noexcept {
        if (answer_ != nullptr) (void)finish(Status::kPlugin);
    }

    const Host* host_ = nullptr;
    std::unique_ptr<Answer> answer_;
    uint32_t loop_ = UINT32_MAX;
};

// Who wants to log in. Borrowed for the call: copy what the answer needs later.
class AuthRequest {
  public:
    explicit AuthRequest(const sara_auth_request& r) noexcept : r_(r) {}
    std::string_view user() const noexcept { return view(r_.user); }
    std::string_view domain() const noexcept { return view(r_.domain); }
    std::string_view jid() const noexcept { return view(r_.jid); }
    std::string_view password() const noexcept { return view(r_.password); }  // never log it
    std::string_view peerIp() const noexcept { return view(r_.peer_ip); }
    std::string_view transport() const noexcept { return view(r_.transport); }

  private:
    const sara_auth_request& r_;
};

// The answer to an AuthRequest: may be given at once, later, or from another thread.
class AuthAnswer : public Completion {
  public:
    using Completion::Completion;
    Status allow() noexcept { return finish(Status::kOk); }
    Status deny() noexcept { return finish(Status::kDenied); }
    // No decision was possible, which is a refusal too.
    Status fail(Status why) noexcept { return finish(why); }
};

}  // namespace sara
