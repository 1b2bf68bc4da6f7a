// The ends of a connection. A close by the kernel writes what is queued, shuts the write side and
// drops input until the peer's end, so that no reset eats the last bytes.
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "stream/stream_loop.h"

namespace sara::stream {

void StreamLoop::close(Connection& c, std::string_view reason, uint32_t flush_ms) noexcept {
    if (c.phase != Phase::kOpen) return;
    // Before the handshake is done nothing can reach the peer.
    if (flush_ms == 0 || (c.secure && !c.handshaken)) return finish(c);
    framing_->ending(*this, c, reason);
    startFlush(c, flush_ms);
}

void StreamLoop::part(Connection& c, std::string_view reason) noexcept {
    if (c.phase != Phase::kOpen) return;
    const sara_id session = c.session;
    const uint64_t written = c.out.written();
    startFlush(c, context_.options.drain_ms);
    context_.gate->closed(context_.host, session, str(reason), written);
}

void StreamLoop::startFlush(Connection& c, uint32_t flush_ms) noexcept {
    c.phase = Phase::kClosing;
    c.deaf = true;
    c.pacing = false;
    pool_.put(c.held);
    c.held = nullptr;
    pool_.put(c.partial);
    c.partial = nullptr;
    cancelTimer(c);
    c.timer = context_.loop->timer(context_.host, flush_ms, 0, onTimer, &c);
    touch(c);
}

void StreamLoop::startDrain(Connection& c) noexcept {
    cancelTimer(c);
    if (c.tls != nullptr) tlsEnd(c.tls);
    if (::shutdown(c.fd, SHUT_WR) != 0 || c.ended) return finish(c);
    if (draining_ >= context_.options.draining_max) {
        context_.count(context_.meters.drain_cut);
        return finish(c);
    }
    c.timer = context_.loop->timer(context_.host, context_.options.drain_ms, 0, onTimer, &c);
    if (c.timer == 0) return finish(c);
    c.phase = Phase::kDraining;
    ++draining_;
    // What was there to read all along need not wait for the next turn.
    discardInput(c);
}

void StreamLoop::discardInput(Connection& c) noexcept {
    for (int round = 0; round < 4; ++round) {
        // MSG_TRUNC: TCP drops the bytes without copying them.
        const ssize_t n = ::recv(c.fd, read_buffer_.get(), kReadBytes, MSG_TRUNC);
        if (n > 0) {
            c.discarded += static_cast<uint32_t>(n);
            if (c.discarded > context_.options.discard_bytes_max) {
                // It sends on and on although it was told: the reset may have its last bytes.
                context_.count(context_.meters.drain_cut);
                return finish(c);
            }
            if (static_cast<size_t>(n) < kReadBytes) return;
            continue;
        }
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return;
        if (n < 0 || c.phase == Phase::kDraining) return finish(c);
        c.ended = true;  // it still reads what we write
        touch(c);
        return;
    }
}

void StreamLoop::lose(Connection& c, std::string_view reason) noexcept {
    if (c.phase != Phase::kOpen) return;
    const sara_id session = c.session;
    const uint64_t written = c.out.written();
    finish(c);
    context_.gate->closed(context_.host, session, str(reason), written);
}

void StreamLoop::finish(Connection& c) noexcept {
    if (c.phase == Phase::kDead) return;
    if (c.phase == Phase::kDraining) --draining_;
    c.phase = Phase::kDead;
    releaseAll(c);
    // The slot stays until the end of the turn: callers on the stack still look at it.
    if (!stopped_) touch(c);
}

void StreamLoop::releaseAll(Connection& c) noexcept {
    cancelTimer(c);
    if (c.watch != 0) context_.loop->unwatch(context_.host, c.watch);
    c.watch = 0;
    framing_->release(c);
    if (c.tls != nullptr) SSL_free(c.tls);
    c.tls = nullptr;
    if (c.fd >= 0) ::close(c.fd);
    c.fd = -1;
    c.out.clear(pool_);
    pool_.put(c.held);
    c.held = nullptr;
    pool_.put(c.partial);
    c.partial = nullptr;
}

void StreamLoop::cancelTimer(Connection& c) noexcept {
    if (c.timer != 0) context_.loop->timer_cancel(context_.host, c.timer);
    c.timer = 0;
}

}  // namespace sara::stream
