#include "stream/stream_loop.h"

#include <arpa/inet.h>
#include <unistd.h>

#include "stream/listen_socket.h"

namespace sara::stream {

StreamLoop::StreamLoop(const StreamContext& context, std::unique_ptr<Framing> framing,
                       uint32_t index)
    : context_(context),
      framing_(std::move(framing)),
      index_(index),
      table_(index),
      read_buffer_(std::make_unique<uint8_t[]>(kReadBytes + kPaddingBytes)) {
    for (const StreamListener& l : context.listeners) {
        if (l.tls && !record_buffer_) record_buffer_ = std::make_unique<uint8_t[]>(kRecordBytes);
    }
}

StreamLoop::~StreamLoop() { stop(); }

void StreamLoop::stop() noexcept {
    if (stopped_) return;
    stopped_ = true;
    table_.each([this](Connection& c) {
        if (c.phase != Phase::kDead) finish(c);
    });
}

void StreamLoop::adopt(const Accepted& a) noexcept {
    Connection* c = stopped_ ? nullptr : table_.take();
    if (c == nullptr) {
        if (!stopped_) context_.count(context_.meters.accept_errors);
        ::close(a.fd);
        return;
    }
    const StreamListener& listener = context_.listeners[a.listener];
    c->loop = this;
    c->fd = a.fd;
    c->listener = a.listener;
    c->secure = listener.tls != nullptr;
    c->phase = Phase::kOpen;

    char ip[INET6_ADDRSTRLEN];
    sara_conn_info info{};
    info.struct_size = sizeof info;
    info.secure = c->secure ? 1 : 0;
    info.transport = str(listener.word);
    formatPeer(reinterpret_cast<const sockaddr*>(&a.peer), ip, &info.peer_port);
    info.peer_ip = str(ip);
    const sara_status st =
        context_.gate->open(context_.host, context_.api, context_.self, c->id, &info, &c->session);
    if (st != SARA_OK) {
        context_.count(context_.meters.refused);
        finish(*c);
        return;
    }
    if (c->phase == Phase::kDead) return;  // the kernel closed it inside open()
    c->watch = context_.loop->watch(context_.host, c->fd, SARA_IO_READ, onIo, c);
    if (c->watch == 0) {
        context_.count(context_.meters.accept_errors);
        c->phase == Phase::kOpen ? lose(*c, "io_error") : finish(*c);
        return;
    }
    c->interest = SARA_IO_READ;
}

void StreamLoop::onIo(void* connection, uint32_t events) noexcept {
    Connection& c = *static_cast<Connection*>(connection);
    StreamLoop& self = *c.loop;
    if ((events & SARA_IO_WRITE) != 0) {
        c.blocked = false;
        self.touch(c);
    }
    if (c.phase == Phase::kOpen) {
        if ((events & (SARA_IO_READ | SARA_IO_HANGUP)) != 0 ||
            (c.tls_wants_write && (events & SARA_IO_WRITE) != 0)) {
            self.readable(c, events);
        }
    } else if (c.phase != Phase::kDead && (events & (SARA_IO_READ | SARA_IO_HANGUP)) != 0) {
        self.discardInput(c);
    }
}

void StreamLoop::onTimer(void* connection) noexcept {
    Connection& c = *static_cast<Connection*>(connection);
    c.timer = 0;
    if (c.phase == Phase::kOpen) {
        c.pacing = false;
        c.loop->touch(c);
    } else if (c.phase != Phase::kDead) {
        if (c.phase == Phase::kDraining || !c.out.empty()) {
            c.loop->context_.count(c.loop->context_.meters.drain_cut);
        }
        c.loop->finish(c);
    }
}

bool StreamLoop::send(Connection& c, const sara_str* pieces, uint32_t n) noexcept {
    if (!framing_->packet(*this, c, pieces, n)) {
        context_.count(context_.meters.no_memory);
        return false;
    }
    ++frames_out_;
    touch(c);
    return true;
}

bool StreamLoop::control(Connection& c, uint32_t control) noexcept {
    if (!framing_->control(*this, c, control)) return false;
    touch(c);
    return true;
}

bool StreamLoop::queue(Connection& c, std::string_view bytes) noexcept {
    if (!c.out.append(pool_, bytes, nullptr, 0, {}, Packing::kJoin)) {
        context_.count(context_.meters.no_memory);
        return false;
    }
    touch(c);
    return true;
}

void StreamLoop::pause(Connection& c, bool on) noexcept {
    if (c.paused == on) return;
    c.paused = on;
    touch(c);
    // What was read before the pause comes first, and on a later turn: nothing re-enters the gate
    // here. TLS may hold bytes that the socket will not announce again.
    if (!on && (c.held != nullptr || c.tls != nullptr)) makeReady(c);
}

}  // namespace sara::stream
