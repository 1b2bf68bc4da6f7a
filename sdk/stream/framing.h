// What a transport adds to a byte stream: where packets begin and end. Implemented by each
// transport, one object per loop; it holds no connection and does no I/O.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "stream/connection.h"

namespace sara::stream {

class Framing {
  public:
    virtual ~Framing() = default;

    // [loop] Input, in order; 64 readable bytes stand behind it, and it may be changed in place.
    // Delivers frames with loop.deliver() and stops at once when that says false. Returns how many
    // bytes it is done with; all of them unless it was stopped. An unfinished frame goes into
    // c.partial.
    virtual size_t input(StreamLoop& loop, Connection& c, uint8_t* data, size_t len) noexcept = 0;
    // [loop] Queues one packet, or nothing and false when memory is exhausted.
    virtual bool packet(StreamLoop& loop, Connection& c, const sara_str* pieces,
                        uint32_t n) noexcept = 0;
    // [loop] Queues a control frame; false as above or when the transport has no bytes for it.
    virtual bool control(StreamLoop& loop, Connection& c, uint32_t control) noexcept = 0;
    // [loop] The kernel closes, for this reason (a word of its own): last chance to queue an
    // ending.
    virtual void ending(StreamLoop&, Connection&, std::string_view) noexcept {}
    // [loop] The connection is gone: free what framing_state names.
    virtual void release(Connection&) noexcept {}
};

}  // namespace sara::stream
