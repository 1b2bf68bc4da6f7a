#include "bus/transport_bus.h"

#include <array>
#include <atomic>
#include <cassert>

#include "bus/abi_text.h"

namespace sara::bus {
namespace {

std::atomic<TransportBus*> the_bus{nullptr};

constexpr size_t kTransportWordsMax = 32;  // names of transports per loop

chat::Room* roomHere() {
    TransportBus* bus = the_bus.load(std::memory_order_acquire);
    const loop::EventLoop* loop = loop::EventLoop::current();
    return bus == nullptr || loop == nullptr ? nullptr : bus->world().rooms[loop->index()];
}

}  // namespace

// One transport plugin, as the chat room calls it.
class TransportWire final : public chat::WirePort {
  public:
    TransportWire(const sara_transport* api, void* self) : api_(api), self_(self) {}
    bool is(const sara_transport* api, const void* self) const {
        return api_ == api && self_ == self;
    }

    Status send(uint64_t conn, std::span<const std::string_view> pieces,
                uint64_t& end_offset) override {
        assert(pieces.size() <= kSendPiecesMax);
        std::array<sara_str, kSendPiecesMax> out;
        for (size_t i = 0; i < pieces.size(); ++i) out[i] = str(pieces[i]);
        return toStatus(
            api_->send(self_, conn, out.data(), static_cast<uint32_t>(pieces.size()), &end_offset));
    }
    void control(uint64_t conn, chat::Control c) override {
        // A connection that is closing needs no heartbeat.
        (void)api_->control(self_, conn, static_cast<uint32_t>(c));
    }
    void close(uint64_t conn, std::string_view reason, uint32_t flush_ms) override {
        api_->close(self_, conn, str(reason), flush_ms);
    }
    void pauseRead(uint64_t conn, bool on) override { api_->pause_read(self_, conn, on ? 1 : 0); }
    uint64_t written(uint64_t conn) override { return api_->written(self_, conn); }

  private:
    const sara_transport* const api_;
    void* const self_;
};

namespace {

sara_status gateOpen(const sara_host*, const sara_transport* api, void* self, sara_id conn,
                     const sara_conn_info* info, sara_id* session) noexcept {
    chat::Room* room = roomHere();
    if (room == nullptr) return SARA_E_THREAD;
    if (api == nullptr || info == nullptr || session == nullptr || info->peer_port > UINT16_MAX) {
        return SARA_E_INVALID;
    }
    TransportBus& bus = *the_bus.load(std::memory_order_relaxed);
    const uint32_t loop = room->loop().index();
    const chat::NewConn facts{&bus.wireOf(loop, api, self), conn,
                              bus.interned(loop, view(info->transport)), view(info->peer_ip),
                              static_cast<uint16_t>(info->peer_port)};
    return toAbi(room->open(facts, *session));
}

sara_status gateFrame(const sara_host*, sara_id session, const uint8_t* data, uint64_t len,
                      sara_move* move) noexcept {
    chat::Room* room = roomHere();
    if (room == nullptr) return SARA_E_THREAD;
    chat::Move to;
    const Status st = room->frame(session, {reinterpret_cast<const char*>(data), len}, to);
    if (st == Status::kMoved) {
        move->loop = to.loop;
        move->reserved = 0;
        move->ticket = to.ticket;
    }
    return toAbi(st);
}

sara_status gateHeartbeat(const sara_host*, sara_id session) noexcept {
    chat::Room* room = roomHere();
    return room == nullptr ? SARA_E_THREAD : toAbi(room->heartbeat(session));
}

void gateActivity(const sara_host*, sara_id session) noexcept {
    if (chat::Room* room = roomHere()) room->activity(session);
}

void gateViolation(const sara_host*, sara_id session, sara_str reason) noexcept {
    if (chat::Room* room = roomHere()) room->violation(session, view(reason));
}

sara_status gateArrive(const sara_host*, sara_id ticket, sara_id conn, sara_id* session) noexcept {
    chat::Room* room = roomHere();
    if (room == nullptr) return SARA_E_THREAD;
    return ticket == 0 ? SARA_E_STALE : toAbi(room->arrive(ticket, conn, *session));
}

void gateAbandon(const sara_host*, sara_id ticket) noexcept {
    TransportBus* bus = the_bus.load(std::memory_order_acquire);
    if (bus != nullptr && ticket != 0) chat::Room::abandon(bus->world(), ticket);
}

void gateClosed(const sara_host*, sara_id session, sara_str reason, uint64_t written) noexcept {
    if (chat::Room* room = roomHere()) room->closed(session, view(reason), written);
}

void gateDrained(const sara_host*, sara_id session) noexcept {
    if (chat::Room* room = roomHere()) room->drained(session);
}

uint64_t gateFrameBytesMax(const sara_host*, sara_id session) noexcept {
    chat::Room* room = roomHere();
    return room == nullptr ? 0 : room->frameBytesMax(session);
}

constexpr sara_gate kGate{
    sizeof(sara_gate), 0,          gateOpen,    gateFrame,  gateHeartbeat, gateActivity,
    gateViolation,     gateArrive, gateAbandon, gateClosed, gateDrained,   gateFrameBytesMax};

}  // namespace

TransportBus::TransportBus(chat::RoomWorld& world) : world_(world), per_loop_(world.loops.size()) {
    [[maybe_unused]] const TransportBus* other = the_bus.exchange(this, std::memory_order_acq_rel);
    assert(other == nullptr);
}

TransportBus::~TransportBus() { the_bus.store(nullptr, std::memory_order_release); }

const sara_gate* TransportBus::table() { return &kGate; }

chat::WirePort& TransportBus::wireOf(uint32_t loop, const sara_transport* api, void* self) {
    PerLoop& here = per_loop_[loop];
    for (const auto& wire : here.wires) {
        if (wire->is(api, self)) return *wire;
    }
    here.wires.push_back(std::make_unique<TransportWire>(api, self));
    return *here.wires.back();
}

std::string_view TransportBus::interned(uint32_t loop, std::string_view word) {
    PerLoop& here = per_loop_[loop];
    for (const std::string& known : here.words) {
        if (known == word) return known;
    }
    if (here.words.size() == kTransportWordsMax) return "other";
    return here.words.emplace_back(word);
}

}  // namespace sara::bus
