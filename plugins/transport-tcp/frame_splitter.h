// Finds the frames in a client's byte stream. Decides: 0x01 ends a frame, empty frames are nothing,
// a frame of the single byte 0x02 is a heartbeat, NUL bytes are dropped wherever they stand, a
// frame above the limit is an error at the first byte too many. No I/O; the result does not depend
// on how the input is cut.
#pragma once
#include <cstddef>
#include <cstdint>

#include "stream/partial.h"

namespace sara::tcp {

constexpr uint8_t kEndByte = 0x01;
constexpr uint8_t kHeartbeatByte = 0x02;
constexpr uint8_t kKillByte = 0x03;

// Removes NUL bytes in place; returns the new length.
size_t dropNuls(uint8_t* data, size_t len) noexcept;
inline const uint8_t* findEnd(const uint8_t* p, const uint8_t* end) noexcept {
    return static_cast<const uint8_t*>(__builtin_memchr(p, kEndByte, static_cast<size_t>(end - p)));
}

// [loop] Feeds len bytes. partial is the unfinished frame of this stream, nullptr between frames;
// it is taken out while a frame is delivered from it, so the sink may end the stream. Sink:
//   uint64_t limit()                            largest frame body now
//   bool frame(const uint8_t* body, uint64_t)   false: stop behind this frame; 64 readable bytes
//   follow bool heartbeat()                            as frame void tooLarge(), void noMemory()
//   the stream cannot go on
// Returns the bytes of data that are done with (after dropping NULs the rest is moved to the end of
// data, so data + result is where the rest begins).
template <class Sink>
size_t split(stream::BlockPool& pool, stream::Block*& partial, uint8_t* data, size_t len,
             Sink& sink) {
    uint8_t* p = data;
    uint8_t* const end = data + len;
    if (__builtin_memchr(p, 0, len) != nullptr) {
        // Rare: compact towards the end, so that what is left stays in front of `end` and its
        // padding.
        const size_t kept = dropNuls(p, len);
        __builtin_memmove(end - kept, p, kept);
        p = end - kept;
    }
    uint64_t limit = sink.limit();
    while (p < end) {
        const uint8_t* stop = findEnd(p, end);
        const size_t here = static_cast<size_t>((stop != nullptr ? stop : end) - p);
        const uint64_t total = here + (partial != nullptr ? partial->size() : 0);
        // The limit may have grown with the frames before this one.
        if (total > limit && total > (limit = sink.limit())) {
            pool.put(partial);
            partial = nullptr;
            sink.tooLarge();
            return len;
        }
        if (stop == nullptr) {
            if (!stream::appendPartial(pool, partial, p, here, limit)) sink.noMemory();
            return len;
        }
        const uint8_t* body = p;
        stream::Block* whole = nullptr;
        if (partial != nullptr) {
            if (!stream::appendPartial(pool, partial, p, here, limit)) {
                sink.noMemory();
                return len;
            }
            whole = partial;
            partial = nullptr;
            body = whole->data();
        }
        p += here + 1;
        bool go_on = true;
        if (total == 1 && *body == kHeartbeatByte) {
            go_on = sink.heartbeat();
        } else if (total > 0) {
            go_on = sink.frame(body, total);
        }
        if (whole != nullptr) pool.put(whole);
        if (!go_on) break;
    }
    return static_cast<size_t>(p - data);
}

}  // namespace sara::tcp
