#include "tcp_framing.h"

#include <new>

#include "client_json.h"
#include "frame_splitter.h"
#include "stream/stream_loop.h"

namespace sara::tcp {
namespace {

constexpr uint64_t kBadLengthBytes = 1024;
constexpr size_t kScratchKeptBytes = 256 * 1024;

// Hands what the splitter finds to the loop.
struct GateSink {
    stream::StreamLoop& loop;
    stream::Connection& c;

    uint64_t limit() const { return loop.frameBytesMax(c); }
    bool frame(const uint8_t* body, uint64_t len) { return loop.deliver(c, body, len); }
    bool heartbeat() { return loop.heartbeat(c); }
    void tooLarge() { (void)loop.violate(c, "packet_too_large"); }
    void noMemory() {
        loop.context().count(loop.context().meters.no_memory);
        loop.lose(c, "no_memory");
    }
};

}  // namespace

size_t TcpFraming::input(stream::StreamLoop& loop, stream::Connection& c, uint8_t* data,
                         size_t len) noexcept {
    GateSink sink{loop, c};
    return split(loop.pool(), c.partial, data, len, sink);
}

bool TcpFraming::packet(stream::StreamLoop& loop, stream::Connection& c, const sara_str* pieces,
                        uint32_t n) noexcept {
    return frame(loop.pool(), c.out, pieces, n);
}

bool TcpFraming::control(stream::StreamLoop& loop, stream::Connection& c,
                         uint32_t control) noexcept {
    if (control != SARA_CONTROL_HEARTBEAT && control != SARA_CONTROL_KILL) return false;
    const char bytes[] = {static_cast<char>(control), static_cast<char>(kEndByte)};
    return c.out.append(loop.pool(), {bytes, sizeof bytes}, nullptr, 0, {}, packing());
}

bool TcpFraming::frame(stream::BlockPool& pool, stream::WriteQueue& out, const sara_str* pieces,
                       uint32_t n) noexcept {
    if (options_.ascii_json || options_.stringify_attrs) return rewritten(pool, out, pieces, n);
    return plain(pool, out, pieces, n);
}

bool TcpFraming::plain(stream::BlockPool& pool, stream::WriteQueue& out, const sara_str* pieces,
                       uint32_t n) noexcept {
    uint64_t len = 0;
    for (uint32_t i = 0; i < n; ++i) len += pieces[i].len;
    if (len == 0) return true;  // an empty frame ends the reader of some clients
    const std::string_view end = len % kBadLengthBytes == 0 ? " \x01" : "\x01";
    return out.append(pool, {}, pieces, n, end, packing());
}

bool TcpFraming::rewritten(stream::BlockPool& pool, stream::WriteQueue& out, const sara_str* pieces,
                           uint32_t n) noexcept {
    try {
        whole_.clear();
        for (uint32_t i = 0; i < n; ++i) whole_.append(pieces[i].ptr, pieces[i].len);
        if (options_.stringify_attrs) {
            changed_.clear();
            appendStringAttrs(whole_, changed_);
            whole_.swap(changed_);
        }
        if (options_.ascii_json) {
            changed_.clear();
            appendAscii(whole_, changed_);
            whole_.swap(changed_);
        }
    } catch (const std::bad_alloc&) {
        return false;
    }
    const sara_str one{whole_.data(), whole_.size()};
    const bool queued = plain(pool, out, &one, 1);
    if (whole_.capacity() + changed_.capacity() > kScratchKeptBytes) {
        whole_ = std::string();
        changed_ = std::string();
    }
    return queued;
}

}  // namespace sara::tcp
