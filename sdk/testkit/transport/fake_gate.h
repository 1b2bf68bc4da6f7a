// The kernel's side of a transport, for tests: sessions that remember what arrived, and hooks that
// say what the kernel would answer. Complains (see misuse()) about every call that the contract
// forbids.
#pragma once
#include <sara/sara.h>

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace sara::testkit {

class FakeGate;

struct GateSession {
    sara_id id = 0;
    sara_id conn = 0;
    const sara_transport* api = nullptr;
    void* self = nullptr;
    uint32_t loop = 0;
    std::string word;
    std::string peer_ip;
    uint32_t peer_port = 0;
    bool secure = false;
    std::vector<std::string> frames;  // as they arrived
    uint32_t heartbeats = 0;
    uint32_t activities = 0;
    uint32_t drained = 0;
    std::vector<std::string> violations;
    std::string closed_reason;  // of gate.closed()
    uint64_t closed_written = 0;
    bool closed = false;        // gate.closed() was called
    bool closed_by_us = false;  // the kernel called close()
    bool moving = false;
    sara_move move{};  // the last one

    // What the kernel does, on the session's loop.
    sara_status send(std::string_view body, uint64_t* end_offset = nullptr);
    sara_status control(uint32_t control) { return api->control(self, conn, control); }
    void close(uint32_t flush_ms, std::string_view reason = "test");
    void pause(bool on) { api->pause_read(self, conn, on ? 1 : 0); }
    uint64_t queued() const { return api->queued_bytes(self, conn); }
    uint64_t written() const { return api->written(self, conn); }
};

// Thread-safe for the plugin's calls; hooks and sessions are for tests that turn the loops
// themselves.
class FakeGate {
  public:
    FakeGate();
    ~FakeGate();
    FakeGate(const FakeGate&) = delete;
    FakeGate& operator=(const FakeGate&) = delete;

    const sara_gate* table() const { return &table_; }

    // Answers; the defaults take everything.
    sara_status open_status = SARA_OK;
    uint64_t frame_bytes_max = 1 << 20;
    std::function<uint64_t(const GateSession&)> limit_of;  // instead of frame_bytes_max
    std::function<void(GateSession&)> on_open;
    std::function<sara_status(GateSession&, std::string_view)> on_frame;
    std::function<sara_status(GateSession&)> on_heartbeat;
    std::function<void(GateSession&, std::string_view)> on_violation;
    std::function<void(GateSession&)> on_drained;
    std::function<void(GateSession&)> on_arrive;
    sara_status arrive_status = SARA_OK;

    // From on_frame: the session goes to this loop; return its result.
    sara_status moveTo(GateSession& s, uint32_t loop);

    // The n-th session that was opened; it lives as long as the gate, also after a move.
    GateSession* session(size_t n);
    size_t opened() const;
    size_t open() const;  // neither closed by the peer nor by us
    uint32_t abandoned() const { return abandoned_; }
    uint32_t arrivals() const { return arrivals_; }
    // Sentences about calls that the contract forbids; empty at the end of a good test.
    std::vector<std::string> misuse() const;
    // Off: frames are counted, not kept (load tests).
    bool keep_frames = true;
    uint64_t frameCount() const { return frame_count_; }

  private:
    friend struct FakeGateTable;
    GateSession* find(sara_id id, const char* call);
    void complain(std::string text);

    sara_gate table_{};
    mutable std::mutex mutex_;
    std::vector<GateSession*> sessions_;  // by order of opening
    std::map<sara_id, GateSession*> by_id_;
    std::map<sara_id, GateSession*> tickets_;
    std::vector<std::string> misuse_;
    sara_id next_id_ = 1000;
    uint32_t abandoned_ = 0;
    uint32_t arrivals_ = 0;
    uint64_t frame_count_ = 0;
};

}  // namespace sara::testkit
