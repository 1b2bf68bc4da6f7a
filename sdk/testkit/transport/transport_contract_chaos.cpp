// A kernel that does anything at any time, from a seed: sends, pauses, closes, moves, inside every
// call that the gate gets. Whatever it does, no rule of the contract breaks and nothing is left
// behind.
#include <gmock/gmock.h>

#include <random>

#include "testkit/transport/transport_contract.h"

namespace sara::testkit {
namespace {

constexpr uint32_t kLoops = 2;
constexpr size_t kClients = 8;

class Chaos {
  public:
    Chaos(TransportRig& rig, uint32_t seed) : rig_(rig), random_(seed) {
        rig_.gate.on_frame = [this](GateSession& s, std::string_view body) {
            return frame(s, body);
        };
        rig_.gate.on_heartbeat = [this](GateSession& s) {
            (void)s.control(SARA_CONTROL_HEARTBEAT);
            return act(s);
        };
        rig_.gate.on_violation = [](GateSession& s, std::string_view) { s.close(100); };
        rig_.gate.on_arrive = [this](GateSession& s) { (void)act(s); };
        rig_.gate.on_drained = [this](GateSession& s) { (void)act(s); };
    }

    uint32_t below(uint32_t n) { return static_cast<uint32_t>(random_() % n); }

    // A kernel's turn outside of any call: pauses end, somebody is closed or written to.
    void outside() {
        for (size_t i = 0; i < rig_.gate.opened(); ++i) {
            GateSession& s = *rig_.gate.session(i);
            if (s.closed || s.closed_by_us || s.moving) continue;
            rig_.host.loop(s.loop).run([&] {
                if (below(3) == 0) s.pause(false);
                if (below(20) == 0) (void)act(s);
            });
        }
    }

    void client(WireClient& c) {
        const TransportKind& kind = rig_.kind;
        const std::string body(1 + below(below(10) == 0 ? 90'000 : 300), 'x');
        switch (below(8)) {
            case 0:
                c.send(kind.heartbeat);
                break;
            case 1:
                if (below(10) == 0) c.shutdownWrite();
                break;
            case 2:
                if (below(20) == 0) c.reset();
                break;
            case 3:
                c.reading(below(4) != 0);
                break;
            default:
                c.send(kind.encode(body));
                break;
        }
    }

  private:
    sara_status frame(GateSession& s, std::string_view body) {
        if (below(4) != 0) (void)s.send(body);
        if (below(30) == 0) {
            s.pause(false);
            return rig_.gate.moveTo(s, below(kLoops));
        }
        return act(s);
    }
    sara_status act(GateSession& s) {
        switch (below(24)) {
            case 0:
                s.close(0);
                return SARA_E_CLOSED;
            case 1:
                s.close(1 + below(500));
                return SARA_E_CLOSED;
            case 2:
            case 3:
                s.pause(true);
                break;
            case 4:
                s.pause(true);
                s.pause(false);
                break;
            case 5:
                (void)s.send(std::string(1 + below(100'000), 'y'));
                break;
            default:
                break;
        }
        return SARA_OK;
    }

    TransportRig& rig_;
    std::mt19937 random_;
};

TEST_P(TransportContract, NothingTheKernelDoesAtAnyTimeBreaksARule) {
    for (uint32_t seed = 1; seed <= 12; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        TransportRig rig(kind(), {.loops = kLoops});
        rig.gate.frame_bytes_max = 80'000;
        Chaos chaos(rig, seed);
        std::vector<WireClient*> clients;
        for (int step = 0; step < 250; ++step) {
            if (clients.size() < kClients || chaos.below(10) == 0)
                clients.push_back(&rig.connect());
            WireClient& c = *clients[chaos.below(static_cast<uint32_t>(clients.size()))];
            if (c.fd() >= 0) chaos.client(c);
            for (WireClient* w : clients) w->pump();
            rig.host.turn();
            chaos.outside();
            if (chaos.below(20) == 0) rig.host.advance(chaos.below(300));
        }
        for (WireClient* c : clients) c->close();
        rig.gate.on_frame = nullptr;
        rig.gate.on_drained = nullptr;
        ASSERT_TRUE(rig.until([&] {
            chaos.outside();
            rig.host.advance(100);
            return rig.host.loop(0).watches() == 1 && rig.host.loop(1).watches() == 0;
        })) << "a connection is left behind";
        EXPECT_EQ(rig.gate.open(), 0u) << "a session was never told that its client is gone";
        EXPECT_THAT(rig.gate.misuse(), testing::IsEmpty());
    }
}

}  // namespace
}  // namespace sara::testkit
