// Steady echo traffic asks the heap for nothing, whole frames and fragments alike: every call of
// malloc or new from inside the plugin counts.
#include <gtest/gtest.h>

#include "client_frames.h"
#include "testkit/transport/plugin_heap.h"
#include "testkit/transport/transport_rig.h"
#include "ws_kind.h"

namespace sara::ws {
namespace {

using testkit::TransportRig;
using testkit::WireClient;

TEST(Allocation, SteadyEchoTrafficAsksTheHeapForNothing) {
    if (!testkit::canCountHeap()) GTEST_SKIP() << "sanitizers bring their own heap";
    TransportRig rig(kWs);
    ASSERT_TRUE(testkit::countHeapOf("transport-ws.so"));
    rig.gate.keep_frames = false;
    rig.gate.on_frame = [](testkit::GateSession& s, std::string_view body) { return s.send(body); };
    WireClient& c = rig.connected(nullptr);
    EXPECT_GT(testkit::heapCalls(), 0u) << "the hook sees the handshake";
    const std::string body(212, 'x');
    std::string window;
    for (int i = 0; i < 8; ++i) {
        window += textFrame(body) + bytesOf({.opcode = 9, .payload = "p"});
        window += bytesOf({.fin = false, .payload = body.substr(0, 100)}) +
                  bytesOf({.opcode = 0, .payload = body.substr(100)});
    }
    const size_t answer = 8 * (2 * (4 + body.size()) + 3);
    size_t expected = 0;
    const auto round = [&] {
        // Cut in the middle of a frame, as a full read would.
        c.send(window.substr(0, 1000));
        rig.settle();
        c.send(window.substr(1000));
        expected += answer;
        return rig.until([&] { return c.received().size() == expected; });
    };
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(round());
    testkit::forgetHeapCalls();
    for (int i = 0; i < 300; ++i) ASSERT_TRUE(round());
    EXPECT_EQ(testkit::heapCalls(), 0u);
}

TEST(Allocation, AnIdleConnectionHoldsNoBlock) {
    if (!testkit::canCountHeap()) GTEST_SKIP() << "sanitizers bring their own heap";
    TransportRig rig(kWs);
    rig.gate.on_frame = [](testkit::GateSession& s, std::string_view body) { return s.send(body); };
    const std::string frame = textFrame("{\"login\": 1}");
    const auto come = [&](int clients) {
        for (int i = 0; i < clients; ++i) {
            WireClient& c = rig.connected(nullptr);
            c.send(frame.substr(0, 8));
            rig.settle();
            c.send(frame.substr(8));
            rig.settle();
            EXPECT_FALSE(c.received().empty());
        }
    };
    come(20);
    ASSERT_TRUE(testkit::countHeapOf("transport-ws.so"));
    come(200);
    // A few for the tables; a block for each would be 200.
    EXPECT_LT(testkit::heapCalls(), 20u);
}

}  // namespace
}  // namespace sara::ws
