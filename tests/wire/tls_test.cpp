// The TLS listener: what it speaks, what it refuses, and that it is the same server behind it.
#include <openssl/ssl.h>

#include "kit/wire_test.h"

namespace sara::wire {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class TlsTest : public WireTest {
  protected:
    TlsTest() { useTls(); }
    Client connectWith(int version_max) {
        return Client(server().tlsPort(), {Via::kTls, "127.0.0.1", 0, version_max});
    }
};

TEST_F(TlsTest, UsersOfBothListenersTalkToEachOther) {
    Client a = online("a@t.com", Via::kTcp);
    Client b = online("b@t.com", Via::kTls);
    a.send(chatPacket("m1", "a@t.com", "b@t.com", "x", true));
    ASSERT_EQ(b.packet().id(), "m1");
    b.acknowledge("m1");
    EXPECT_EQ(a.packet().id(), "m1");
    b.send(chatPacket("m2", "b@t.com", "a@t.com", "x", false));
    EXPECT_EQ(a.packet().id(), "m2");
}

TEST_F(TlsTest, SpeaksTls12) {
    EXPECT_EQ(connectWith(TLS1_2_VERSION).login("a@t.com").result(), "ok");
}

TEST_F(TlsTest, RefusesOlderVersions) {
    // Defect 20.
    start();
    EXPECT_THROW(connectWith(TLS1_1_VERSION), std::runtime_error);
    EXPECT_THROW(connectWith(TLS1_VERSION), std::runtime_error);
}

TEST_F(TlsTest, TakesASessionOverFromTcpWithTheKillFrame) {
    Client tcp = online("a@t.com", Via::kTcp);
    Client tls = online("a@t.com", Via::kTls);
    EXPECT_TRUE(tcp.closed());
    EXPECT_THAT(tcp.rest(), ElementsAre(std::string(kKillBody)));
    Client again = online("a@t.com", Via::kTcp);
    EXPECT_TRUE(tls.closed());
    EXPECT_THAT(tls.rest(), ElementsAre(std::string(kKillBody)));
}

TEST_F(TlsTest, LoginAndPacketsInOneRecordAreHandled) {
    // The TLS state moves to the user's home loop together with bytes that it has decrypted
    // already.
    for (const std::string jid : {"a@t.com", "b@t.com", "c@t.com", "d@t.com"}) {
        Client client = connect(Via::kTls);
        client.sendRaw(loginPacket("L", jid, "") + '\x01' + chatPacket("m1", jid, jid, "x", false) +
                       '\x01' + chatPacket("m2", jid, jid, "x", false) + '\x01');
        EXPECT_EQ(client.packet().result(), "ok");
        EXPECT_EQ(client.message().id(), "m1");
        EXPECT_EQ(client.message().id(), "m2");
    }
}

TEST_F(TlsTest, GarbageInsteadOfAHandshakeIsCutAndHarmsNobody) {
    Client good = online("a@t.com", Via::kTls);
    for (const std::string& bytes :
         {std::string("GET / HTTP/1.0\r\n\r\n"), std::string(5'000, '\x16'),
          std::string("\x16\x03\x01\xff\xff", 5) + std::string(70'000, 'x'),
          loginPacket("L", "b@t.com", "") + "\x01"}) {
        Client bad(server().tlsPort(), Via::kTcp);
        bad.sendRaw(bytes, Millis(500));
        EXPECT_TRUE(bad.closed());
    }
    good.sendRaw(kHeartbeatFrame);
    EXPECT_EQ(good.next(), std::string(kHeartbeatBody));
}

TEST_F(TlsTest, HandshakeThatNeverEndsIsCutAtTheLoginDeadline) {
    conf_.set("login_timeout_ms", "300");
    Client half(server().tlsPort(), Via::kTcp);
    half.sendRaw(std::string_view("\x16\x03\x01", 3));
    EXPECT_TRUE(half.closed(Millis(5'000)));
}

TEST_F(TlsTest, LargeTransfersInBothDirectionsAtOnceDoNotStall) {
    Client a = online("a@t.com", Via::kTls);
    Client b = online("b@t.com", Via::kTls);
    const std::string text(200'000, 'y');
    for (int i = 0; i < 5; ++i) {
        ASSERT_TRUE(a.send(chatPacket("a" + std::to_string(i), "a@t.com", "b@t.com", text, false)));
        ASSERT_TRUE(b.send(chatPacket("b" + std::to_string(i), "b@t.com", "a@t.com", text, false)));
    }
    for (int i = 0; i < 5; ++i) {
        EXPECT_EQ(b.packet().content().size(), text.size());
        EXPECT_EQ(a.packet().content().size(), text.size());
    }
}

TEST_F(TlsTest, CertificateProblemsAreOneClearLineAtStart) {
    conf_.setText("certfile", folder_.file("nothing.pem"));
    try {
        start();
        serverMayEnd();
        FAIL() << server().output();
    } catch (const std::runtime_error& e) {
        EXPECT_THAT(e.what(), HasSubstr("nothing.pem"));
    }
}

TEST_F(TlsTest, KeyThatDoesNotBelongToTheCertificateIsRefusedAtStart) {
    const std::string key = readFile(folder_.file("server.key"));
    useTls();  // a new pair
    writeFile(folder_.file("other.key"), key);
    conf_.setText("keyfile", folder_.file("other.key"));
    try {
        start();
        serverMayEnd();
        FAIL() << server().output();
    } catch (const std::runtime_error& e) {
        EXPECT_THAT(e.what(), ::testing::AnyOf(HasSubstr("other.key"), HasSubstr("match")));
    }
}

}  // namespace
}  // namespace sara::wire
