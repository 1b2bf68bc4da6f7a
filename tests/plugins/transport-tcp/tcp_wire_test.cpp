// What is special about TCP: the bytes on the wire, options for clients of 2014, running out of
// descriptors.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tcp_kind.h"
#include "testkit/transport/transport_rig.h"

namespace sara::tcp {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testkit::GateSession;
using testkit::TransportRig;
using testkit::WireClient;

TEST(TcpWire, ThreeHeartbeatsAreAnsweredByteForByte) {
    TransportRig rig(kTcp);
    rig.gate.on_heartbeat = [](GateSession& s) { return s.control(SARA_CONTROL_HEARTBEAT); };
    WireClient& c = rig.connected(nullptr);
    c.send("\x02\x01\x02\x01\x02\x01");
    ASSERT_TRUE(rig.until([&] { return c.received().size() == 6; }));
    EXPECT_EQ(c.received(), "\x02\x01\x02\x01\x02\x01");
}

TEST(TcpWire, AKillIsThreeOneAndThenAnOrderlyEnd) {
    TransportRig rig(kTcp);
    GateSession* s = nullptr;
    WireClient& c = rig.connected(&s);
    rig.host.loop().run([&] {
        EXPECT_EQ(s->control(SARA_CONTROL_KILL), SARA_OK);
        s->close(1000);
    });
    ASSERT_TRUE(rig.until([&] { return c.ended(); }));
    EXPECT_EQ(c.received(), "\x03\x01");
    EXPECT_FALSE(c.broken());
}

TEST(TcpWire, RefusesControlFramesThatItHasNoBytesFor) {
    TransportRig rig(kTcp);
    GateSession* s = nullptr;
    rig.connected(&s);
    rig.host.loop().run([&] { EXPECT_EQ(s->control(1), SARA_E_INVALID); });
}

TEST(TcpWire, PacedFramesLeaveOneByOne) {
    TransportRig rig(kTcp, {.more_config = R"(, "pace_ms": 50)"});
    GateSession* s = nullptr;
    WireClient& c = rig.connected(&s);
    rig.host.loop().run([&] {
        for (const char* body : {"{\"a\":1}", "{\"b\":2}", "{\"c\":3}"})
            EXPECT_EQ(s->send(body), SARA_OK);
    });
    rig.settle();
    EXPECT_EQ(c.received(), "{\"a\":1}\x01");
    rig.host.advance(30);
    rig.settle();
    EXPECT_EQ(c.received(), "{\"a\":1}\x01");
    rig.host.advance(30);
    rig.settle();
    EXPECT_EQ(c.received(), "{\"a\":1}\x01{\"b\":2}\x01");
    rig.host.advance(60);
    rig.settle();
    EXPECT_EQ(c.received(), "{\"a\":1}\x01{\"b\":2}\x01{\"c\":3}\x01");
    EXPECT_EQ(s->drained, 1u);
    rig.host.advance(60);
    EXPECT_EQ(rig.host.loop().timers(), 0u);
}

TEST(TcpWire, APacedCloseWritesTheRestAtOnce) {
    TransportRig rig(kTcp, {.more_config = R"(, "pace_ms": 50)"});
    GateSession* s = nullptr;
    WireClient& c = rig.connected(&s);
    rig.host.loop().run([&] {
        for (int i = 0; i < 5; ++i) EXPECT_EQ(s->send("{}"), SARA_OK);
    });
    rig.settle();
    rig.host.loop().run([&] { s->close(1000); });
    ASSERT_TRUE(rig.until([&] { return c.ended(); }));
    EXPECT_EQ(rig.take(c).size(), 5u);
}

TEST(TcpWire, OptionsForOldClientsRewriteWhatLeaves) {
    TransportRig rig(kTcp, {.more_config = R"(, "ascii_json": true, "stringify_attrs": true)"});
    GateSession* s = nullptr;
    WireClient& c = rig.connected(&s);
    rig.host.loop().run([&] {
        EXPECT_EQ(
            s->send("{\"payload\":{\"content\":\"\xc3\xa4\",\"attrs\":{\"n\":[1,\"\xc3\xa4\"]}}}"),
            SARA_OK);
    });
    ASSERT_TRUE(rig.until([&] { return !c.received().empty(); }));
    EXPECT_THAT(rig.take(c),
                ElementsAre(R"({"payload":{"content":"\u00e4","attrs":{"n":"[1,\"\u00e4\"]"}}})"));
}

