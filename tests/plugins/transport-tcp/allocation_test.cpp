// Steady echo traffic asks the heap for nothing: every call of malloc or new from inside the plugin
// counts.
#include <gtest/gtest.h>

#include "tcp_kind.h"
#include "testkit/transport/plugin_heap.h"
#include "testkit/transport/transport_rig.h"

namespace sara::tcp {
namespace {

using testkit::GateSession;
using testkit::TransportRig;
using testkit::WireClient;

TEST(Allocation, TheHookSeesThePlugin) {
    if (!testkit::canCountHeap()) GTEST_SKIP() << "sanitizers bring their own heap";
    TransportRig rig(kTcp);
    // The first frame cut by a read takes a block from the heap.
    ASSERT_TRUE(testkit::countHeapOf("transport-tcp.so"));
    GateSession* s = nullptr;
    WireClient& c = rig.connected(&s);
    c.send("{\"a\"");
    rig.settle();
    EXPECT_GE(testkit::heapCalls(), 1u);
}

TEST(Allocation, SteadyEchoTrafficAsksTheHeapForNothing) {
    if (!testkit::canCountHeap()) GTEST_SKIP() << "sanitizers bring their own heap";
    TransportRig rig(kTcp);
    ASSERT_TRUE(testkit::countHeapOf("transport-tcp.so"));
    rig.gate.keep_frames = false;
    rig.gate.on_frame = [](GateSession& s, std::string_view body) { return s.send(body); };
    WireClient& c = rig.connected(nullptr);
    const std::string one = std::string(212, 'x') + "\x01";
    std::string window;
    for (int i = 0; i < 16; ++i) window += one;
    size_t sent = 0;
    const auto round = [&] {
        // Cut in the middle of a frame, as a full read would.
        c.send(window.substr(0, 1000));
        rig.settle();
        c.send(window.substr(1000));
        sent += window.size();
        return rig.until([&] { return c.received().size() == sent; });
    };
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(round());
    testkit::forgetHeapCalls();
    for (int i = 0; i < 300; ++i) ASSERT_TRUE(round());
    EXPECT_EQ(testkit::heapCalls(), 0u);
}

}  // namespace
}  // namespace sara::tcp
