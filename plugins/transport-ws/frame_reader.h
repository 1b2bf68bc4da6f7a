// Messages out of a client's frames: RFC 6455 framing and nothing of emsg. Decides what is a
// message, what is answered at once, and with which error a stream ends. No I/O; the result does
// not depend on how the input is cut. An unfinished frame waits as it came; memory follows the
// bytes that have arrived, not the length that was announced.
#pragma once
#include <algorithm>
#include <cstring>

#include "frame_header.h"
#include "message_text.h"
#include "stream/partial.h"
#include "ws_state.h"

namespace sara::ws {

// A Sink is told, and may end the stream in every call:
//   uint64_t limit()                              largest message now
//   bool message(const uint8_t*, uint64_t)        never empty; false: stop behind this one; 64
//                                                 readable bytes follow, valid during the call
//   bool ping(const uint8_t*, size_t)             as above, at most 125 bytes
//   bool pong()                                   as above
//   void closed(const uint8_t*, size_t)           a valid Close frame: code and reason, or nothing
//   void fail(WsError)                            the stream broke a rule
//   void noMemory()
template <class Sink>
class FrameReader {
  public:
    FrameReader(stream::BlockPool& pool, stream::Block*& partial, WsState& state, Sink& sink)
        : pool_(pool), partial_(partial), state_(state), sink_(sink), limit_(sink.limit()) {}

    // [loop] Feeds len bytes, which are changed in place. Returns how many are done with: all,
    // unless the sink said stop.
    size_t feed(uint8_t* data, size_t len) {
        uint8_t* p = data;
        uint8_t* const end = data + len;
        while (p < end) {
            const Step step = rawBytes() == 0 ? inPlace(p, end) : pieceByPiece(p, end);
            if (step == Step::kStop) return static_cast<size_t>(p - data);
            if (step == Step::kOver) return len;
        }
        return len;
    }

  private:
    enum class Step {
        kOn,    // a frame is done
        kStop,  // the sink said stop behind it
        kOver   // everything is consumed or the stream has ended
    };

    uint64_t rawBytes() const {
        return partial_ == nullptr ? 0 : partial_->size() - state_.message_bytes;
    }

    // The whole frame may stand in the input: then nothing is copied.
    Step inPlace(uint8_t*& p, uint8_t* end) {
        FrameHeader h;
        const size_t here = static_cast<size_t>(end - p);
        if (const WsError e = check(p, here, h); e != WsError::kNone) return fail(e);
        if (h.size == 0 || here - h.size < h.payload)
            return keep(p, here) ? Step::kOver : noMemory();
        uint8_t* const body = p + h.size;
        p = body + h.payload;
        if (h.control()) return control(h, body);
        const bool ascii = unmask(body, static_cast<size_t>(h.payload), h.mask);
        if (!state_.in_message && h.fin) {
            if (h.payload == 0) return Step::kOn;
            if (h.opcode == kText && !ascii && !isUtf8(body, static_cast<size_t>(h.payload))) {
                return fail(WsError::kNotUtf8);
            }
            return go(sink_.message(body, h.payload));
        }
        if (!keep(body, static_cast<size_t>(h.payload))) return noMemory();
        return fragment(h, ascii);
    }

    // The frame began in an earlier read: it is completed behind what waits.
    Step pieceByPiece(uint8_t*& p, uint8_t* end) {
        const auto take = [&](uint64_t upto) {
            const uint64_t missing = upto > rawBytes() ? upto - rawBytes() : 0;
            const size_t n =
                static_cast<size_t>(std::min<uint64_t>(missing, static_cast<uint64_t>(end - p)));
            if (!keep(p, n)) return false;
            p += n;
            return true;
        };
        FrameHeader h;
        do {
            if (!take(headerBytes(raw(), rawBytes()))) return noMemory();
            if (const WsError e = check(raw(), rawBytes(), h); e != WsError::kNone) return fail(e);
        } while (h.size == 0 && p < end);
        if (h.size == 0) return Step::kOver;
        if (!take(h.size + h.payload)) return noMemory();
        if (rawBytes() < h.size + h.payload) return Step::kOver;

        uint8_t* const body = raw() + h.size;
        if (h.control()) {
            // The sink may end the stream and free the block.
            uint8_t copy[kControlBytesMax];
            std::memcpy(copy, body, static_cast<size_t>(h.payload));
            shrinkTo(state_.message_bytes);
            return control(h, copy);
        }
        const bool ascii = unmask(body, static_cast<size_t>(h.payload), h.mask);
        std::memmove(raw(), body, static_cast<size_t>(h.payload));
        shrinkTo(state_.message_bytes + static_cast<uint32_t>(h.payload));
        return fragment(h, ascii);
    }

