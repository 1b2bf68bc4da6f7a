// What a connection remembers between two reads, in the eight bytes that sdk/stream has for it, so
// that an idle one costs no block. Decides nothing. All zero is a connection that has said nothing.
#pragma once
#include <cstdint>

#include "frame_header.h"

namespace sara::ws {

struct WsState {
    // The reader's. The partial block holds the message so far, unmasked, and behind it the raw
    // bytes of an unfinished frame; before the upgrade it holds the request.
    uint32_t message_bytes = 0;   // at the front of the partial block
    bool in_message : 1 = false;  // a fragmented message has begun
    bool text : 1 = false;        // it is one of text
    uint8_t open_char : 2 = 0;    // bytes of the character that its last fragment cut

    // The framing's.
    bool upgraded : 1 = false;
    bool mute : 1 = false;  // nothing but the ending leaves
    bool close_sent : 1 = false;
    WsError error = WsError::kNone;  // why we close
};
static_assert(sizeof(WsState) == 8);

}  // namespace sara::ws
