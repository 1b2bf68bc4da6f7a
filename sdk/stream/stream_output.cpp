// The write side: connections that were touched in a turn are settled once at its end, each with
// one write for all it has, and with one change of interest if any.
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "stream/stream_loop.h"

namespace sara::stream {

void StreamLoop::touch(Connection& c) noexcept {
    if (c.touched) return;
    c.touched = true;
    c.next_touched = nullptr;
    (touched_.tail != nullptr ? touched_.tail->next_touched : touched_.head) = &c;
    touched_.tail = &c;
    if (turn_end_asked_) return;
    turn_end_asked_ = true;
    context_.loop->at_turn_end(context_.host, onTurnEnd, this);
}

void StreamLoop::onTurnEnd(void* self_ptr) noexcept {
    StreamLoop& self = *static_cast<StreamLoop*>(self_ptr);
    while (Connection* c = self.touched_.head) {
        self.touched_.head = c->next_touched;
        if (self.touched_.head == nullptr) self.touched_.tail = nullptr;
        c->touched = false;
        c->next_touched = nullptr;
        self.settle(*c);
    }
    self.turn_end_asked_ = false;
    if (self.frames_out_ != 0) {
        self.context_.count(self.context_.meters.frames_out,
                            static_cast<int64_t>(self.frames_out_));
        self.frames_out_ = 0;
    }
    if (self.ready_.head != nullptr) self.postReady();
}

void StreamLoop::settle(Connection& c) noexcept {
    const bool may_write = c.secure ? c.handshaken : true;
    if (c.phase == Phase::kOpen || c.phase == Phase::kClosing) {
        const bool held_back = c.pacing && c.phase == Phase::kOpen;
        if (!c.out.empty() && !c.blocked && may_write && !held_back) writeOut(c);
        if (c.phase == Phase::kClosing) {
            // Without a timer (none was left) nobody would end a flush that has to wait.
            c.out.empty() ? startDrain(c) : c.timer == 0 ? finish(c) : void();
        }
    }
    if (c.phase == Phase::kDead) {
        if (!c.ready && !c.touched) table_.give(&c);
        return;
    }
    applyInterest(c);
}

void StreamLoop::writeOut(Connection& c) noexcept {
    const uint64_t before = c.out.written();
    const Written w = c.secure ? writeTls(c) : writePlain(c);
    const uint64_t wrote = c.out.written() - before;
    if (wrote > 0) context_.count(context_.meters.bytes_out, static_cast<int64_t>(wrote));
    switch (w) {
        case Written::kAll:
            if (!c.out.empty()) {
                c.waited = true;  // paced
            } else if (c.waited) {
                c.waited = false;
                if (c.phase == Phase::kOpen) context_.gate->drained(context_.host, c.session);
            }
            break;
        case Written::kBlocked:
            c.blocked = true;
            c.waited = true;
            break;
        case Written::kFailed:
            c.phase == Phase::kOpen ? lose(c, "io_error") : finish(c);
            break;
    }
}

StreamLoop::Written StreamLoop::writePlain(Connection& c) noexcept {
    const bool paced = context_.options.pace_ms != 0 && c.phase == Phase::kOpen;
    for (int round = 0; round < kWriteRounds; ++round) {
        iovec iov[64];
        const uint32_t blocks = c.out.gather(iov, paced ? 1 : 64);
        size_t total = 0;
        for (uint32_t i = 0; i < blocks; ++i) total += iov[i].iov_len;
        ssize_t n = 0;
        if (blocks == 1) {
            n = ::send(c.fd, iov[0].iov_base, total, MSG_NOSIGNAL);
        } else {
            msghdr m{};
            m.msg_iov = iov;
            m.msg_iovlen = blocks;
            n = ::sendmsg(c.fd, &m, MSG_NOSIGNAL);
        }
        if (n < 0) {
            if (errno == EINTR) continue;
            return errno == EAGAIN || errno == EWOULDBLOCK ? Written::kBlocked : Written::kFailed;
        }
        c.out.consume(pool_, static_cast<uint64_t>(n));
        if (static_cast<size_t>(n) < total) return Written::kBlocked;
        if (paced) {
            pace(c);
            if (c.pacing) return Written::kAll;
        }
        if (c.out.empty()) return Written::kAll;
    }
    return Written::kBlocked;  // its share of this turn; the watch says when to go on
}

StreamLoop::Written StreamLoop::writeTls(Connection& c) noexcept {
    const bool paced = context_.options.pace_ms != 0 && c.phase == Phase::kOpen;
    for (int round = 0; round < kWriteRounds * 4; ++round) {
        const std::string_view first = c.out.front();
        const void* from = first.data();
        size_t len = std::min(first.size(), kRecordBytes);
        if (!paced && len < kRecordBytes && !c.out.single() && record_buffer_) {
            // Small blocks share a record: a record costs more than a copy.
            iovec iov[8];
            const uint32_t blocks = c.out.gather(iov, 8);
            len = 0;
            for (uint32_t i = 0; i < blocks && len < kRecordBytes; ++i) {
                const size_t n = std::min(iov[i].iov_len, kRecordBytes - len);
                std::memcpy(record_buffer_.get() + len, iov[i].iov_base, n);
                len += n;
            }
            from = record_buffer_.get();
        }
        size_t n = 0;
        const TlsState st = tlsWrite(c.tls, from, len, &n);
        if (st == TlsState::kWantWrite) return Written::kBlocked;
        if (st != TlsState::kOk) return Written::kFailed;
        c.out.consume(pool_, n);
        if (paced && n == first.size()) {
            pace(c);
            if (c.pacing) return Written::kAll;
        }
        if (c.out.empty()) return Written::kAll;
    }
    return Written::kBlocked;
}

void StreamLoop::pace(Connection& c) noexcept {
    if (c.timer != 0) return;
    c.timer = context_.loop->timer(context_.host, context_.options.pace_ms, 0, onTimer, &c);
    c.pacing = c.timer != 0;  // without a timer the frames go out unpaced rather than never
}

void StreamLoop::applyInterest(Connection& c) noexcept {
    uint32_t want = 0;
    if (c.phase == Phase::kOpen) {
        if (!c.paused) want |= SARA_IO_READ;
        if (c.tls_wants_write) want |= SARA_IO_WRITE;
    } else if (!c.ended) {
        want |= SARA_IO_READ;
    }
    if (c.blocked) want |= SARA_IO_WRITE;
    if (want == c.interest || c.watch == 0) return;
    if (context_.loop->rewatch(context_.host, c.watch, want) == SARA_OK) {
        c.interest = static_cast<uint8_t>(want);
    } else {
        c.phase == Phase::kOpen ? lose(c, "io_error") : finish(c);
    }
}

}  // namespace sara::stream