TEST(TcpWire, ManyFramesOfATurnLeaveInOneWrite) {
    TransportRig rig(kTcp);
    GateSession* s = nullptr;
    WireClient& c = rig.connected(&s);
    rig.host.loop().run([&] {
        for (int i = 0; i < 30; ++i) EXPECT_EQ(s->send(std::string(200, 'x')), SARA_OK);
    });
    char buf[65536];
    EXPECT_EQ(::read(c.fd(), buf, sizeof buf), 30 * 201) << "all of them were there at once";
}

// Lowers the limit of open files to what is open now, and puts it back.
class NoMoreFiles {
  public:
    NoMoreFiles() {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        const int lowest = ::dup(0);
        ::close(lowest);
        rlimit now = before_;
        now.rlim_cur = static_cast<rlim_t>(lowest);
        ::setrlimit(RLIMIT_NOFILE, &now);
    }
    ~NoMoreFiles() { ::setrlimit(RLIMIT_NOFILE, &before_); }

  private:
    rlimit before_{};
};

// Defect 44: accept loops span at 100 % CPU when descriptors ran out.
TEST(TcpWire, Defect44WithoutDescriptorsItShedsAndPausesInsteadOfSpinning) {
    TransportRig rig(kTcp);
    std::vector<WireClient*> clients;
    for (int i = 0; i < 40; ++i) clients.push_back(&rig.connect());
    {
        const NoMoreFiles none;
        rig.host.turn();
        EXPECT_EQ(rig.gate.opened(), 0u);
        EXPECT_FALSE(rig.host.turn()) << "the listening socket must not wake the loop now";
    }
    size_t shed = 0;
    for (WireClient* c : clients) {
        c->pump();
        shed += c->ended() || c->broken() ? 1 : 0;
    }
    EXPECT_EQ(shed, 16u) << "some are told at once, the others wait";
    EXPECT_TRUE(rig.host.logged("accepting pauses"));
    EXPECT_GT(rig.host.metric("tcp_accept_errors_total"), 0);
    rig.host.advance(110);
    ASSERT_TRUE(rig.until([&] { return rig.gate.opened() == 24; }));
}

TEST(TcpWire, CountsWhatItDoes) {
    TransportRig rig(kTcp);
    GateSession* s = nullptr;
    WireClient& c = rig.connected(&s);
    rig.gate.on_frame = [](GateSession& me, std::string_view b) { return me.send(b); };
    c.send("{\"a\":1}\x01{\"b\":2}\x01");
    ASSERT_TRUE(rig.until([&] { return c.received().size() == 16; }));
    EXPECT_EQ(rig.host.metric("tcp_connections_accepted_total"), 1);
    EXPECT_EQ(rig.host.metric("tcp_frames_in_total"), 2);
    EXPECT_EQ(rig.host.metric("tcp_frames_out_total"), 2);
    EXPECT_EQ(rig.host.metric("tcp_bytes_in_total"), 16);
    EXPECT_EQ(rig.host.metric("tcp_bytes_out_total"), 16);
}

TEST(TcpWire, AFrameIsDeliveredWhileItsEndByteIsTheLastOfAFullRead) {
    TransportRig rig(kTcp);
    GateSession* s = nullptr;
    WireClient& c = rig.connected(&s);
    // 64 KiB is one read: frames that end before, at and behind its edge.
    for (const size_t first : {65534u, 65535u, 65536u, 65537u, 131'071u}) {
        s->frames.clear();
        c.send(std::string(first, 'x') + "\x01" + "y\x01");
        ASSERT_TRUE(rig.until([&] { return s->frames.size() == 2; })) << first;
        EXPECT_EQ(s->frames[0].size(), first);
        EXPECT_EQ(s->frames[1], "y");
    }
}

}  // namespace
}  // namespace sara::tcp
