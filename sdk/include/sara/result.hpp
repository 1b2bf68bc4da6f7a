// sara/result.hpp - the one vocabulary of failure: Status says what went wrong and whose fault it
// is, Result<T> carries a value or an Error. Refuses exceptions: value() of a failure is a bug and
// aborts.
#pragma once
#include <sara/abi/base.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace sara {

// The status codes of the ABI. The party at fault is what blameOf() says.
enum class [[nodiscard]] Status : int32_t{
    kOk = SARA_OK,
    kInvalid = SARA_E_INVALID,
    kNoMemory = SARA_E_NOMEM,
    kUnsupported = SARA_E_UNSUPPORTED,
    kAgain = SARA_E_AGAIN,
    kTimeout = SARA_E_TIMEOUT,
    kClosed = SARA_E_CLOSED,
    kStale = SARA_E_STALE,
    kDenied = SARA_E_DENIED,
    kNotFound = SARA_E_NOTFOUND,
    kThread = SARA_E_THREAD,
    kPlugin = SARA_E_PLUGIN,
    kIo = SARA_E_IO,
    kFull = SARA_E_FULL,
    kExists = SARA_E_EXISTS,
    kCorrupt = SARA_E_CORRUPT,
    kMoved = SARA_MOVED,
};

enum class Blame { kNobody, kCaller, kHost, kPeer, kOperator, kDependency, kPlugin };

constexpr Status toStatus(sara_status st) noexcept { return static_cast<Status>(st); }
constexpr sara_status toAbi(Status st) noexcept { return static_cast<sara_status>(st); }

// Done, possibly with something more to do (positive statuses).
constexpr bool ok(Status st) noexcept { return toAbi(st) >= 0; }

// The word for log lines and replies: "not_found". Never null; "unknown" for a code of a newer
// minor.
constexpr std::string_view nameOf(Status st) noexcept {
    switch (st) {
        case Status::kOk:
            return "ok";
        case Status::kInvalid:
            return "invalid";
        case Status::kNoMemory:
            return "no_memory";
        case Status::kUnsupported:
            return "unsupported";
        case Status::kAgain:
            return "again";
        case Status::kTimeout:
            return "timeout";
        case Status::kClosed:
            return "closed";
        case Status::kStale:
            return "stale";
        case Status::kDenied:
            return "denied";
        case Status::kNotFound:
            return "not_found";
        case Status::kThread:
            return "wrong_thread";
        case Status::kPlugin:
            return "plugin_fault";
        case Status::kIo:
            return "io";
        case Status::kFull:
            return "full";
        case Status::kExists:
            return "exists";
        case Status::kCorrupt:
            return "corrupt";
        case Status::kMoved:
            return "moved";
    }
    return "unknown";
}

constexpr Blame blameOf(Status st) noexcept {
    switch (st) {
        case Status::kInvalid:
        case Status::kUnsupported:
        case Status::kExists:
            return Blame::kCaller;
        case Status::kNoMemory:
            return Blame::kHost;
        case Status::kDenied:
        case Status::kClosed:
            return Blame::kPeer;
        case Status::kFull:
            return Blame::kOperator;
        case Status::kTimeout:
        case Status::kIo:
        case Status::kCorrupt:
            return Blame::kDependency;
        case Status::kThread:
        case Status::kPlugin:
            return Blame::kPlugin;
        default:
            return Blame::kNobody;
    }
}

// A failure and the sentence for whoever has to act on it. The text may be empty.
struct [[nodiscard]] Error {
    Status status = Status::kInvalid;
    std::string text;
};

// A T or an Error. Made from either; test it before value().
template <class T>
class [[nodiscard]] Result {
  public:
    Result(T value) : held_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : held_(std::in_place_index<1>, std::move(error)) { refuseOk(); }
    Result(Status st) : held_(std::in_place_index<1>, Error{st, {}}) { refuseOk(); }

    bool ok() const noexcept { return held_.index() == 0; }
    explicit operator bool() const noexcept { return ok(); }
    Status status() const noexcept { return ok() ? Status::kOk : std::get_if<1>(&held_)->status; }
    // The text of the failure, empty when there is none.
    std::string_view text() const noexcept {
        return ok() ? std::string_view{} : std::string_view(std::get_if<1>(&held_)->text);
    }
    const Error& error() const noexcept { return *checked<1>(); }

    T& value() & noexcept { return *checked<0>(); }
    const T& value() const& noexcept { return *checked<0>(); }
    T&& value() && noexcept { return std::move(*checked<0>()); }
    T& operator*() & noexcept { return value(); }
    const T& operator*() const& noexcept { return value(); }
    T&& operator*() && noexcept { return std::move(*this).value(); }
    T* operator->() noexcept { return checked<0>(); }
    const T* operator->() const noexcept { return checked<0>(); }
    T valueOr(T other) const& { return ok() ? value() : std::move(other); }

  private:
    template <std::size_t I>
    auto checked() noexcept {
        auto* p = std::get_if<I>(&held_);
        if (p == nullptr) std::abort();
        return p;
    }
    template <std::size_t I>
    auto checked() const noexcept {
        auto* p = std::get_if<I>(&held_);
        if (p == nullptr) std::abort();
        return p;
    }
    void refuseOk() const noexcept {  // a failure that says "ok" is our own bug
        if (std::get_if<1>(&held_)->status == Status::kOk) std::abort();
    }

    std::variant<T, Error> held_;
};

// Success without a value, or an Error.
template <>
class [[nodiscard]] Result<void> {
  public:
    Result() = default;
    Result(Error error) : error_(std::move(error)) {}
    Result(Status st) : error_{st, {}} {}

    bool ok() const noexcept { return sara::ok(error_.status); }
    explicit operator bool() const noexcept { return ok(); }
    Status status() const noexcept { return error_.status; }
    std::string_view text() const noexcept { return error_.text; }
    const Error& error() const noexcept { return error_; }

  private:
    Error error_{Status::kOk, {}};
};

}  // namespace sara
