// A transport without sockets. Decides when bytes count as written, whether a send is refused and
// that a paused connection delivers nothing, as the contract of a transport says.
#pragma once
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "chat/ports.h"

namespace sara::chat::test {

struct FakeConn {
    SessionId session = 0;
    uint32_t loop = 0;
    bool known = false;   // the room has it
    bool closed = false;  // by the room
    bool paused = false;
    bool holds = false;    // nothing is written: the client does not read
    bool refuses = false;  // sends are refused, as of a socket that has failed
    uint64_t queued = 0;
    uint64_t written = 0;
    uint32_t flush_ms = 0;
    uint64_t consumed = 0;  // bodies that the room has taken
    std::string close_reason;
    std::deque<std::string> inbox;   // bodies the client has sent and nobody has read
    std::deque<std::string> frames;  // what the client gets; "<heartbeat>" and "<kill>"
    // Frames whose bytes are still queued, with their end.
    std::deque<std::pair<uint64_t, std::string>> unwritten;
};

class FakeWire final : public WirePort {
  public:
    uint64_t connect() {
        conns_[++last_];
        return last_;
    }
    FakeConn& at(uint64_t conn) { return conns_.at(conn); }
    std::map<uint64_t, FakeConn>& all() { return conns_; }
    // The client reads: bytes leave, at most as many as given.
    void flush(uint64_t conn, uint64_t bytes = UINT64_MAX) {
        FakeConn& c = at(conn);
        c.written = bytes < c.queued - c.written ? c.written + bytes : c.queued;
        while (!c.unwritten.empty() && c.unwritten.front().first <= c.written) {
            c.frames.push_back(std::move(c.unwritten.front().second));
            c.unwritten.pop_front();
        }
    }
    uint64_t activity() const { return activity_; }

    Status send(uint64_t conn, std::span<const std::string_view> pieces,
                uint64_t& end_offset) override {
        FakeConn& c = live(conn);
        if (c.refuses) return Status::kClosed;
        EXPECT_LE(pieces.size(), kSendPiecesMax);
        std::string body;
        for (const std::string_view piece : pieces) body.append(piece);
        put(conn, std::move(body));
        end_offset = c.queued;
        return Status::kOk;
    }
    void control(uint64_t conn, Control c) override {
        live(conn);
        put(conn, c == Control::kKill ? "<kill>" : "<heartbeat>");
    }
    void close(uint64_t conn, std::string_view reason, uint32_t flush_ms) override {
        FakeConn& c = live(conn);
        if (flush_ms > 0 && !c.holds) flush(conn);
        c.closed = true;
        c.flush_ms = flush_ms;
        c.close_reason = reason;
        ++activity_;
    }
    void pauseRead(uint64_t conn, bool on) override {
        live(conn).paused = on;
        ++activity_;
    }
    uint64_t written(uint64_t conn) override { return live(conn).written; }

    int calls_after_close = 0;  // the room must not touch a connection that is gone

  private:
    FakeConn& live(uint64_t conn) {
        FakeConn& c = at(conn);
        if (c.closed) ++calls_after_close;
        return c;
    }
    void put(uint64_t conn, std::string body) {
        FakeConn& c = at(conn);
        c.queued += body.size() + 1;
        c.unwritten.emplace_back(c.queued, std::move(body));
        if (!c.holds) flush(conn);
        ++activity_;
    }

    std::map<uint64_t, FakeConn> conns_;
    uint64_t last_ = 0;
    uint64_t activity_ = 0;
};

}  // namespace sara::chat::test
