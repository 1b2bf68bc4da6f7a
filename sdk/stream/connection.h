// State of one connection, as small as it can be: what an idle one needs to wake up. Decides
// nothing; the loop that owns it (stream_loop.h) does. Never shared between threads.
#pragma once
#include <openssl/ssl.h>

#include <cstdint>
#include <new>
#include <type_traits>

#include "sara/abi/transport.h"
#include "stream/block_pool.h"
#include "stream/write_queue.h"

namespace sara::stream {

class StreamLoop;

enum class Phase : uint8_t {
    kFree,      // the slot is unused
    kOpen,      // the gate knows it
    kClosing,   // the kernel closed it; what is queued is being written
    kDraining,  // the write side is shut; waiting for the peer's end
    kDead       // closed; the slot is freed at the end of the turn
};

// What a framing remembers of one connection between two reads; zero bytes at first.
struct FramingState {
    alignas(8) unsigned char bytes[8] = {};

    template <class T>
    T& as() {
        static_assert(sizeof(T) <= sizeof bytes && alignof(T) <= 8);
        static_assert(std::is_trivially_copyable_v<T>);
        return *std::launder(reinterpret_cast<T*>(bytes));
    }
};

struct Connection {
    StreamLoop* loop = nullptr;
    SSL* tls = nullptr;  // made with the first byte of a TLS connection
    sara_id id = 0;      // the handle that the kernel knows; 0 while the slot is free
    sara_id session = 0;
    sara_id watch = 0;
    sara_id timer = 0;  // pace while open, deadline while closing and draining
    WriteQueue out;
    Block* partial = nullptr;  // an unfinished frame; belongs to the framing
    Block* held = nullptr;     // input that was read but may not be delivered yet
    Connection* next_touched = nullptr;
    Connection* next_ready = nullptr;
    FramingState framing_state;
    int fd = -1;
    uint32_t generation = 0;
    uint32_t listener = 0;   // which listener accepted it
    uint32_t discarded = 0;  // bytes that were dropped unread while closing
    Phase phase = Phase::kFree;
    uint8_t interest = 0;     // SARA_IO_* the watch has now
    bool secure : 1 = false;  // TLS
    bool handshaken : 1 = false;
    bool paused : 1 = false;   // pause_read
    bool deaf : 1 = false;     // input is read and dropped: violation, or the kernel is closing
    bool blocked : 1 = false;  // the socket takes no more now
    bool waited : 1 = false;   // a write had to wait: drained() is owed
    bool pacing : 1 = false;   // the pace timer runs
    bool ended : 1 = false;    // the peer's end was seen while closing
    bool touched : 1 = false;
    bool ready : 1 = false;
    bool moving : 1 = false;           // gate.frame() said SARA_MOVED
    bool tls_wants_write : 1 = false;  // reading waits for the socket to take handshake bytes

    // May a frame be delivered now? Asked after each one, because the kernel may pause or close
    // inside.
    bool listening() const { return phase == Phase::kOpen && !paused && !deaf && !moving; }
};

}  // namespace sara::stream
