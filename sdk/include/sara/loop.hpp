// sara/loop.hpp - time, file descriptors, other loops and blocking work. Timer and Watch end with
// the object that holds them; callbacks are plain callables behind the exception barrier, one
// indirect call each.
#pragma once
#include <cstdint>
#include <sara/host.hpp>
#include <type_traits>
#include <utility>

namespace sara {

namespace detail {

// An id of the loop and the callable behind it; Cancel removes the id. Move-only.
template <void (*Cancel)(const Host&, sara_id) noexcept>
class Registration {
  public:
    Registration() = default;
    Registration(const Host& host, sara_id id, Call* call) noexcept
        : host_(&host), id_(id), call_(call) {}
    Registration(Registration&& o) noexcept
        : host_(o.host_), id_(std::exchange(o.id_, 0)), call_(std::exchange(o.call_, nullptr)) {}
    Registration& operator=(Registration&& o) noexcept {
        if (this != &o) {
            cancel();
            host_ = o.host_;
            id_ = std::exchange(o.id_, 0);
            call_ = std::exchange(o.call_, nullptr);
        }
        return *this;
    }
    ~Registration() { cancel(); }

    explicit operator bool() const noexcept { return id_ != 0; }
    // [loop] The loop that made it. The callback does not run afterwards; may be called inside it.
    void cancel() noexcept {
        if (id_ != 0 && !host_->gone()) Cancel(*host_, id_);
        if (call_ != nullptr) call_->drop();
        id_ = 0;
        call_ = nullptr;
    }

  protected:
    const Host* host_ = nullptr;
    sara_id id_ = 0;
    Call* call_ = nullptr;
};

inline void cancelTimer(const Host& h, sara_id id) noexcept { h.loop->timer_cancel(h.raw(), id); }
inline void cancelWatch(const Host& h, sara_id id) noexcept { h.loop->unwatch(h.raw(), id); }

template <class Work, class Done>
struct Job {
    const Host* host;
    Work work;
    Done done;
};

}  // namespace detail

// False when the host had no timer left.
class Timer : public detail::Registration<&detail::cancelTimer> {
  public:
    using Registration::Registration;
};

// Interest in a file descriptor; unwatch (cancel, or destroy) before closing it.
class Watch : public detail::Registration<&detail::cancelWatch> {
  public:
    using Registration::Registration;
    // [loop] Other events, SARA_IO_* bits.
    Status change(uint32_t events) const noexcept {
        if (id_ == 0) return Status::kStale;
        return toStatus(host_->loop->rewatch(host_->raw(), id_, events));
    }
};

class Loop {
  public:
    explicit Loop(const Host& host) noexcept : host_(&host) {}

    // [loop] Monotonic milliseconds, the same for the whole turn.
    uint64_t nowMs() const noexcept { return table().now_ms(host_->raw()); }
    // [any] Milliseconds since 1970, for stamps only.
    uint64_t wallMs() const noexcept { return table().wall_ms(host_->raw()); }

    // [loop] f() once, after delay_ms. Drop the Timer and it never runs.
    template <class F>
    Timer after(uint64_t delay_ms, F&& f) const {
        return timer(delay_ms, 0, std::forward<F>(f));
    }
    // [loop] f() every period_ms.
    template <class F>
    Timer every(uint64_t period_ms, F&& f) const {
        return timer(period_ms, period_ms, std::forward<F>(f));
    }
    // [loop] f(events) while fd is ready for what events (SARA_IO_*) ask. fd stays the plugin's.
    template <class F>
    Watch watch(int fd, uint32_t events, F&& f) const {
        auto* call = detail::makeCall(host_, std::forward<F>(f));
        using C = std::remove_pointer_t<decltype(call)>;
        const sara_id id = table().watch(
            host_->raw(), fd, events,
            [](void* user, uint32_t ready) noexcept { C::of(user)->invoke("watch", ready); },
            base(call));
        return registered<Watch>(id, call);
    }
    // [loop] f() at the end of this turn.
    template <class F>
    void atTurnEnd(F&& f) const {
        auto* call = detail::makeCall(host_, std::forward<F>(f));
        table().at_turn_end(host_->raw(), &once<std::remove_pointer_t<decltype(call)>>, base(call));
    }
    // [any] f() on that loop at its next turn. kAgain: its mailbox is full; kClosed: it has
    // stopped. f is destroyed unrun then.
    template <class F>
    Status post(uint32_t loop, F&& f) const {
        auto* call = detail::makeCall(host_, std::forward<F>(f));
        const Status st = toStatus(table().post(
            host_->raw(), loop, &once<std::remove_pointer_t<decltype(call)>>, base(call)));
        if (!ok(st)) call->drop();
        return st;
    }
    // [loop] work() on a worker thread, where it may block; then done() on this loop. kAgain: too
    // many jobs wait; neither runs then. A throw from work() is logged and done() runs all the
    // same.
    template <class W, class D>
    Status work(W&& work, D&& done) const {
        using J = detail::Job<std::decay_t<W>, std::decay_t<D>>;
        J* job = new J{host_, std::forward<W>(work), std::forward<D>(done)};
        const Status st = toStatus(table().work(
            host_->raw(),
            [](void* user) noexcept {
                J* j = static_cast<J*>(user);
                run(j->host, "work", j->work);
            },
            [](void* user) noexcept {
                J* j = static_cast<J*>(user);
                run(j->host, "work done", j->done);
                delete j;
            },
            job));
        if (!ok(st)) delete job;
        return st;
    }

  private:
    template <class F>
    static void run(const Host* host, const char* where, F& f) noexcept {
        (void)detail::guarded(host, where, [&] {
            f();
            return SARA_OK;
        });
    }
    template <class C>
    static void once(void* user) noexcept {
        C::of(user)->invoke("posted call");
        C::of(user)->drop();
    }
    static void* base(detail::Call* call) noexcept { return call; }
    template <class R>
    R registered(sara_id id, detail::Call* call) const noexcept {
        if (id != 0) return R(*host_, id, call);
        call->drop();
        return R();
    }
    template <class F>
    Timer timer(uint64_t delay_ms, uint64_t period_ms, F&& f) const {
        auto* call = detail::makeCall(host_, std::forward<F>(f));
        using C = std::remove_pointer_t<decltype(call)>;
        const sara_id id = table().timer(
            host_->raw(), delay_ms, period_ms,
            [](void* user) noexcept { C::of(user)->invoke("timer"); }, base(call));
        return registered<Timer>(id, call);
    }
    const sara_loop& table() const noexcept { return *host_->loop; }

    const Host* host_;
};

}  // namespace sara
