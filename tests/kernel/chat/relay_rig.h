// Pairs of users who chat through rooms whose wire and store cost nothing: what is left is the
// room's own work. For the allocation test and the benchmark; runs on the calling thread.
#pragma once
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "chat/room.h"
#include "fake_ports.h"

namespace sara::chat::test {

// Counts bytes and forgets them; what is queued is written.
class CountingWire final : public WirePort {
  public:
    explicit CountingWire(size_t conns) : queued_(conns) {}
    Status send(uint64_t conn, std::span<const std::string_view> pieces,
                uint64_t& end_offset) override {
        for (const std::string_view piece : pieces) queued_[conn] += piece.size();
        end_offset = ++queued_[conn];
        ++sent;
        return Status::kOk;
    }
    void control(uint64_t, Control) override {}
    void close(uint64_t, std::string_view, uint32_t) override {}
    void pauseRead(uint64_t, bool) override {}
    uint64_t written(uint64_t conn) override { return queued_[conn]; }

    uint64_t sent = 0;

  private:
    std::vector<uint64_t> queued_;
};

// Nothing is stored and nothing waits.
class EmptyStore final : public StorePort {
  public:
    void append(const Packet&, uint64_t, AppendDone done, void* user) override {
        ++appends;
        later({[](void* fn, uint64_t a, uint64_t) noexcept {
                   reinterpret_cast<AppendDone>(fn)(reinterpret_cast<void*>(a), Status::kOk, 1);
               },
               reinterpret_cast<void*>(done), reinterpret_cast<uint64_t>(user), 0});
    }
    void fetch(std::string_view, uint64_t, uint32_t, uint64_t, FetchDone done,
               void* user) override {
        later({[](void* fn, uint64_t a, uint64_t) noexcept {
                   reinterpret_cast<FetchDone>(fn)(reinterpret_cast<void*>(a), Status::kOk, {},
                                                   false);
               },
               reinterpret_cast<void*>(done), reinterpret_cast<uint64_t>(user), 0});
    }
    void drop(std::string_view, std::span<const StoredRef>) override {}
    uint64_t appends = 0;

  private:
    static void later(const loop::Post& p) {
        (void)loop::EventLoop::current()->post(p, loop::PostClass::kReply);
    }
};

class RelayRig {
  public:
    // Pair i: a sender on loop 0 and a recipient on the last loop.
    RelayRig(uint32_t loop_count, uint32_t pairs, size_t payload)
        : wire_(2 * pairs),
          admission_(settings_),
          loops_(loop_count, clock_, {}),
          world_{settings_, loops_, admission_, hooks_, store_, nullptr, ids_, log_} {
        for (uint32_t i = 0; i < loop_count; ++i) {
            rooms_.push_back(std::make_unique<Room>(world_, i));
            world_.rooms.push_back(rooms_.back().get());
        }
        uint32_t n = 0;
        for (uint32_t i = 0; i < pairs; ++i) {
            Pair p;
            p.from = nextUser(0, n);
            p.to = nextUser(loop_count - 1, n);
            p.sender = login(0, 2 * i, p.from);
            p.recipient = login(loop_count - 1, 2 * i + 1, p.to);
            p.chat = padded(chat(p.from, p.to, payload));
            p.ack = padded(R"({"envelope":{"id":"0f3c1d2e-4b5a-6978-8796-a5b4c3d2e1f0","type":3,)"
                           R"("from":")" +
                           p.to + R"(","to":"server_ack"}})");
            pairs_.push_back(std::move(p));
        }
    }
    ~RelayRig() {
        for (auto& room : rooms_) enter(*room, [&] { room->drain(); });
        for (int i = 0; i < 3; ++i) turn();
    }

    // As the SDKs write it: 216 bytes with 31 of payload.
    static std::string chat(const std::string& from, const std::string& to, size_t payload) {
        return R"({"envelope":{"id":"0f3c1d2e-4b5a-6978-8796-a5b4c3d2e1f0","type":1,"from":")" +
               from + R"(","to":")" + to +
               R"(","ack":1},"payload":{"attrs":{"Content-type":"text"},"content":")" +
               std::string(payload, 'x') + R"("},"vsn":"0.0.1"})";
    }

    // Everything of one message on one loop: packet, client ack, server ack.
    void relayHere(size_t i) {
        Move move;
        (void)rooms_[0]->frame(pairs_[i].sender, view(pairs_[i].chat), move);
        (void)rooms_[0]->frame(pairs_[i].recipient, view(pairs_[i].ack), move);
    }
    // One message of every pair, to another loop and back.
    void relayAcross() {
        Move move;
        enter(*rooms_.front(), [&] {
            for (Pair& p : pairs_) (void)rooms_.front()->frame(p.sender, view(p.chat), move);
        });
        turn();
        enter(*rooms_.back(), [&] {
            for (Pair& p : pairs_) (void)rooms_.back()->frame(p.recipient, view(p.ack), move);
        });
        turn();
    }
    uint64_t sent() const { return wire_.sent; }
    uint64_t appends() const { return store_.appends; }

  protected:
    struct Pair {
        std::string from, to, chat, ack;
        SessionId sender, recipient;
    };
    static std::string padded(std::string s) {
        s.append(64, ' ');
        return s;
    }
    static std::string_view view(const std::string& s) { return {s.data(), s.size() - 64}; }
    template <class Fn>
    void enter(Room& room, Fn fn) {
        room.loop().enter([](void* f, uint32_t) { (*static_cast<Fn*>(f))(); }, &fn);
    }
    void turn() {
        for (uint32_t i = 0; i < loops_.size(); ++i) loops_.at(i).turn(0);
    }
    std::string nextUser(uint32_t loop, uint32_t& n) {
        for (;;) {
            std::string jid = "user" + std::to_string(100'000 + n++) + "@example.com";
            if (loops_.homeOf(jid) == loop) return jid;
        }
    }
    SessionId login(uint32_t loop, uint64_t conn, const std::string& jid) {
        SessionId id = 0;
        Move move;
        const std::string text =
            padded(R"({"envelope":{"id":"L","type":0,"jid":")" + jid + R"("}})");
        enter(*rooms_[loop], [&] {
            (void)rooms_[loop]->open({&wire_, conn, "null", "192.0.2.1", 1}, id);
            (void)rooms_[loop]->frame(id, view(text), move);
        });
        for (int i = 0; i < 3; ++i) turn();
        const Session* s = rooms_[loop]->sessions().find(id);
        if (s == nullptr || s->state != SessionState::kOnline) std::abort();
        return id;
    }

    static Settings unlimited() {
        Settings s;
        s.messages_per_second_max = UINT32_MAX;  // the clock stands still
        s.bytes_per_second_max = UINT64_MAX;
        s.connections_per_address_max = UINT32_MAX;
        s.unauthenticated_max = UINT32_MAX;
        return s;
    }
    const Settings settings_ = unlimited();
    loop::ManualClock clock_;
    CountingWire wire_;
    EmptyStore store_;
    FakeHooks hooks_;
    CountingIds ids_;
    SilentLog log_;
    Admission admission_;
    loop::LoopSet loops_;
    RoomWorld world_;
    std::vector<std::unique_ptr<Room>> rooms_;
    std::vector<Pair> pairs_;
};

}  // namespace sara::chat::test
