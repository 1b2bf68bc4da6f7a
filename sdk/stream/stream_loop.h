// The connections of one loop. Decides when a connection is read, written, paused, moved and
// closed; knows neither frames (framing.h) nor sessions (the gate). Everything here is [loop], of
// the loop it belongs to. Input: one shared read buffer, at most 64 KiB per connection and turn.
// Output: once, at the end of a turn.
#pragma once
#include <memory>

#include "stream/connection_table.h"
#include "stream/framing.h"
#include "stream/stream_context.h"
#include "stream/tls_stream.h"

namespace sara::stream {

// A connection between two loops.
struct Carried {
    StreamLoop* to;
    sara_id ticket;
    Connection c;
};

class StreamLoop {
  public:
    static constexpr size_t kReadBytes = 65536;  // docs/limits.md: stream_read_bytes_per_turn
    static constexpr size_t kRecordBytes = 16384;
    static constexpr int kWriteRounds = 8;

    StreamLoop(const StreamContext& context, std::unique_ptr<Framing> framing, uint32_t index);
    ~StreamLoop();
    StreamLoop(const StreamLoop&) = delete;
    StreamLoop& operator=(const StreamLoop&) = delete;

    // The acceptor's side: takes the socket over.
    void adopt(const Accepted& a) noexcept;
    // Another loop's side: post target, takes a Carried.
    static void onArrive(void* carried) noexcept;

    // The kernel's side. find() gives nullptr for whatever no longer takes output.
    Connection* find(sara_id id) const noexcept {
        Connection* c = table_.find(id);
        return c != nullptr && c->phase == Phase::kOpen ? c : nullptr;
    }
    bool send(Connection& c, const sara_str* pieces, uint32_t n) noexcept;
    bool control(Connection& c, uint32_t control) noexcept;
    void close(Connection& c, std::string_view reason, uint32_t flush_ms) noexcept;
    void pause(Connection& c, bool on) noexcept;

    // The framing's side. False: stop, the rest stays unread.
    bool deliver(Connection& c, const uint8_t* data, uint64_t len) noexcept {
        ++frames_in_;
        const sara_status st = context_.gate->frame(context_.host, c.session, data, len, &move_);
        return st == SARA_OK ? c.listening() : judge(c, st);
    }
    bool heartbeat(Connection& c) noexcept {
        const sara_status st = context_.gate->heartbeat(context_.host, c.session);
        return st == SARA_OK ? c.listening() : judge(c, st);
    }
    // Always false: nothing more is delivered.
    bool violate(Connection& c, std::string_view reason) noexcept;
    // The socket or memory failed: ends the connection and tells the gate.
    void lose(Connection& c, std::string_view reason) noexcept;
    // The peer has said goodbye in the framing's own words: tells the gate, writes what is queued,
    // and ends as close() does.
    void part(Connection& c, std::string_view reason) noexcept;
    // Queues bytes that are no packet: answers of the framing itself. False: memory is exhausted.
    [[nodiscard]] bool queue(Connection& c, std::string_view bytes) noexcept;
    uint64_t frameBytesMax(const Connection& c) const noexcept {
        return context_.gate->frame_bytes_max(context_.host, c.session);
    }
    BlockPool& pool() { return pool_; }
    const StreamContext& context() const { return context_; }

    // Ends everything at once, also what arrives later.
    void stop() noexcept;
    uint32_t connections() const { return table_.used(); }

  private:
    enum class Written : uint8_t { kAll, kBlocked, kFailed };
    struct List {
        Connection* head = nullptr;
        Connection* tail = nullptr;
    };

    static void onIo(void* connection, uint32_t events) noexcept;
    static void onTurnEnd(void* self) noexcept;
    static void onReady(void* self) noexcept;
    static void onTimer(void* connection) noexcept;

    // stream_input.cpp
    void readable(Connection& c, uint32_t events) noexcept;
    void readPlain(Connection& c) noexcept;
    void readTls(Connection& c) noexcept;
    void endOfInput(Connection& c) noexcept;
    void process(Connection& c, uint8_t* data, size_t len, Block* from) noexcept;
    void processHeld(Connection& c) noexcept;
    bool judge(Connection& c, sara_status st) noexcept;
    void makeReady(Connection& c) noexcept;
    void postReady() noexcept;

    // stream_move.cpp
    Block* keep(uint8_t* data, size_t len) noexcept;
    void carry(Connection& c, uint8_t* data, size_t len, Block* from) noexcept;
    void arrive(Carried& k) noexcept;

    // stream_output.cpp
    void touch(Connection& c) noexcept;
    void settle(Connection& c) noexcept;
    void writeOut(Connection& c) noexcept;
    Written writePlain(Connection& c) noexcept;
    Written writeTls(Connection& c) noexcept;
    void pace(Connection& c) noexcept;
    void applyInterest(Connection& c) noexcept;

    // stream_close.cpp
    void startFlush(Connection& c, uint32_t flush_ms) noexcept;
    void startDrain(Connection& c) noexcept;
    void discardInput(Connection& c) noexcept;
    void finish(Connection& c) noexcept;
    void releaseAll(Connection& c) noexcept;
    void cancelTimer(Connection& c) noexcept;

    const StreamContext& context_;
    const std::unique_ptr<Framing> framing_;
    const uint32_t index_;
    bool stopped_ = false;
    bool turn_end_asked_ = false;
    bool ready_posted_ = false;
    uint32_t draining_ = 0;
    uint64_t frames_in_ = 0;   // not yet counted
    uint64_t frames_out_ = 0;  // not yet counted
    ConnectionTable table_;
    BlockPool pool_;
    List touched_;
    List ready_;
    sara_move move_{};
    std::unique_ptr<uint8_t[]> read_buffer_;    // kReadBytes and padding
    std::unique_ptr<uint8_t[]> record_buffer_;  // small blocks joined into one TLS record
};

}  // namespace sara::stream
