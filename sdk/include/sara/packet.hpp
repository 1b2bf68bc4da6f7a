// sara/packet.hpp - what filters and taps see, typed. Buffer holds bytes of the host by reference
// count; the *View classes read, the *Event classes also decide. Views die with the callback:
// keep() what must live. Refuses to suspend where the bus forbids it: those events have no
// suspend().
#pragma once
#include <cstring>
#include <sara/host.hpp>
#include <string_view>
#include <utility>

namespace sara {

// What a filter says. Returning kSuspend needs a Suspension in somebody's hands.
enum class [[nodiscard]] Verdict : int32_t{
    kPass = SARA_PASS,       // not mine; next filter
    kAccept = SARA_ACCEPT,   // stop the chain, do the default action
    kDone = SARA_DONE,       // stop the chain, I did the action myself
    kReject = SARA_REJECT,   // stop the chain, refuse
    kSuspend = SARA_SUSPEND  // parked until the Suspension is resumed
};

// Bytes owned by the host, shared by reference count, immutable. Copying is one reference more.
class Buffer {
  public:
    Buffer() = default;
    // [any] One reference more on b.
    static Buffer share(const Host& host, sara_buf* b) noexcept {
        if (b != nullptr) host.raw()->buf_ref(host.raw(), b);
        return adopt(host, b);
    }
    // [any] Takes over a reference that the caller owns.
    static Buffer adopt(const Host& host, sara_buf* b) noexcept {
        Buffer out;
        out.h_ = host.raw();
        out.b_ = b;
        return out;
    }
    // [any] A new buffer with these bytes; empty (false) when the host has no memory left.
    static Buffer copyOf(const Host& host, std::string_view bytes) noexcept {
        uint8_t* to = nullptr;
        Buffer out = adopt(host, host.raw()->buf_new(host.raw(), bytes.size(), &to));
        if (out && !bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
        return out;
    }
    Buffer(const Buffer& o) noexcept : h_(o.h_), b_(o.b_) {
        if (b_ != nullptr) h_->buf_ref(h_, b_);
    }
    Buffer(Buffer&& o) noexcept : h_(o.h_), b_(std::exchange(o.b_, nullptr)) {}
    Buffer& operator=(Buffer o) noexcept {
        std::swap(h_, o.h_);
        std::swap(b_, o.b_);
        return *this;
    }
    ~Buffer() {
        if (b_ != nullptr) h_->buf_unref(h_, b_);
    }

    explicit operator bool() const noexcept { return b_ != nullptr; }
    std::string_view bytes() const noexcept { return view(b_); }
    sara_buf* get() const noexcept { return b_; }
    // Gives the reference away.
    sara_buf* release() noexcept { return std::exchange(b_, nullptr); }

  private:
    const sara_host* h_ = nullptr;
    sara_buf* b_ = nullptr;
};

// A parked event. Resume it once, from any thread; dropped unresumed it gives the timeout's verdict
// at once, so no packet waits for an object that is gone.
class Suspension {
  public:
    Suspension() = default;
    Suspension(const Host& host, sara_id token, Verdict on_timeout) noexcept
        : host_(&host), token_(token), on_timeout_(on_timeout) {}
    Suspension(Suspension&& o) noexcept
        : host_(o.host_), token_(std::exchange(o.token_, 0)), on_timeout_(o.on_timeout_) {}
    Suspension& operator=(Suspension&& o) noexcept {
        if (this != &o) {
            giveUp();
            host_ = o.host_;
            token_ = std::exchange(o.token_, 0);
            on_timeout_ = o.on_timeout_;
        }
        return *this;
    }
    ~Suspension() { giveUp(); }

    // False: the hook forbids it or too much is parked already; decide now.
    explicit operator bool() const noexcept { return token_ != 0; }
    // [any] kStale: the timeout or the end of the session was faster; nobody was touched.
    Status resume(Verdict v, std::string_view reason = {}) noexcept {
        if (token_ == 0) return Status::kStale;
        const sara_id token = std::exchange(token_, 0);
        if (host_->gone()) return Status::kClosed;
        return toStatus(
            host_->bus->resume(host_->raw(), token, static_cast<sara_verdict>(v), str(reason)));
    }

  private:
    void giveUp() noexcept {
        if (token_ != 0) (void)resume(on_timeout_);
    }

    const Host* host_ = nullptr;
    sara_id token_ = 0;
    Verdict on_timeout_ = Verdict::kReject;
};

// Reads an event; T is one of the sara_ev_* structs. Const: what a tap gets.
template <class T>
class EventView {
  public:
    using Abi = T;
    EventView(const Host& host, const T* ev) noexcept : host_(&host), ev_(ev) {}

    sara_id session() const noexcept { return ev_->h.session; }  // 0: belongs to no session
    uint32_t loop() const noexcept { return ev_->h.loop; }
    uint64_t atMs() const noexcept { return ev_->h.t_ms; }  // monotonic
    bool fromAnotherNode() const noexcept { return (ev_->h.flags & SARA_EV_REMOTE) != 0; }
    const T& raw() const noexcept { return *ev_; }

