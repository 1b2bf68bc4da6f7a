#include "ws_framing.h"

#include <algorithm>
#include <cstring>

#include "frame_reader.h"
#include "stream/stream_loop.h"

namespace sara::ws {
namespace {

constexpr uint8_t kEndByte = 0x01;
constexpr uint8_t kHeartbeatByte = 0x02;
constexpr std::string_view kHeartbeatText = "\\02";
constexpr std::string_view kKillText = "\\03";

bool isHeartbeat(const uint8_t* body, uint64_t len) {
    return (len == 1 && *body == kHeartbeatByte) ||
           (len == kHeartbeatText.size() && std::memcmp(body, kHeartbeatText.data(), len) == 0);
}

bool queueFrame(stream::StreamLoop& loop, stream::Connection& c, Opcode opcode,
                std::string_view payload) noexcept {
    char frame[10 + kControlBytesMax];
    const size_t head = writeHeader(opcode, payload.size(), frame);
    std::memcpy(frame + head, payload.data(), payload.size());
    return loop.queue(c, {frame, head + payload.size()});
}

// A Close frame with a code and a short text that says why.
void queueClose(stream::StreamLoop& loop, stream::Connection& c, CloseCode code,
                std::string_view why) noexcept {
    char body[kControlBytesMax];
    body[0] = static_cast<char>(code >> 8);
    body[1] = static_cast<char>(code & 0xff);
    const size_t n = std::min(why.size(), sizeof body - 2);
    std::memcpy(body + 2, why.data(), n);
    (void)queueFrame(loop, c, kClose, {body, n + 2});
}

CloseCode codeOf(std::string_view reason) {
    if (reason == "login_failed" || reason == "login_timeout" || reason == "rejected") {
        return kPolicy;
    }
    if (reason == "shutdown") return kGoingAway;
    if (reason == "packet_too_large") return kTooBig;
    return reason == "error_packet" ? kBadData : kNormal;
}

}  // namespace

// Hands what the reader finds to the loop.
struct WsFraming::Sink {
    stream::StreamLoop& loop;
    stream::Connection& c;
    WsState& state;
    const WsMeters& meters;

