// What is special about ws: the bytes on the wire, heartbeats in all their forms, pings, Close
// frames and their codes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "client_frames.h"
#include "testkit/transport/transport_rig.h"
#include "ws_kind.h"

namespace sara::ws {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testkit::GateSession;
using testkit::TransportRig;
using testkit::WireClient;

// All that the server has sent since the upgrade, as "opcode:payload", Close frames as
// "close CODE REASON".
std::vector<std::string> heard(WireClient& c) {
    std::string bytes = c.received();
    c.forget();
    std::vector<std::string> out;
    for (const ServerFrame& f : takeFrames(bytes)) {
        if (f.opcode() == 8) {
            out.push_back("close " + std::to_string(f.closeCode()) + " " +
                          f.payload.substr(std::min<size_t>(2, f.payload.size())));
        } else {
            out.push_back(std::to_string(f.first) + ":" + f.payload);
        }
    }
    if (!bytes.empty()) out.push_back("UNFINISHED: " + bytes);
    return out;
}

struct WsRig : TransportRig {
    WsRig() : TransportRig(kWs) {
        gate.on_heartbeat = [](GateSession& s) { return s.control(SARA_CONTROL_HEARTBEAT); };
        gate.on_violation = [](GateSession& s, std::string_view reason) {
            (void)s.send("notice " + std::string(reason));
            s.close(1000, reason);
        };
        client = &connected(&session);
    }
    GateSession* session = nullptr;
    WireClient* client = nullptr;
};

TEST(WsWire, APacketIsOneTextFrameWithoutAMask) {
    WsRig rig;
    rig.host.loop().run([&] { EXPECT_EQ(rig.session->send("{\"a\":1}"), SARA_OK); });
    ASSERT_TRUE(rig.until([&] { return !rig.client->received().empty(); }));
    EXPECT_EQ(rig.client->received(), "\x81\x07{\"a\":1}");
}

TEST(WsWire, LengthsHaveTheirShortestForm) {
    WsRig rig;
    rig.host.loop().run([&] {
        for (const size_t n : {125u, 126u, 65535u, 65536u}) {
            EXPECT_EQ(rig.session->send(std::string(n, 'x')), SARA_OK);
        }
    });
    const size_t all = 2 + 125 + 4 + 126 + 4 + 65535 + 10 + 65536;
    ASSERT_TRUE(rig.until([&] { return rig.client->received().size() == all; }));
    EXPECT_EQ(heard(*rig.client).size(), 4u);
}

TEST(WsWire, HeartbeatsAndKillsAreThreeCharactersOfText) {
    WsRig rig;
    rig.host.loop().run([&] {
        EXPECT_EQ(rig.session->control(SARA_CONTROL_HEARTBEAT), SARA_OK);
        EXPECT_EQ(rig.session->control(SARA_CONTROL_KILL), SARA_OK);
        EXPECT_EQ(rig.session->control(1), SARA_E_INVALID);
    });
    ASSERT_TRUE(rig.until([&] { return rig.client->received().size() >= 10; }));
    EXPECT_EQ(rig.client->received(), "\x81\x03\\02\x81\x03\\03");
}

// Defect 49: the text that the server itself answers with was no heartbeat.
TEST(WsWire, Defect49EveryFormOfAHeartbeatIsOne) {
    const std::vector<std::string> forms{"\x02", "\x02\x01", "\\02", "\\02\x01"};
    for (const std::string& body : forms) {
        for (const int opcode : {1, 2}) {
            WsRig rig;
            rig.client->send(bytesOf({.opcode = opcode, .payload = body}));
            ASSERT_TRUE(rig.until([&] { return rig.session->heartbeats == 1; })) << body;
            rig.settle();
            EXPECT_THAT(heard(*rig.client), ElementsAre("129:\\02"));
            EXPECT_THAT(rig.session->frames, IsEmpty());
        }
    }
}

TEST(WsWire, OneTrailingEndByteIsStrippedAndAnEmptyMessageIsNothing) {
    WsRig rig;
    rig.client->send(textFrame("{\"a\":1}\x01") + textFrame("") + textFrame("\x01") +
                     bytesOf({.opcode = 2}) + textFrame("{\"b\":2}\x01\x01") + textFrame("\\03"));
    ASSERT_TRUE(rig.until([&] { return rig.session->frames.size() == 3; }));
    EXPECT_THAT(rig.session->frames, ElementsAre("{\"a\":1}", "{\"b\":2}\x01", "\\03"));
    EXPECT_EQ(rig.session->heartbeats, 0u);
}

TEST(WsWire, BinaryAndFragmentedMessagesArePackets) {
    WsRig rig;
    rig.client->send(bytesOf({.opcode = 2, .payload = "{\"a\":1}"}) +
                     bytesOf({.fin = false, .payload = "{\"b\""}) +
                     bytesOf({.opcode = 9, .payload = "p"}) +
                     bytesOf({.opcode = 0, .payload = ":2}"}));
    ASSERT_TRUE(rig.until([&] { return rig.session->frames.size() == 2; }));
    EXPECT_THAT(rig.session->frames, ElementsAre("{\"a\":1}", "{\"b\":2}"));
    rig.settle();
    EXPECT_THAT(heard(*rig.client), ElementsAre("138:p"));
}

// Defect 49: a ping was answered, but the client was closed as idle.
TEST(WsWire, Defect49APingIsAnsweredAndCountsAsActivity) {
    WsRig rig;
    rig.client->send(bytesOf({.opcode = 9, .payload = "pp"}));
    ASSERT_TRUE(rig.until([&] { return !rig.client->received().empty(); }));
    EXPECT_EQ(rig.client->received(), "\x8a\x02pp");
    EXPECT_EQ(rig.session->activities, 1u);
    rig.client->send(bytesOf({.opcode = 10, .payload = "unasked"}));
    ASSERT_TRUE(rig.until([&] { return rig.session->activities == 2; }));
    EXPECT_EQ(rig.host.metric("ws_pings_total"), 1);
    EXPECT_THAT(rig.session->frames, IsEmpty());
}

TEST(WsWire, PingsOfAClientThatDoesNotReadAreAnsweredUpToALimit) {
    WsRig rig;
    rig.client->reading(false);
    const std::string ping = bytesOf({.opcode = 9, .payload = std::string(125, 'p')});
    std::string many;
    for (int i = 0; i < 1000; ++i) many += ping;
    size_t sent = 0;
    ASSERT_TRUE(rig.until([&] {
        if (rig.client->flushed()) {
            rig.client->send(many);
            sent += 1000;
        }
        return rig.host.metric("ws_pongs_left_out_total") > 5000;
    }));
    EXPECT_LT(rig.session->queued(), 70'000u);
    ASSERT_TRUE(rig.until([&] { return rig.session->activities == sent; }));
    rig.client->reading(true);
    ASSERT_TRUE(rig.until([&] { return rig.session->queued() == 0; }));
    rig.settle();
    heard(*rig.client);
    rig.client->send(bytesOf({.opcode = 9, .payload = "again"}));
    ASSERT_TRUE(rig.until([&] { return !rig.client->received().empty(); }));
    EXPECT_THAT(heard(*rig.client), ElementsAre("138:again"));
}

TEST(WsWire, PingsBehindMessagesAreAnsweredForEver) {
    WsRig rig;
    rig.gate.on_frame = [](GateSession& s, std::string_view body) { return s.send(body); };
    for (int i = 0; i < 300; ++i) {
        rig.client->send(textFrame("{}") + bytesOf({.opcode = 9, .payload = "p"}));
        ASSERT_TRUE(rig.until([&] { return rig.client->received().size() == 7; })) << i;
        EXPECT_THAT(heard(*rig.client), ElementsAre("129:{}", "138:p"));
    }
}

TEST(WsWire, ACloseIsAnsweredWithItsCodeAndThenTheConnectionEnds) {
    const std::vector<std::string> payloads{closePayload(1000), closePayload(4321, "bye"), ""};
    for (const std::string& payload : payloads) {
        WsRig rig;
        rig.client->send(textFrame("{}") + bytesOf({.opcode = 8, .payload = payload}) +
                         textFrame("late"));
        ASSERT_TRUE(rig.until([&] { return rig.client->ended(); }));
        EXPECT_FALSE(rig.client->broken());
        const std::string code = payload.substr(0, 2);
        EXPECT_EQ(rig.client->received(),
                  std::string("\x88") + static_cast<char>(code.size()) + code);
        EXPECT_THAT(rig.session->frames, ElementsAre("{}"));
        EXPECT_TRUE(rig.session->closed);
        EXPECT_EQ(rig.session->closed_reason, "peer_closed");
        rig.client->close();
        EXPECT_TRUE(rig.until([&] { return rig.host.loop().watches() == 1; }));
        EXPECT_THAT(rig.gate.misuse(), IsEmpty());
    }
}

TEST(WsWire, AnswersThatWereQueuedLeaveBeforeTheAnswerToAClose) {
    WsRig rig;
    rig.gate.on_frame = [](GateSession& s, std::string_view body) { return s.send(body); };
    rig.client->send(textFrame("{\"a\":1}") +
                     bytesOf({.opcode = 8, .payload = closePayload(1001)}));
    ASSERT_TRUE(rig.until([&] { return rig.client->ended(); }));
    EXPECT_THAT(heard(*rig.client), ElementsAre("129:{\"a\":1}", "close 1001 "));
}

struct EndCase {
    const char* reason;
    int code;
};

TEST(WsWire, TheKernelsReasonBecomesTheCodeOfTheCloseFrame) {
    const std::vector<EndCase> cases{{"replaced", 1000},     {"idle_timeout", 1000},
                                     {"shutdown", 1001},     {"error_packet", 1007},
                                     {"login_failed", 1008}, {"login_timeout", 1008},
                                     {"rejected", 1008},     {"packet_too_large", 1009}};
    for (const EndCase& c : cases) {
        WsRig rig;
        rig.host.loop().run([&] {
            EXPECT_EQ(rig.session->send("last words"), SARA_OK);
            rig.session->close(1000, c.reason);
        });
        ASSERT_TRUE(rig.until([&] { return rig.client->ended(); }));
        EXPECT_THAT(
            heard(*rig.client),
            ElementsAre("129:last words", "close " + std::to_string(c.code) + " " + c.reason));
    }
}

TEST(WsWire, BytesThatAreNoFramesGetACloseFrameAndNothingElse) {
    WsRig rig;
    rig.client->send(textFrame("{}") + bytesOf({.masked = false, .payload = "x"}) + textFrame("y"));
    ASSERT_TRUE(rig.until([&] { return rig.client->ended(); }));
    EXPECT_THAT(heard(*rig.client), ElementsAre("close 1002 a client must mask its frames"));
    EXPECT_THAT(rig.session->frames, ElementsAre("{}"));
    EXPECT_THAT(rig.session->violations, ElementsAre("error_packet"));
    EXPECT_EQ(rig.host.metric("ws_transport_violations_total"), 1);
}

TEST(WsWire, TextOutsideUtf8GetsANoticeAndTheCode1007) {
    WsRig rig;
    rig.client->send(textFrame("\xed\xa0\x80"));
    ASSERT_TRUE(rig.until([&] { return rig.client->ended(); }));
    EXPECT_THAT(heard(*rig.client),
                ElementsAre("129:notice error_packet", "close 1007 the text is not UTF-8"));
}

TEST(WsWire, AHeaderAboveTheLimitGetsANoticeAndTheCode1009) {
    WsRig rig;
    rig.client->send(bytesOf({.claimed = uint64_t{1} << 40}));
    ASSERT_TRUE(rig.until([&] { return rig.client->ended(); }));
    EXPECT_THAT(heard(*rig.client),
                ElementsAre("129:notice packet_too_large", "close 1009 packet_too_large"));
}

TEST(WsWire, ManyMessagesOfATurnLeaveInOneWrite) {
    WsRig rig;
    rig.host.loop().run([&] {
        for (int i = 0; i < 30; ++i) EXPECT_EQ(rig.session->send(std::string(200, 'x')), SARA_OK);
    });
    char buf[65536];
    EXPECT_EQ(::read(rig.client->fd(), buf, sizeof buf), 30 * 204) << "all were there at once";
}

TEST(WsWire, MessagesEndBeforeAtAndBehindTheEdgeOfARead) {
    WsRig rig;
    for (const size_t n : {65527u, 65528u, 65529u, 65535u, 65536u, 65537u, 131'072u}) {
        rig.session->frames.clear();
        rig.client->send(textFrame(std::string(n, 'x')) + textFrame("y"));
        ASSERT_TRUE(rig.until([&] { return rig.session->frames.size() == 2; })) << n;
        EXPECT_EQ(rig.session->frames[0], std::string(n, 'x'));
        EXPECT_EQ(rig.session->frames[1], "y");
    }
}

}  // namespace
}  // namespace sara::ws