  protected:
    const Host* host_;
    const T* ev_;
};

class ConnView : public EventView<sara_ev_conn> {
  public:
    using EventView::EventView;
    std::string_view transport() const noexcept { return view(ev_->transport); }
    std::string_view peer() const noexcept { return view(ev_->peer); }
    std::string_view reason() const noexcept { return view(ev_->reason); }
};

class LoginView : public EventView<sara_ev_login> {
  public:
    using EventView::EventView;
    std::string_view jid() const noexcept { return view(ev_->jid); }
    std::string_view user() const noexcept { return view(ev_->user); }
    std::string_view domain() const noexcept { return view(ev_->domain); }
    std::string_view resource() const noexcept { return view(ev_->resource); }
    std::string_view password() const noexcept { return view(ev_->password); }  // never log it
};

class PacketView : public EventView<sara_ev_packet> {
  public:
    using EventView::EventView;
    uint32_t type() const noexcept { return ev_->type; }
    bool wantsAck() const noexcept { return ev_->ack == 1; }
    std::string_view id() const noexcept { return view(ev_->id); }
    std::string_view from() const noexcept { return view(ev_->from); }
    std::string_view to() const noexcept { return view(ev_->to); }
    std::string_view gid() const noexcept { return view(ev_->gid); }
    std::string_view ct() const noexcept { return view(ev_->ct); }
    std::string_view reason() const noexcept { return view(ev_->reason); }
    // The packet as JSON.
    std::string_view json() const noexcept { return view(ev_->raw); }
    // The same, to live on after the callback.
    Buffer keep() const noexcept { return Buffer::share(*host_, ev_->raw); }
};

class GroupView : public EventView<sara_ev_group> {
  public:
    using EventView::EventView;
    std::string_view gid() const noexcept { return view(ev_->gid); }
    std::string_view domain() const noexcept { return view(ev_->domain); }
    std::string_view from() const noexcept { return view(ev_->from); }
};

class CommandView : public EventView<sara_ev_rpc> {
  public:
    using EventView::EventView;
    std::string_view service() const noexcept { return view(ev_->service); }
    std::string_view method() const noexcept { return view(ev_->method); }
    std::string_view peer() const noexcept { return view(ev_->peer); }
    std::string_view params() const noexcept { return view(ev_->params); }
};

// A view that may refuse.
template <class View>
class Decision : public View {
  public:
    Decision(const Host& host, typename View::Abi* ev) noexcept : View(host, ev) {}
    // [loop] return e.reject("word"): refuses, and the peer reads the word.
    Verdict reject(std::string_view reason) noexcept {
        (void)set(SARA_F_REASON, reason);
        return Verdict::kReject;
    }

  protected:
    sara_event* event() const noexcept {  // made from a mutable event in the constructor
        return const_cast<sara_event*>(&this->ev_->h);
    }
    Status set(uint32_t field, std::string_view value) noexcept {
        const Host& h = *this->host_;
        return toStatus(h.bus->set_str(h.raw(), event(), field, str(value)));
    }
};

// A decision that may wait for an answer.
template <class Base>
class Parkable : public Base {
  public:
    using Base::Base;
    // [loop] timeout_ms 1..60000. If the result is true, keep it and return Verdict::kSuspend; the
    // views of this event stay valid until it is resumed. Later packets of the session wait behind
    // it.
    [[nodiscard]] Suspension suspend(uint32_t timeout_ms,
                                     Verdict on_timeout = Verdict::kReject) noexcept {
        const Host& h = *this->host_;
        return {h,
                h.bus->suspend(h.raw(), this->event(), timeout_ms,
                               static_cast<sara_verdict>(on_timeout)),
                on_timeout};
    }
};

// packet.deliver and packet.offline: one per recipient, decided at once.
class DeliveryEvent : public Decision<PacketView> {
  public:
    using Decision::Decision;
    // [loop] packet.deliver: what this recipient gets instead. from, id and type must stay.
    Status replace(const Buffer& packet) noexcept {
        return toStatus(host_->bus->set_raw(host_->raw(), event(), packet.get()));
    }
};

// packet.in and packet.route.
class PacketEvent : public Parkable<DeliveryEvent> {
  public:
    using Parkable::Parkable;
    // [loop] Sends it to this jid instead.
    Status redirect(std::string_view jid) noexcept { return set(SARA_F_TO, jid); }
};

using ConnEvent = Parkable<Decision<ConnView>>;
using LoginEvent = Parkable<Decision<LoginView>>;
using CommandEvent = Parkable<Decision<CommandView>>;

class GroupEvent : public Parkable<Decision<GroupView>> {
  public:
    using Parkable::Parkable;
    // [loop] return e.members("a@d,b@d"): these are the members.
    Verdict members(std::string_view jids) noexcept {
        const Status st = set(SARA_F_MEMBERS, jids);
        return ok(st) ? Verdict::kAccept : static_cast<Verdict>(toAbi(st));
    }
};

}  // namespace sara
