// The emsg wire over WebSocket: one packet per message, heartbeat and kill as three characters of
// text. Decides what leaves: text frames, never fragmented; one Close frame with the code that fits
// the end; and before the upgrade HTTP and nothing else. What RFC 6455 says is in frame_reader.h.
#pragma once
#include "handshake.h"
#include "stream/framing.h"
#include "ws_state.h"

namespace sara::ws {

struct WsMeters {
    uint32_t handshakes_refused = UINT32_MAX;
    uint32_t pings = UINT32_MAX;
    uint32_t pongs_left_out = UINT32_MAX;
};

// [loop]
class WsFraming final : public stream::Framing {
  public:
    // What may wait for a client that asks for pongs; docs/limits.md: pong_queue_bytes_max
    static constexpr uint64_t kPongQueueBytesMax = 65'536;

    WsFraming(const Origins& origins, const WsMeters& meters)
        : origins_(origins), meters_(meters) {}

    size_t input(stream::StreamLoop& loop, stream::Connection& c, uint8_t* data,
                 size_t len) noexcept override;
    bool packet(stream::StreamLoop& loop, stream::Connection& c, const sara_str* pieces,
                uint32_t n) noexcept override;
    bool control(stream::StreamLoop& loop, stream::Connection& c,
                 uint32_t control) noexcept override;
    void ending(stream::StreamLoop& loop, stream::Connection& c,
                std::string_view reason) noexcept override;

    static WsState& stateOf(stream::Connection& c) { return c.framing_state.as<WsState>(); }

  private:
    struct Sink;
    // Bytes of data that belong to the request; all of them while it is unfinished or refused.
    size_t request(stream::StreamLoop& loop, stream::Connection& c, const uint8_t* data,
                   size_t len) noexcept;
    void answer(stream::StreamLoop& loop, stream::Connection& c, const Handshake& h) noexcept;

    const Origins& origins_;
    const WsMeters& meters_;
};

}  // namespace sara::ws
