// One question to the backend and what became of it, as the HTTP client and its users see it. Knows
// nothing of connections, and nothing of logins or groups.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <sara/result.hpp>
#include <string>

namespace sara::auth_callback {

// Each lane has a queue of its own; free connections are given to the lanes in turn.
enum class Lane : unsigned { kLogin, kGroup, kNotice };
inline constexpr size_t kLanes = 3;

struct HttpAnswer {
    // kOk: status 2xx and, where the body is wanted, all of it. kTimeout, kIo (connection, broken
    // answer), kFull (an answer beyond its limits), kDenied (another status), kAgain (not sent: the
    // breaker is open or the queue full), kClosed (shutdown).
    Status status = Status::kClosed;
    int http_status = 0;
    std::string body;
    std::string reason;  // for the log; never holds what was sent
};

struct HttpCall {
    // Half of the time for the queue, at least the other half for the backend.
    void timeOut(uint64_t now_ms, uint64_t timeout_ms) {
        deadline_ms = now_ms + timeout_ms;
        begin_by_ms = now_ms + timeout_ms / 2;
    }

    Lane lane = Lane::kLogin;
    std::string form;          // the request body
    uint64_t deadline_ms = 0;  // steadyMs(), retries included
    // Not begun by then it has failed: a queue that is too long must not hand out calls that have
    // no time left, each of which would cost a connection.
    uint64_t begin_by_ms = 0;
    size_t answer_bytes_max = 0;             // 0: the answer's body does not matter
    unsigned retries = 0;                    // after a broken connection or a status 5xx
    std::function<void(HttpAnswer&&)> done;  // on the client's thread, exactly once; must not throw
};

}  // namespace sara::auth_callback
