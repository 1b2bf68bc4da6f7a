// A connection changes its loop: everything it is goes into one post, unread input and TLS state
// included.
#include <cstring>
#include <new>

#include "stream/stream_loop.h"

namespace sara::stream {

Block* StreamLoop::keep(uint8_t* data, size_t len) noexcept {
    Block* b = pool_.get(len);
    if (b == nullptr) {
        context_.count(context_.meters.no_memory);
        return nullptr;
    }
    std::memcpy(b->bytes(), data, len);
    b->end = static_cast<uint32_t>(len);
    return b;
}

void StreamLoop::carry(Connection& c, uint8_t* data, size_t len, Block* from) noexcept {
    if (from != nullptr) {
        from->begin = from->end - static_cast<uint32_t>(len);
        if (len == 0) {
            pool_.put(from);
            from = nullptr;
        }
    } else if (len > 0) {
        from = keep(data, len);
    }
    const bool kept = len == 0 || from != nullptr;
    const uint32_t to = move_.loop;
    auto* k = kept && to < context_.loops.size() ? new (std::nothrow) Carried{} : nullptr;
    c.held = from;
    cancelTimer(c);
    c.pacing = false;
    if (c.watch != 0) context_.loop->unwatch(context_.host, c.watch);
    c.watch = 0;
    const sara_id ticket = move_.ticket;
    if (k != nullptr) {
        k->to = context_.loops[to];
        k->ticket = ticket;
        k->c = c;
        if (context_.loop->post(context_.host, to, onArrive, k) == SARA_OK) {
            context_.count(context_.meters.moves);
            // From here on the other loop owns all of it.
            c.tls = nullptr;
            c.out = WriteQueue();
            c.partial = nullptr;
            c.held = nullptr;
            c.framing_state = {};
            c.fd = -1;
            c.phase = Phase::kDead;
            touch(c);
            return;
        }
        delete k;
    }
    context_.count(context_.meters.moves_failed);
    context_.gate->abandon(context_.host, ticket);
    finish(c);
}

void StreamLoop::onArrive(void* carried) noexcept {
    const std::unique_ptr<Carried> k(static_cast<Carried*>(carried));
    k->to->arrive(*k);
}

void StreamLoop::arrive(Carried& k) noexcept {
    Connection* c = stopped_ ? nullptr : table_.take();
    if (c == nullptr) {
        context_.gate->abandon(context_.host, k.ticket);
        releaseAll(k.c);
        return;
    }
    c->loop = this;
    c->tls = k.c.tls;
    c->out = k.c.out;
    c->partial = k.c.partial;
    c->held = k.c.held;
    c->framing_state = k.c.framing_state;
    c->fd = k.c.fd;
    c->listener = k.c.listener;
    c->secure = k.c.secure;
    c->handshaken = k.c.handshaken;
    c->waited = k.c.waited;
    c->phase = Phase::kOpen;
    touch(*c);
    c->watch = context_.loop->watch(context_.host, c->fd, SARA_IO_READ, onIo, c);
    if (c->watch == 0) {
        context_.count(context_.meters.moves_failed);
        context_.gate->abandon(context_.host, k.ticket);
        finish(*c);
        return;
    }
    c->interest = SARA_IO_READ;
    if (context_.gate->arrive(context_.host, k.ticket, c->id, &c->session) != SARA_OK) {
        if (c->phase != Phase::kDead) finish(*c);
        return;
    }
    if (c->phase != Phase::kOpen) return;
    if (c->paused) return;
    if (c->held != nullptr) {
        processHeld(*c);
    } else if (c->tls != nullptr) {
        makeReady(*c);
    }
}

}  // namespace sara::stream
