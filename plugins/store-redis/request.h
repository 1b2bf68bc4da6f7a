// One command on its way to Redis. Decides how it is written (by the SHA1 of its script, or with
// the whole script) and whether it may run twice; completes exactly once, by answered() or
// failed().
#pragma once
#include <sara/sara.h>

#include <cstdint>
#include <string_view>

#include "store-redis/resp.h"
#include "store-redis/scripts.h"

namespace sara::store_redis {

class Request {
  public:
    virtual ~Request() = default;
    // [loop] Appends the command to out; whole: EVAL instead of EVALSHA.
    virtual void encode(std::string* out, bool whole) const = 0;
    // [loop] The answer of Redis; may be an error that no retry mends.
    virtual void answered(const redisReply& reply) = 0;
    // [loop] No answer: SARA_E_IO, SARA_E_TIMEOUT or SARA_E_CLOSED. A command that was sent may
    // have taken effect.
    virtual void failed(sara_status status) = 0;

    uint16_t slot = 0;
    uint8_t redirects = 0;
    bool repeatable = false;  // running it twice does no harm
    bool wait = false;        // its answer counts when the replicas have it
    uint64_t deadline_ms = 0;
};

// Writes "EVALSHA sha n" or "EVAL source n"; n keys and the arguments follow.
inline CommandWriter beginScript(std::string* out, Script script, bool whole, size_t keys,
                                 size_t arguments) {
    CommandWriter writer(out);
    writer.begin(3 + keys + arguments);
    writer.arg(whole ? "EVAL" : "EVALSHA").arg(whole ? sourceOf(script) : shaOf(script));
    writer.arg(static_cast<uint64_t>(keys));
    return writer;
}

}  // namespace sara::store_redis
