#include "testkit/transport/fake_gate.h"

#include <cassert>

namespace sara::testkit {
namespace {

// The table's functions get a host, not a gate: one gate at a time.
FakeGate* g_gate = nullptr;

std::string text(sara_str s) { return std::string(s.ptr, static_cast<size_t>(s.len)); }

}  // namespace

sara_status GateSession::send(std::string_view body, uint64_t* end_offset) {
    const sara_str piece{body.data(), body.size()};
    uint64_t end = 0;
    return api->send(self, conn, &piece, 1, end_offset != nullptr ? end_offset : &end);
}

void GateSession::close(uint32_t flush_ms, std::string_view reason) {
    closed_by_us = true;
    api->close(self, conn, {reason.data(), reason.size()}, flush_ms);
}

struct FakeGateTable {
    static sara_status open(const sara_host* h, const sara_transport* api, void* self, sara_id conn,
                            const sara_conn_info* info, sara_id* session) SARA_NOEXCEPT {
        FakeGate& g = *g_gate;
        std::unique_lock lock(g.mutex_);
        if (g.open_status != SARA_OK) return g.open_status;
        auto* s = new GateSession;
        s->id = ++g.next_id_;
        s->conn = conn;
        s->api = api;
        s->self = self;
        s->loop = h->this_loop(h);
        s->word = text(info->transport);
        s->peer_ip = text(info->peer_ip);
        s->peer_port = info->peer_port;
        s->secure = info->secure != 0;
        g.sessions_.push_back(s);
        g.by_id_[s->id] = s;
        *session = s->id;
        lock.unlock();
        if (g.on_open) g.on_open(*s);
        return SARA_OK;
    }
    static sara_status frame(const sara_host* h, sara_id session, const uint8_t* data, uint64_t len,
                             sara_move* move) SARA_NOEXCEPT {
        FakeGate& g = *g_gate;
        GateSession* s = g.find(session, "frame");
        if (s == nullptr) return SARA_E_CLOSED;
        // The padding of the contract: a sanitizer speaks up when it is not ours to read.
        volatile uint8_t sum = 0;
        for (uint64_t i = 0; i < len + 64; ++i) sum = static_cast<uint8_t>(sum + data[i]);
        if (h->this_loop(h) != s->loop) g.complain("frame on a foreign loop");
        if (s->moving) g.complain("frame after SARA_MOVED");
        if (len == 0) g.complain("empty frame");
        const std::string_view body(reinterpret_cast<const char*>(data), static_cast<size_t>(len));
        {
            const std::lock_guard lock(g.mutex_);
            ++g.frame_count_;
            if (g.keep_frames) s->frames.emplace_back(body);
        }
        sara_status st = SARA_OK;
        if (g.on_frame) st = g.on_frame(*s, body);
        if (st == SARA_MOVED) *move = s->move;
        return st;
    }
    static sara_status heartbeat(const sara_host*, sara_id session) SARA_NOEXCEPT {
        FakeGate& g = *g_gate;
        GateSession* s = g.find(session, "heartbeat");
        if (s == nullptr) return SARA_E_CLOSED;
        ++s->heartbeats;
        return g.on_heartbeat ? g.on_heartbeat(*s) : SARA_OK;
    }
    static void activity(const sara_host*, sara_id session) SARA_NOEXCEPT {
        GateSession* s = g_gate->find(session, "activity");
        if (s != nullptr) ++s->activities;
    }
    static void violation(const sara_host*, sara_id session, sara_str reason) SARA_NOEXCEPT {
        FakeGate& g = *g_gate;
        GateSession* s = g.find(session, "violation");
        if (s == nullptr) return;
        s->violations.push_back(text(reason));
        if (g.on_violation) g.on_violation(*s, s->violations.back());
    }
    static sara_status arrive(const sara_host* h, sara_id ticket, sara_id conn,
                              sara_id* session) SARA_NOEXCEPT {
        FakeGate& g = *g_gate;
        GateSession* s = nullptr;
        {
            const std::lock_guard lock(g.mutex_);
            const auto it = g.tickets_.find(ticket);
            if (it == g.tickets_.end()) return SARA_E_STALE;
            s = it->second;
            g.tickets_.erase(it);
            if (g.arrive_status != SARA_OK) return g.arrive_status;
            s->moving = false;
            s->id = ++g.next_id_;
            s->conn = conn;
            g.by_id_[s->id] = s;
            *session = s->id;
            ++g.arrivals_;
        }
        if (h->this_loop(h) != s->loop) g.complain("arrive on another loop than the move named");
        if (g.on_arrive) g.on_arrive(*s);
        return SARA_OK;
    }
    static void abandon(const sara_host*, sara_id ticket) SARA_NOEXCEPT {
        FakeGate& g = *g_gate;
        const std::lock_guard lock(g.mutex_);
        if (g.tickets_.erase(ticket) == 1) ++g.abandoned_;
    }
    static void closed(const sara_host*, sara_id session, sara_str reason,
                       uint64_t written) SARA_NOEXCEPT {
        FakeGate& g = *g_gate;
        GateSession* s = g.find(session, "closed");
        if (s == nullptr) return;
        if (s->closed_by_us) g.complain("closed() for a session that the kernel closed");
        s->closed = true;
        s->closed_reason = text(reason);
        s->closed_written = written;
        const std::lock_guard lock(g.mutex_);
        g.by_id_.erase(session);
    }
    static void drained(const sara_host*, sara_id session) SARA_NOEXCEPT {
        FakeGate& g = *g_gate;
        GateSession* s = g.find(session, "drained");
        if (s == nullptr) return;
        ++s->drained;
        if (g.on_drained) g.on_drained(*s);
    }
    static uint64_t frameBytesMax(const sara_host*, sara_id session) SARA_NOEXCEPT {
        FakeGate& g = *g_gate;
        const GateSession* s = g.find(session, "frame_bytes_max");
        return s != nullptr && g.limit_of ? g.limit_of(*s) : g.frame_bytes_max;
    }
};

FakeGate::FakeGate() {
    assert(g_gate == nullptr);
    g_gate = this;
    table_ = {sizeof table_,
              0,
              FakeGateTable::open,
              FakeGateTable::frame,
              FakeGateTable::heartbeat,
              FakeGateTable::activity,
              FakeGateTable::violation,
              FakeGateTable::arrive,
              FakeGateTable::abandon,
              FakeGateTable::closed,
              FakeGateTable::drained,
              FakeGateTable::frameBytesMax};
}

FakeGate::~FakeGate() {
    for (GateSession* s : sessions_) delete s;
    g_gate = nullptr;
}

GateSession* FakeGate::find(sara_id id, const char* call) {
    const std::lock_guard lock(mutex_);
    const auto it = by_id_.find(id);
    if (it == by_id_.end()) {
        misuse_.push_back(std::string(call) + "() for a session that is gone");
        return nullptr;
    }
    if (it->second->closed_by_us && std::string_view(call) == "frame") {
        misuse_.push_back("frame() after close()");
    }
    return it->second;
}

void FakeGate::complain(std::string sentence) {
    const std::lock_guard lock(mutex_);
    misuse_.push_back(std::move(sentence));
}

sara_status FakeGate::moveTo(GateSession& s, uint32_t loop) {
    const std::lock_guard lock(mutex_);
    by_id_.erase(s.id);
    s.moving = true;
    s.loop = loop;
    s.move = {loop, 0, ++next_id_};
    tickets_[s.move.ticket] = &s;
    return SARA_MOVED;
}

GateSession* FakeGate::session(size_t n) {
    const std::lock_guard lock(mutex_);
    return n < sessions_.size() ? sessions_[n] : nullptr;
}

size_t FakeGate::opened() const {
    const std::lock_guard lock(mutex_);
    return sessions_.size();
}

size_t FakeGate::open() const {
    const std::lock_guard lock(mutex_);
    size_t n = 0;
    for (const GateSession* s : sessions_) n += !s->closed && !s->closed_by_us ? 1 : 0;
    return n;
}

std::vector<std::string> FakeGate::misuse() const {
    const std::lock_guard lock(mutex_);
    return misuse_;
}

}  // namespace sara::testkit
