// Input, output and back-pressure. The ends of a connection and its moves are in
// transport_contract_ends.cpp.
#include "testkit/transport/transport_contract.h"

#include <gmock/gmock.h>

namespace sara::testkit {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST_P(TransportContract, TellsTheGateWhoConnected) {
    TransportRig rig(kind());
    GateSession* s = nullptr;
    WireClient& c = rig.connected(&s);
    EXPECT_EQ(s->word, kind().name);
    EXPECT_EQ(s->secure, kind().tls);
    EXPECT_EQ(s->peer_ip, "127.0.0.1");
    EXPECT_EQ(s->peer_port, c.port());
    EXPECT_THAT(rig.gate.misuse(), IsEmpty());
}

TEST_P(TransportContract, DeliversPacketsInOrderHoweverTheyAreCut) {
    TransportRig rig(kind());
    const std::string wire = kind().encode(packet(1)) + kind().encode(packet(2)) +
                             kind().heartbeat + kind().encode(packet(3));
    for (size_t cut = 1; cut < wire.size(); ++cut) {
        GateSession* s = nullptr;
        WireClient& c = rig.connected(&s);
        c.send(wire.substr(0, cut));
        rig.settle();
        c.send(wire.substr(cut));
        ASSERT_TRUE(rig.until([&] { return s->frames.size() == 3; })) << "cut at " << cut;
        EXPECT_THAT(s->frames, ElementsAre(packet(1), packet(2), packet(3)));
        EXPECT_EQ(s->heartbeats, 1u);
        c.close();
    }
    rig.settle();
    EXPECT_THAT(rig.gate.misuse(), IsEmpty());
}

TEST_P(TransportContract, WritesPacketsWholeAndInOrder) {
    TransportRig rig(kind());
    GateSession* s = nullptr;
    WireClient& c = rig.connected(&s);
    rig.gate.on_frame = [&](GateSession& me, std::string_view) {
        for (size_t i = 0; i < 500; ++i) EXPECT_EQ(me.send(packet(i)), SARA_OK);
        return SARA_OK;
    };
    c.send(kind().encode(packet(0)));
    std::vector<std::string> got;
    ASSERT_TRUE(rig.until([&] {
        std::string bytes = c.received();
        return kind().decode(bytes).size() == 500;
    }));
    got = rig.take(c);
    ASSERT_EQ(got.size(), 500u);
    for (size_t i = 0; i < got.size(); ++i) EXPECT_EQ(got[i], packet(i));
    EXPECT_EQ(s->queued(), 0u);
}

TEST_P(TransportContract, JoinsThePiecesOfAPacket) {
    TransportRig rig(kind());
    GateSession* s = nullptr;
    WireClient& c = rig.connected(&s);
    rig.host.loop().run([&] {
        const sara_str pieces[] = {{"{\"a\":", 5}, {nullptr, 0}, {"1", 1}, {"}", 1}};
        uint64_t end = 0;
        EXPECT_EQ(s->api->send(s->self, s->conn, pieces, 4, &end), SARA_OK);
        EXPECT_EQ(end, s->queued() + s->written());
    });
    ASSERT_TRUE(rig.until([&] { return !c.received().empty(); }));
    EXPECT_THAT(rig.take(c), ElementsAre("{\"a\":1}"));
}

TEST_P(TransportContract, CountsWhatIsWrittenInTheCountOfEndOffset) {
    TransportRig rig(kind());
    GateSession* s = nullptr;
    WireClient& c = rig.connected(&s);
    uint64_t first = 0;
    uint64_t second = 0;
    rig.host.loop().run([&] {
        EXPECT_EQ(s->send(packet(1), &first), SARA_OK);
        EXPECT_EQ(s->send(packet(2), &second), SARA_OK);
        EXPECT_LT(first, second);
        EXPECT_LT(s->written(), first) << "nothing is written before the end of the turn";
    });
    ASSERT_TRUE(rig.until([&] { return !c.received().empty(); }));
    EXPECT_EQ(s->written(), second);
    EXPECT_EQ(s->queued(), 0u);
}

TEST_P(TransportContract, CarriesAPacketOfAMebibyteBothWays) {
    TransportRig rig(kind());
    rig.gate.frame_bytes_max = 1 << 20;
    GateSession* s = nullptr;
    WireClient& c = rig.connected(&s);
    const std::string body = "\"" + std::string((1 << 20) - 2, 'x') + "\"";
    rig.gate.on_frame = [&](GateSession& me, std::string_view b) { return me.send(b); };
    c.send(kind().encode(body));
    std::vector<std::string> got;
    ASSERT_TRUE(rig.until([&] {
        if (c.received().size() < body.size()) return false;
        std::string bytes = c.received();
        got = kind().decode(bytes);
        return !got.empty();
    }));
    ASSERT_EQ(s->frames.size(), 1u);
    EXPECT_EQ(s->frames[0], body);
    EXPECT_EQ(got[0].substr(0, body.size()), body);
}

TEST_P(TransportContract, AnswersHeartbeatsAndKillsWithItsOwnBytes) {
    TransportRig rig(kind());
    GateSession* s = nullptr;
    WireClient& c = rig.connected(&s);
    rig.gate.on_heartbeat = [](GateSession& me) { return me.control(SARA_CONTROL_HEARTBEAT); };
    c.send(kind().heartbeat + kind().heartbeat + kind().heartbeat);
    ASSERT_TRUE(rig.until([&] { return s->heartbeats == 3; }));
    rig.settle();
    EXPECT_THAT(rig.take(c), ElementsAre(kind().heartbeat_answer, kind().heartbeat_answer,
                                         kind().heartbeat_answer));
    rig.host.loop().run([&] { EXPECT_EQ(s->control(SARA_CONTROL_KILL), SARA_OK); });
    rig.settle();
    EXPECT_THAT(rig.take(c), ElementsAre(kind().kill));
}

TEST_P(TransportContract, ComplainsOnceAboutAPacketAboveTheLimitAndDeliversNothingBehindIt) {
    TransportRig rig(kind());
    rig.gate.frame_bytes_max = 100;
    GateSession* s = nullptr;
    WireClient& c = rig.connected(&s);
    const std::string good(100, 'g');
    c.send(kind().encode(good) + kind().encode(std::string(101, 'b')) + kind().encode(good));
    ASSERT_TRUE(rig.until([&] { return !s->violations.empty(); }));
    c.send(kind().encode(good));
    rig.settle();
    EXPECT_THAT(s->frames, ElementsAre(good));
    EXPECT_THAT(s->violations, ElementsAre("packet_too_large"));
    EXPECT_THAT(rig.gate.misuse(), IsEmpty());
}

TEST_P(TransportContract, AsksForTheLimitAgainWhenALoginRaisesIt) {
    TransportRig rig(kind());
    rig.gate.limit_of = [](const GateSession& s) { return s.frames.empty() ? 100 : 1000; };
    GateSession* s = nullptr;
    WireClient& c = rig.connected(&s);
    c.send(kind().encode("{\"login\":1}") + kind().encode(std::string(900, 'x')));
    ASSERT_TRUE(rig.until([&] { return s->frames.size() == 2; }));
    EXPECT_THAT(s->violations, IsEmpty());
}

TEST_P(TransportContract, PausedClientsDeliverNothingAlsoNotWhatWasRead) {
    TransportRig rig(kind());
    GateSession* s = nullptr;
    WireClient& c = rig.connected(&s);
    rig.gate.on_frame = [](GateSession& me, std::string_view) {
        me.pause(true);
        return SARA_OK;
    };
    std::string wire;
    for (size_t i = 0; i < 20; ++i) wire += kind().encode(packet(i));
    c.send(wire + kind().heartbeat);
    for (size_t i = 0; i < 20; ++i) {
        ASSERT_TRUE(rig.until([&] { return s->frames.size() == i + 1; })) << i;
        rig.settle();
        ASSERT_EQ(s->frames.size(), i + 1) << "a frame arrived while paused";
        rig.host.loop().run([&] {
            s->pause(false);
            EXPECT_EQ(s->frames.size(), i + 1) << "a frame arrived inside pause_read";
        });
    }
    ASSERT_TRUE(rig.until([&] { return s->heartbeats == 1; }));
    EXPECT_EQ(s->frames.back(), packet(19));
    EXPECT_THAT(rig.gate.misuse(), IsEmpty());
}

TEST_P(TransportContract, AClientThatClosesWhilePausedIsReportedAfterItsPackets) {
    TransportRig rig(kind());
    GateSession* s = nullptr;
    WireClient& c = rig.connected(&s);
    rig.gate.on_frame = [](GateSession& me, std::string_view) {
        if (me.frames.size() == 1) me.pause(true);
        return SARA_OK;
    };
    c.send(kind().encode(packet(1)) + kind().encode(packet(2)));
    ASSERT_TRUE(rig.until([&] { return s->frames.size() == 1 && c.flushed(); }));
    c.shutdownWrite();
    rig.settle();
    EXPECT_FALSE(s->closed);
    rig.host.loop().run([&] { s->pause(false); });
    ASSERT_TRUE(rig.until([&] { return s->closed; }));
    EXPECT_THAT(s->frames, ElementsAre(packet(1), packet(2)));
    EXPECT_EQ(s->closed_reason, "peer_closed");
}

TEST_P(TransportContract, OneSlowReaderHoldsUpNobodyAndIsToldWhenItIsEmptyAgain) {
    TransportRig rig(kind());
    GateSession* slow = nullptr;
    GateSession* quick = nullptr;
    WireClientOptions small;
    small.receive_buffer = 4096;
    WireClient& c = rig.connected(&slow, small);
    WireClient& other = rig.connected(&quick);
    rig.settle();
    c.reading(false);
    const std::string body = "\"" + std::string(60'000, 'x') + "\"";
    uint64_t end = 0;
    for (int i = 0; i < 200; ++i) {
        rig.host.loop().run([&] { EXPECT_EQ(slow->send(body, &end), SARA_OK); });
    }
    rig.settle();
    EXPECT_GT(slow->queued(), 1'000'000u);
    EXPECT_EQ(slow->drained, 0u);
    rig.host.loop().run([&] { EXPECT_EQ(quick->send(packet(1)), SARA_OK); });
    ASSERT_TRUE(rig.until([&] { return !other.received().empty(); }));
    c.reading(true);
    ASSERT_TRUE(rig.until([&] { return slow->drained == 1; }));
    EXPECT_EQ(slow->written(), end);
    ASSERT_TRUE(rig.until([&] {
        std::string bytes = c.received();
        return bytes.size() >= 200 * body.size() && kind().decode(bytes).size() == 200;
    }));
    EXPECT_THAT(rig.gate.misuse(), IsEmpty());
}

TEST_P(TransportContract, AFloodOfOneClientLeavesTurnsToOthers) {
    TransportRig rig(kind());
    GateSession* loud = nullptr;
    GateSession* quiet = nullptr;
    WireClient& a = rig.connected(&loud);
    WireClient& b = rig.connected(&quiet);
    const std::string one = kind().encode(packet(7));
    std::string flood;
    while (flood.size() < (4u << 20)) flood += one;
    a.send(flood);
    b.send(one);
    ASSERT_TRUE(rig.until([&] { return quiet->frames.size() == 1; }));
    EXPECT_LT(loud->frames.size() * one.size(), 1u << 20);
    ASSERT_TRUE(rig.until([&] { return loud->frames.size() == flood.size() / one.size(); }));
}

}  // namespace
}  // namespace sara::testkit
