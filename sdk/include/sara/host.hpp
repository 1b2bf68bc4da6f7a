// sara/host.hpp - the server as one plugin instance sees it: its tables, looked up once, and the
// exception barrier that every callback of the C++ face passes through. Refuses to call a host that
// is gone: objects that die with the plugin (timers, tokens) are removed by the host itself.
#pragma once
#include <sara/sara.h>

#include <exception>
#include <sara/result.hpp>
#include <sara/str.hpp>
#include <string>
#include <utility>

namespace sara {

// Owned by Plugin; everything of the C++ face points to it and must not outlive the plugin.
class Host {
  public:
    Host() = default;
    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;

    // [control] Before and after the extensions may be used; called by the Plugin trampolines only.
    void attach(const sara_host* h) noexcept { h_ = h; }
    void resolve() noexcept {
        bus = extension<sara_bus>(SARA_EXT_BUS);
        loop = extension<sara_loop>(SARA_EXT_LOOP);
        log = extension<sara_log>(SARA_EXT_LOG);
        metrics = extension<sara_metrics>(SARA_EXT_METRICS);
        config = extension<sara_config>(SARA_EXT_CONFIG);
        services = extension<sara_services>(SARA_EXT_SERVICES);
        rpc = extension<sara_rpc>(SARA_EXT_RPC);
        health = extension<sara_health>(SARA_EXT_HEALTH);
    }
    void detach() noexcept { gone_ = true; }

    const sara_host* raw() const noexcept { return h_; }
    // True from destroy() on: nothing may be asked of the host but buf_unref().
    bool gone() const noexcept { return gone_ || h_ == nullptr; }

    std::string_view serverVersion() const noexcept { return h_->server_version; }
    std::string_view nodeId() const noexcept { return h_->node_id; }
    std::string_view instance() const noexcept { return h_->instance; }
    uint32_t loopCount() const noexcept { return h_->loop_count; }
    // [any] UINT32_MAX outside of the loops.
    uint32_t thisLoop() const noexcept { return h_->this_loop(h_); }
    // [any] A table that this face does not wrap, or nullptr.
    template <class T>
    const T* extension(const char* id) const noexcept {
        return static_cast<const T*>(h_->get_extension(h_, id));
    }
    // [control] The sentence that goes with the failure about to be returned.
    void setError(std::string_view text) const noexcept { h_->set_error(h_, str(text)); }

    // [any] One ERROR line about something that the plugin's code did wrong. Never throws.
    void complain(const char* where, const char* what) const noexcept {
        if (gone() || log == nullptr) return;
        try {
            std::string line(where);
            line.append(": ").append(what);
            log->write(h_, SARA_LOG_ERROR, str(line));
        } catch (...) {
            log->write(h_, SARA_LOG_ERROR, str(what));
        }
    }

    // nullptr when this host lacks the extension.
    const sara_bus* bus = nullptr;
    const sara_loop* loop = nullptr;
    const sara_log* log = nullptr;
    const sara_metrics* metrics = nullptr;
    const sara_config* config = nullptr;
    const sara_services* services = nullptr;
    const sara_rpc* rpc = nullptr;
    const sara_health* health = nullptr;

  private:
    const sara_host* h_ = nullptr;
    bool gone_ = false;
};

namespace detail {

// The exception barrier (R4): runs f, and turns whatever it throws into SARA_E_PLUGIN and a line in
// the log.
template <class F>
sara_status guarded(const Host* host, const char* where, F&& f) noexcept {
    try {
        return std::forward<F>(f)();
    } catch (const std::exception& e) {
        host->complain(where, e.what());
    } catch (...) {
        host->complain(where, "threw something that is no std::exception");
    }
    return SARA_E_PLUGIN;
}

// A callable on the heap with a C entry point. May be dropped while it runs: it then dies when it
// returns.
struct Call {
    Call(const Host* h, void (*d)(Call*) noexcept) noexcept : host(h), destroy(d) {}
    const Host* host;
    void (*destroy)(Call*) noexcept;
    bool running = false;
    bool dropped = false;

    void drop() noexcept {
        if (running) {
            dropped = true;
        } else {
            destroy(this);
        }
    }
};

template <class F>
struct CallOf : Call {
    CallOf(const Host* h, F&& callable)
        : Call(h, [](Call* c) noexcept { delete static_cast<CallOf*>(c); }),
          f(std::move(callable)) {}
    F f;

    static CallOf* of(void* user) noexcept {
        return static_cast<CallOf*>(static_cast<Call*>(user));
    }
    template <class... A>
    void invoke(const char* where, A&&... args) noexcept {
        running = true;
        (void)guarded(host, where, [&] {
            f(std::forward<A>(args)...);
            return SARA_OK;
        });
        running = false;
        if (dropped) destroy(this);
    }
};

template <class F>
using CallFor = CallOf<std::decay_t<F>>;

template <class F>
CallFor<F>* makeCall(const Host* host, F&& f) {
    return new CallFor<F>(host, std::decay_t<F>(std::forward<F>(f)));
}

}  // namespace detail

template <auto Member, class T>
struct Bound {
    T* self;
    template <class... A>
    decltype(auto) operator()(A&&... args) const {
        return (self->*Member)(std::forward<A>(args)...);
    }
};

// A member function as callback, resolved at compile time: bind<&Hello::packetIn>(this).
template <auto Member, class T>
Bound<Member, T> bind(T* self) noexcept {
    return {self};
}

}  // namespace sara
