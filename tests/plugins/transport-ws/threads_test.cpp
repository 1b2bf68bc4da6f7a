// Loops on threads of their own, connections that move between them: for the thread sanitizer above
// all.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "client_frames.h"
#include "testkit/transport/transport_rig.h"
#include "ws_kind.h"

namespace sara::ws {
namespace {

using testkit::GateSession;
using testkit::TransportRig;
using testkit::WireClient;
using testkit::WireClientOptions;

void echoWhileMoving(const testkit::TransportKind& kind) {
    constexpr size_t kClients = 24;
    constexpr size_t kFrames = 150;
    TransportRig rig(kind, {.loops = 3});
    rig.gate.keep_frames = false;
    // Every 50th frame moves its connection one loop on; all others are echoed.
    rig.gate.on_frame = [&](GateSession& s, std::string_view body) {
        EXPECT_EQ(s.send(body), SARA_OK);
        return body.find("move") != std::string_view::npos ? rig.gate.moveTo(s, (s.loop + 1) % 3)
                                                           : sara_status{SARA_OK};
    };
    std::atomic<bool> stop{false};
    std::vector<std::thread> threads;
    for (uint32_t i = 0; i < 3; ++i) {
        threads.emplace_back([&, i] {
            while (!stop.load()) rig.host.loop(i).turn(1);
        });
    }
    std::vector<std::unique_ptr<WireClient>> clients;
    std::string wire(kRequest);
    std::vector<std::string> expected;
    for (size_t i = 0; i < kFrames; ++i) {
        expected.push_back((i % 50 == 20 ? "{\"move\":" : "{\"n\":") + std::to_string(i) + "}");
        wire += bytesOf({.fin = false, .payload = expected.back().substr(0, 3)}) +
                bytesOf({.opcode = 0, .payload = expected.back().substr(3)});
    }
    size_t answer_bytes = 0;
    for (const std::string& e : expected) answer_bytes += e.size() + 2;
    for (size_t i = 0; i < kClients; ++i) {
        WireClientOptions o;
        o.tls = kind.tls;
        clients.push_back(std::make_unique<WireClient>(rig.port(), o));
        clients.back()->send(wire);
    }
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(40);
    size_t done = 0;
    while (done < kClients && std::chrono::steady_clock::now() < deadline) {
        done = 0;
        for (const auto& c : clients) {
            c->pump();
            done += c->received().size() >= kind.welcome(c->received()) + answer_bytes &&
                            kind.welcome(c->received()) > 0
                        ? 1
                        : 0;
        }
        std::this_thread::yield();
    }
    stop = true;
    for (std::thread& t : threads) t.join();
    for (const auto& c : clients) {
        std::string bytes = c->received();
        EXPECT_EQ(kind.decode(bytes), expected);
    }
    EXPECT_EQ(rig.gate.arrivals(), kClients * 3);
    EXPECT_TRUE(rig.gate.misuse().empty());
}

TEST(Threads, WsConnectionsKeepEveryByteWhileTheyMove) { echoWhileMoving(kWs); }
TEST(Threads, WssConnectionsKeepEveryByteWhileTheyMove) { echoWhileMoving(kWss); }

}  // namespace
}  // namespace sara::ws
