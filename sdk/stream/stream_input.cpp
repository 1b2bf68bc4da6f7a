// The read side: one read per wake-up, the framing over what came, and what happens to the rest
// when the gate says stop in the middle.
#include <sys/socket.h>

#include <cerrno>

#include "stream/stream_loop.h"

namespace sara::stream {

void StreamLoop::readable(Connection& c, uint32_t events) noexcept {
    if (c.paused) {
        // Nothing may be delivered, and a broken socket would be reported in every turn.
        if ((events & SARA_IO_HANGUP) != 0) lose(c, "io_error");
        return;
    }
    if (c.held != nullptr) return processHeld(c);
    c.secure ? readTls(c) : readPlain(c);
}

void StreamLoop::readPlain(Connection& c) noexcept {
    // One read per turn: a short one has emptied the socket, a full one is this connection's share,
    // and the level-triggered watch brings the rest.
    const ssize_t n = ::recv(c.fd, read_buffer_.get(), kReadBytes, 0);
    if (n > 0) {
        context_.count(context_.meters.bytes_in, n);
        if (!c.deaf) process(c, read_buffer_.get(), static_cast<size_t>(n), nullptr);
        return;
    }
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return;
    n == 0 ? endOfInput(c) : lose(c, "io_error");
}

void StreamLoop::endOfInput(Connection& c) noexcept {
    // A peer that has ended its own direction may still read what this turn answers.
    if (!c.out.empty() && !c.blocked && (!c.secure || c.handshaken)) writeOut(c);
    lose(c, "peer_closed");
}

void StreamLoop::readTls(Connection& c) noexcept {
    if (c.tls == nullptr) {
        c.tls = newTls(context_.listeners[c.listener].tls.get(), c.fd);
        if (c.tls == nullptr) {
            context_.count(context_.meters.no_memory);
            return lose(c, "no_memory");
        }
    }
    size_t n = 0;
    const TlsState st = tlsRead(c.tls, read_buffer_.get(), kReadBytes, &n);
    if (c.tls_wants_write != (st == TlsState::kWantWrite)) {
        c.tls_wants_write = st == TlsState::kWantWrite;
        touch(c);
    }
    if (!c.handshaken && SSL_is_init_finished(c.tls) != 0) {
        c.handshaken = true;
        touch(c);  // what was queued meanwhile
    }
    if (n > 0) {
        context_.count(context_.meters.bytes_in, static_cast<int64_t>(n));
        if (!c.deaf) process(c, read_buffer_.get(), n, nullptr);
    }
    if (c.phase != Phase::kOpen) return;  // closed or carried away inside
    // An end that stands behind held-back input is met again when that has been delivered.
    const bool waits = c.paused || c.held != nullptr;
    switch (st) {
        case TlsState::kOk:
            if (!waits)
                makeReady(c);  // the rest may be inside OpenSSL, where the watch does not see it
            break;
        case TlsState::kWantRead:
        case TlsState::kWantWrite:
            break;
        case TlsState::kEnd:
            if (!c.handshaken) context_.count(context_.meters.tls_failures);
            if (!waits) endOfInput(c);
            break;
        case TlsState::kFailed:
            if (!c.handshaken) context_.count(context_.meters.tls_failures);
            if (!waits) lose(c, "tls_error");
            break;
        case TlsState::kIoError:
            if (!waits) lose(c, "io_error");
            break;
    }
}

void StreamLoop::process(Connection& c, uint8_t* data, size_t len, Block* from) noexcept {
    const size_t used = framing_->input(*this, c, data, len);
    if (frames_in_ != 0) {
        context_.count(context_.meters.frames_in, static_cast<int64_t>(frames_in_));
        frames_in_ = 0;
    }
    if (c.moving) return carry(c, data + used, len - used, from);
    if (c.phase != Phase::kOpen || c.deaf || used >= len) {
        pool_.put(from);
        return;
    }
    // The kernel paused reading in the middle.
    if (from != nullptr) {
        from->begin += static_cast<uint32_t>(used);
    } else {
        from = keep(data + used, len - used);
        if (from == nullptr) return lose(c, "no_memory");
    }
    c.held = from;
    if (!c.paused) makeReady(c);
}

void StreamLoop::processHeld(Connection& c) noexcept {
    Block* b = c.held;
    c.held = nullptr;  // close() inside must not free what is being read
    process(c, b->data(), b->size(), b);
    if (c.phase == Phase::kOpen && c.tls != nullptr && c.held == nullptr && !c.paused) makeReady(c);
}

bool StreamLoop::judge(Connection& c, sara_status st) noexcept {
    if (st == SARA_MOVED) {
        c.moving = true;
    } else if (st < 0) {
        c.deaf = true;
        // The kernel closes what it knows; what it does not know nobody would close.
        if (st == SARA_E_STALE && c.phase == Phase::kOpen) finish(c);
        return false;
    }
    return c.listening();
}

bool StreamLoop::violate(Connection& c, std::string_view reason) noexcept {
    c.deaf = true;
    context_.count(context_.meters.violations);
    context_.gate->violation(context_.host, c.session, str(reason));
    return false;
}

void StreamLoop::makeReady(Connection& c) noexcept {
    if (c.ready) return;
    c.ready = true;
    c.next_ready = nullptr;
    (ready_.tail != nullptr ? ready_.tail->next_ready : ready_.head) = &c;
    ready_.tail = &c;
    postReady();
}

void StreamLoop::postReady() noexcept {
    if (ready_posted_ || stopped_) return;
    // A full mailbox is no reason to forget input: the timer comes instead.
    ready_posted_ = context_.loop->post(context_.host, index_, onReady, this) == SARA_OK ||
                    context_.loop->timer(context_.host, 1, 0, onReady, this) != 0;
}

void StreamLoop::onReady(void* self_ptr) noexcept {
    StreamLoop& self = *static_cast<StreamLoop*>(self_ptr);
    self.ready_posted_ = false;
    // Only those that wait now: whoever becomes ready again has its next share in a later turn.
    Connection* c = self.ready_.head;
    self.ready_ = {};
    while (c != nullptr) {
        Connection* next = c->next_ready;
        c->ready = false;
        c->next_ready = nullptr;
        if (c->phase == Phase::kDead) {
            self.touch(*c);
        } else if (c->phase == Phase::kOpen && !c->paused) {
            self.readable(*c, SARA_IO_READ);
        }
        c = next;
    }
}

}  // namespace sara::stream