    uint64_t limit() const { return loop.frameBytesMax(c); }
    bool message(const uint8_t* body, uint64_t len) {
        // Some clients send the end byte of TCP here, too.
        if (len > 0 && body[len - 1] == kEndByte) --len;
        if (len == 0) return true;
        return isHeartbeat(body, len) ? loop.heartbeat(c) : loop.deliver(c, body, len);
    }
    bool ping(const uint8_t* data, size_t len) {
        loop.context().count(meters.pings);
        loop.context().gate->activity(loop.context().host, c.session);
        if (c.out.queued() > kPongQueueBytesMax) {
            // It asks and does not read: what is queued says that we live.
            loop.context().count(meters.pongs_left_out);
            return true;
        }
        if (!queueFrame(loop, c, kPong, {reinterpret_cast<const char*>(data), len})) noMemory();
        return c.listening();
    }
    bool pong() {
        loop.context().gate->activity(loop.context().host, c.session);
        return true;
    }
    void closed(const uint8_t* body, size_t len) {
        // The answer repeats the code.
        (void)queueFrame(loop, c, kClose,
                         {reinterpret_cast<const char*>(body), std::min<size_t>(len, 2)});
        state.close_sent = true;
        loop.part(c, "peer_closed");
    }
    void fail(WsError error) {
        state.error = error;
        // To bytes that are no frames a packet is no answer; the Close frame says it.
        state.mute = ws::codeOf(error) == kProtocolError;
        (void)loop.violate(c, error == WsError::kTooLarge ? "packet_too_large" : "error_packet");
    }
    void noMemory() {
        loop.context().count(loop.context().meters.no_memory);
        loop.lose(c, "no_memory");
    }
};

size_t WsFraming::input(stream::StreamLoop& loop, stream::Connection& c, uint8_t* data,
                        size_t len) noexcept {
    WsState& state = stateOf(c);
    size_t used = 0;
    if (!state.upgraded) {
        used = request(loop, c, data, len);
        if (!state.upgraded || used == len) return len;
    }
    Sink sink{loop, c, state, meters_};
    return used + FrameReader(loop.pool(), c.partial, state, sink).feed(data + used, len - used);
}

size_t WsFraming::request(stream::StreamLoop& loop, stream::Connection& c, const uint8_t* data,
                          size_t len) noexcept {
    const size_t seen = c.partial != nullptr ? c.partial->size() : 0;
    const size_t n = std::min(len, kHandshakeBytesMax - seen);
    if (!stream::appendPartial(loop.pool(), c.partial, data, n, kHandshakeBytesMax)) {
        loop.context().count(loop.context().meters.no_memory);
        loop.lose(c, "no_memory");
        return len;
    }
    const Head head = findHead(c.partial->data(), c.partial->size(), seen);
    Handshake h;
    if (head.state == Head::State::kWhole) {
        h = judge({reinterpret_cast<const char*>(c.partial->data()), head.bytes}, origins_);
    } else if (head.state == Head::State::kBroken) {
        h.status = 400;
        h.why = "this is no HTTP request, or TLS on the port without it";
    } else if (c.partial->size() == kHandshakeBytesMax) {
        h.status = 431;
        h.why = "the request is too long";
    } else {
        return len;
    }
    loop.pool().put(c.partial);
    c.partial = nullptr;
    answer(loop, c, h);
    return h.status == 101 ? head.bytes - seen : len;
}

void WsFraming::answer(stream::StreamLoop& loop, stream::Connection& c,
                       const Handshake& h) noexcept {
    char text[kAnswerBytesMax];
    const bool queued = loop.queue(c, {text, writeAnswer(h, text)});
    if (queued && h.status == 101) {
        stateOf(c).upgraded = true;
        return;
    }
    stateOf(c).mute = true;
    loop.context().count(meters_.handshakes_refused);
    loop.part(c, "bad_handshake");
}

bool WsFraming::packet(stream::StreamLoop& loop, stream::Connection& c, const sara_str* pieces,
                       uint32_t n) noexcept {
    const WsState& state = stateOf(c);
    if (!state.upgraded || state.mute) return true;  // nobody there who could read it
    uint64_t len = 0;
    for (uint32_t i = 0; i < n; ++i) len += pieces[i].len;
    if (len == 0) return true;
    char head[10];
    const size_t head_bytes = writeHeader(kText, len, head);
    return c.out.append(loop.pool(), {head, head_bytes}, pieces, n, {}, stream::Packing::kJoin);
}

bool WsFraming::control(stream::StreamLoop& loop, stream::Connection& c,
                        uint32_t control) noexcept {
    if (control != SARA_CONTROL_HEARTBEAT && control != SARA_CONTROL_KILL) return false;
    const WsState& state = stateOf(c);
    if (!state.upgraded || state.mute) return true;
    return queueFrame(loop, c, kText, control == SARA_CONTROL_KILL ? kKillText : kHeartbeatText);
}

void WsFraming::ending(stream::StreamLoop& loop, stream::Connection& c,
                       std::string_view reason) noexcept {
    WsState& state = stateOf(c);
    if (!state.upgraded) {
        if (state.mute) return;
        Handshake h;
        h.status = reason == "shutdown" ? 503 : 408;
        h.why = reason == "shutdown" ? "the server ends" : "the request did not come in time";
        char text[kAnswerBytesMax];
        (void)loop.queue(c, {text, writeAnswer(h, text)});
        return;
    }
    if (state.close_sent) return;
    state.close_sent = true;
    if (state.error != WsError::kNone) {
        queueClose(loop, c, ws::codeOf(state.error), sentenceOf(state.error));
    } else {
        queueClose(loop, c, codeOf(reason), reason);
    }
}

}  // namespace sara::ws
