// Before the upgrade there is only HTTP: plain requests, garbage, clients that never finish; and
// the ports' mix-ups, TLS to ws and plain text to wss.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client_frames.h"
#include "testkit/transport/test_certificate.h"
#include "testkit/transport/transport_rig.h"
#include "ws_kind.h"

namespace sara::ws {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::StartsWith;
using testkit::FakeGate;
using testkit::FakeHost;
using testkit::GateSession;
using testkit::PluginInstance;
using testkit::RigOptions;
using testkit::TransportRig;
using testkit::WireClient;

// A rig whose clients say nothing by themselves.
struct BareRig : TransportRig {
    explicit BareRig(const testkit::TransportKind& k = kWs, const RigOptions& options = {})
        : TransportRig(k, options) {}
    WireClient& raw(bool tls = false) {
        const size_t n = gate.opened();
        clients.push_back(
            std::make_unique<WireClient>(port(), testkit::WireClientOptions{.tls = tls}));
        if (!until([&] { return gate.opened() > n; })) throw std::runtime_error("nobody came");
        return *clients.back();
    }
    bool pumped(WireClient& c, const std::function<bool()>& done) {
        return until([&] {
            c.pump();
            return done();
        });
    }
    std::string answerTo(const std::string& bytes) {
        WireClient& c = raw();
        c.send(bytes);
        EXPECT_TRUE(pumped(c, [&] { return c.ended() || c.broken(); }));
        return c.received();
    }
    std::vector<std::unique_ptr<WireClient>> clients;
};

TEST(Upgrade, IsAnsweredByteForByte) {
    BareRig rig;
    WireClient& c = rig.raw();
    c.send(kRequest);
    ASSERT_TRUE(rig.pumped(c, [&] { return !c.received().empty(); }));
    EXPECT_EQ(c.received(),
              "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
              "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
    EXPECT_FALSE(rig.gate.session(0)->closed);
}

TEST(Upgrade, WorksWhereverTheRequestIsCutAndWithFramesBehindIt) {
    BareRig rig;
    const std::string bytes = std::string(kRequest) + textFrame("{}");
    for (size_t cut = 1; cut < bytes.size(); cut += cut < 20 ? 1 : 7) {
        const size_t n = rig.gate.opened();
        WireClient& c = rig.raw();
        c.send(bytes.substr(0, cut));
        c.pump();
        rig.settle();
        c.send(bytes.substr(cut));
        GateSession* s = rig.gate.session(n);
        ASSERT_TRUE(rig.pumped(c, [&] { return s->frames.size() == 1; })) << cut;
        c.close();
    }
    rig.settle();
    EXPECT_THAT(rig.gate.misuse(), IsEmpty());
}

TEST(Upgrade, APlainGetSeesAPageAndAnOrderlyEnd) {
    BareRig rig;
    const std::string answer = rig.answerTo("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 426 Upgrade Required\r\n"));
    EXPECT_THAT(answer, HasSubstr("chat server"));
    EXPECT_TRUE(rig.gate.session(0)->closed);
    EXPECT_EQ(rig.gate.session(0)->closed_reason, "bad_handshake");
    EXPECT_EQ(rig.host.metric("ws_handshakes_refused_total"), 1);
    EXPECT_THAT(rig.gate.misuse(), IsEmpty());
}

TEST(Upgrade, OtherThingsThanRequestsAreToldSo) {
    BareRig rig;
    EXPECT_THAT(rig.answerTo("{\"envelope\":{}}\x01"), StartsWith("HTTP/1.1 400 "));
    EXPECT_THAT(rig.answerTo("\x02\x01"), StartsWith("HTTP/1.1 400 "));
    EXPECT_THAT(rig.answerTo(textFrame("hi")), StartsWith("HTTP/1.1 400 "));
    EXPECT_THAT(rig.answerTo(std::string(9000, 'A')), StartsWith("HTTP/1.1 431 "));
    EXPECT_THAT(rig.answerTo("GET / HTTP/1.1\r\nA: " + std::string(65536, ' ')),
                StartsWith("HTTP/1.1 431 "));
    EXPECT_EQ(rig.host.metric("ws_handshakes_refused_total"), 5);
}

TEST(Upgrade, ARequestOfExactlyTheLimitIsRead) {
    BareRig rig;
    const std::string head(kRequest.substr(0, kRequest.size() - 2));
    const std::string fill = "X: " + std::string(8192 - head.size() - 3 - 4, 'x') + "\r\n\r\n";
    WireClient& c = rig.raw();
    c.send(head + fill);
    ASSERT_TRUE(rig.pumped(c, [&] { return !c.received().empty(); }));
    EXPECT_THAT(c.received(), StartsWith("HTTP/1.1 101 "));
}

TEST(Upgrade, ThePageOfAnotherOriginIsForbidden) {
    BareRig rig(kWs, {.more_config = R"(, "origins": "https://chat.example.org")"});
    const std::string head(kRequest.substr(0, kRequest.size() - 2));
    EXPECT_THAT(rig.answerTo(head + "Origin: https://evil.example\r\n\r\n"),
                StartsWith("HTTP/1.1 403 "));
    WireClient& c = rig.raw();
    c.send(head + "Origin: https://chat.example.org\r\n\r\n");
    ASSERT_TRUE(rig.pumped(c, [&] { return !c.received().empty(); }));
    EXPECT_THAT(c.received(), StartsWith("HTTP/1.1 101 "));
}

TEST(Upgrade, ThatNeverEndsIsClosedByTheKernelWithAStatusAndNoPacket) {
    BareRig rig;
    WireClient& c = rig.raw();
    c.send(kRequest.substr(0, 40));
    c.pump();
    rig.settle();
    GateSession* s = rig.gate.session(0);
    rig.host.loop().run([&] {
        EXPECT_EQ(s->send("{\"entity\":{\"reason\":\"timeout\"}}"), SARA_OK);
        EXPECT_EQ(s->control(SARA_CONTROL_KILL), SARA_OK);
        s->close(1000, "login_timeout");
    });
    ASSERT_TRUE(rig.pumped(c, [&] { return c.ended(); }));
    EXPECT_THAT(c.received(), StartsWith("HTTP/1.1 408 "));
    EXPECT_EQ(c.received().find("entity"), std::string::npos);
}

TEST(Upgrade, DuringADrainGets503) {
    BareRig rig;
    WireClient& c = rig.raw();
    rig.host.loop().run([&] { rig.gate.session(0)->close(1000, "shutdown"); });
    ASSERT_TRUE(rig.pumped(c, [&] { return c.ended(); }));
    EXPECT_THAT(c.received(), StartsWith("HTTP/1.1 503 "));
}

TEST(Upgrade, TlsOnTheWsPortEndsAtOnce) {
    BareRig rig;
    WireClient& c = rig.raw(true);
    ASSERT_TRUE(rig.pumped(c, [&] { return c.broken() || c.ended(); }));
    EXPECT_FALSE(c.handshaken());
    ASSERT_TRUE(rig.until([&] { return rig.gate.session(0)->closed; }));
}

TEST(Upgrade, PlainTextOnTheWssPortEndsAtOnce) {
    BareRig rig(kWss);
    WireClient& c = rig.raw();
    c.send(kRequest);
    ASSERT_TRUE(rig.pumped(c, [&] { return c.broken() || c.ended(); }));
    ASSERT_TRUE(rig.until([&] { return rig.gate.session(0)->closed; }));
    EXPECT_EQ(rig.gate.session(0)->closed_reason, "tls_error");
    EXPECT_EQ(rig.host.metric("ws_tls_handshake_failures_total"), 1);
}

TEST(Upgrade, HalfOfItByTheThousandCostsAKibibyteEachAndNobodyElse) {
    BareRig rig;
    constexpr size_t kHalves = 1000;
    for (size_t i = 0; i < kHalves; ++i) {
        WireClient& c = rig.raw();
        c.send(kRequest.substr(0, 1 + i % (kRequest.size() - 1)));
        c.pump();
    }
    GateSession* s = nullptr;
    WireClient& good = rig.connected(&s);
    good.send(textFrame("{}"));
    ASSERT_TRUE(rig.until([&] { return s->frames.size() == 1; }));
    EXPECT_EQ(rig.gate.open(), kHalves + 1);
    for (auto& c : rig.clients) c->reset();
    EXPECT_TRUE(rig.until([&] { return rig.gate.open() == 1; }));
    EXPECT_THAT(rig.gate.misuse(), IsEmpty());
}

// Starts the plugin with this section; its error text, or "" with the status line in *line.
std::string startWith(const std::string& config, std::string* line) {
    FakeGate gate;
    FakeHost host({.config_json = config});
    host.provide(SARA_EXT_GATE, gate.table());
    PluginInstance plugin(host, kWs.descriptor());
    const bool started = plugin.start() == SARA_OK;
    *line = plugin.statusLine();
    return started ? "" : host.error();
}

TEST(Start, NamesTheRealPorts) {
    const testkit::CertificateFiles c = testkit::makeCertificate(testkit::testFolder());
    std::string line;
    EXPECT_EQ(
        startWith(
            R"({"bind": "127.0.0.1", "wsport": 0, "enable_wss": true, "wssport": 0, "certfile": ")" +
                c.certfile + R"(", "keyfile": ")" + c.keyfile + "\"}",
            &line),
        "");
    EXPECT_THAT(line,
                MatchesRegex("ws 127\\.0\\.0\\.1:[1-9][0-9]*, wss 127\\.0\\.0\\.1:[1-9][0-9]*"));
}

TEST(Start, WhatIsWrongWithTheOriginsIsSaid) {
    std::string line;
    EXPECT_EQ(
        startWith(R"({"bind": "127.0.0.1", "wsport": 0, "origins": "chat.example.org"})", &line),
        "origins: \"chat.example.org\" is none: expected scheme://host or scheme://host:port, "
        "without a path");
}

TEST(Start, WithoutACertificateWssIsAnError) {
    std::string line;
    EXPECT_EQ(
        startWith(
            R"({"enable_ws": false, "enable_wss": true, "wssport": 0, "certfile": "/nowhere/x.pem"})",
            &line),
        "certificate /nowhere/x.pem cannot be read: No such file or directory");
}

}  // namespace
}  // namespace sara::ws