    // A header with what the message so far says about it.
    WsError check(const uint8_t* p, uint64_t n, FrameHeader& h) {
        // Byte by byte, so that the answer does not depend on how many came in one read.
        if (const WsError e = checkFirstByte(p[0]); e != WsError::kNone) return e;
        const uint8_t opcode = p[0] & 0x0f;
        if (opcode < kClose) {
            if (opcode == kContinuation && !state_.in_message) return WsError::kNothingToContinue;
            if (opcode != kContinuation && state_.in_message) return WsError::kMessageInsideMessage;
        }
        const WsError e = readHeader(p, static_cast<size_t>(n), h);
        if (e != WsError::kNone) return e;
        if (h.size == 0 || h.control()) return WsError::kNone;
        // The limit may have grown with the messages before this one.
        const auto above = [&] {
            return state_.message_bytes > limit_ || h.payload > limit_ - state_.message_bytes;
        };
        if (above()) limit_ = sink_.limit();
        return above() ? WsError::kTooLarge : WsError::kNone;
    }

    // The payload of a data frame stands at the end of the partial block.
    Step fragment(const FrameHeader& h, bool ascii) {
        if (h.opcode != kContinuation) {
            state_.in_message = true;
            state_.text = h.opcode == kText;
        }
        if (state_.text && h.payload > 0 && (!ascii || state_.open_char != 0)) {
            const uint64_t n = h.payload + state_.open_char;
            const uint8_t* const from = partial_->data() + state_.message_bytes - state_.open_char;
            const Utf8Scan scan = scanUtf8(from, static_cast<size_t>(n));
            if (!scan.valid) return fail(WsError::kNotUtf8);
            state_.open_char = static_cast<uint8_t>(scan.open & 3);
        }
        state_.message_bytes += static_cast<uint32_t>(h.payload);
        if (!h.fin) return Step::kOn;
        if (state_.text && state_.open_char != 0) return fail(WsError::kNotUtf8);
        stream::Block* const whole = partial_;
        const uint64_t len = state_.message_bytes;
        partial_ = nullptr;
        state_.message_bytes = 0;
        state_.in_message = false;
        const bool go_on = whole == nullptr || sink_.message(whole->data(), len);
        pool_.put(whole);
        return go(go_on);
    }

    Step control(const FrameHeader& h, uint8_t* body) {
        const size_t len = static_cast<size_t>(h.payload);
        (void)unmask(body, len, h.mask);
        if (h.opcode == kPing) return go(sink_.ping(body, len));
        if (h.opcode == kPong) return go(sink_.pong());
        if (len == 1) return fail(WsError::kCloseOfOneByte);
        if (len >= 2) {
            const uint16_t code = static_cast<uint16_t>(body[0] << 8 | body[1]);
            if (!mayBeSent(code)) return fail(WsError::kCloseCodeRefused);
            if (!isUtf8(body + 2, len - 2)) return fail(WsError::kCloseReasonNotUtf8);
        }
        drop();
        sink_.closed(body, len);
        return Step::kOver;
    }

    static Step go(bool on) { return on ? Step::kOn : Step::kStop; }
    uint8_t* raw() { return partial_->data() + state_.message_bytes; }
    bool keep(const uint8_t* p, size_t n) {
        return stream::appendPartial(pool_, partial_, p, n, limit_ + kHeaderBytesMax);
    }
    void shrinkTo(uint32_t bytes) {
        partial_->end = partial_->begin + bytes;
        if (bytes != 0) return;
        pool_.put(partial_);
        partial_ = nullptr;
    }
    void drop() {
        pool_.put(partial_);
        partial_ = nullptr;
        state_.message_bytes = 0;
        state_.in_message = false;
    }
    Step fail(WsError e) {
        drop();
        sink_.fail(e);
        return Step::kOver;
    }
    Step noMemory() {
        drop();
        sink_.noMemory();
        return Step::kOver;
    }

    stream::BlockPool& pool_;
    stream::Block*& partial_;
    WsState& state_;
    Sink& sink_;
    uint64_t limit_;
};

}  // namespace sara::ws
