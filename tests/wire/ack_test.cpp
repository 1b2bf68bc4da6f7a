// When the sender may believe: the server's acknowledgement, and what the receiver's one means.
#include "kit/wire_test.h"

namespace sara::wire {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;

class AckTest : public WireTest {};

TEST_F(AckTest, HasTheDocumentedForm) {
    // Section 2.4: android waits for from == "server_ack"; Go left it out, every send timed out
    // there.
    Client a = online("a@t.com");
    a.send(chatPacket("m2", "a@t.com", "off@t.com", "x", true));
    EXPECT_THAT(a.packet().text(),
                MatchesRegex("\\{\"envelope\":\\{\"id\":\"m2\",\"from\":\"server_ack\",\"type\":3,"
                             "\"ct\":\"[0-9]+\"\\},\"vsn\":\"0.0.1\"\\}"));
}

TEST_F(AckTest, ComesForOnlineAndOfflineReceivers) {
    Client a = online("a@t.com");
    Client b = online("b@t.com");
    sendAcked(a, "a@t.com", "off@t.com", {"m1"});
    a.send(chatPacket("m2", "a@t.com", "b@t.com", "x", true));
    EXPECT_EQ(b.packet().id(), "m2");
    b.acknowledge("m2");
    EXPECT_EQ(a.packet().id(), "m2");
}

TEST_F(AckTest, ComesAlsoWhenTheReceiverNeverAcknowledges) {
    // Then it means "in the store".
    Client a = online("a@t.com");
    Client b = online("b@t.com");
    sendAcked(a, "a@t.com", "b@t.com", {"m1", "m2"});
    b.close();
    Client back = connect();
    EXPECT_THAT(idsOf(back.login("b@t.com").delayed()), ElementsAre("m1", "m2"));
}

TEST_F(AckTest, DoesNotComeWhenNobodyAskedForIt) {
    Client a = online("a@t.com");
    a.send(chatPacket("m1", "a@t.com", "off@t.com", "x", false));
    a.send(chatPacket("m2", "a@t.com", "off@t.com", "x", false, 1, R"(,"ack":0)"));
    a.send(chatPacket("m3", "a@t.com", "off@t.com", "x", true));
    EXPECT_EQ(a.packet().id(), "m3");
}

TEST_F(AckTest, IsAskedForByAnyNumberButZero) {
    Client a = online("a@t.com");
    a.send(chatPacket("m1", "a@t.com", "off@t.com", "x", false, 1, R"(,"ack":7)"));
    EXPECT_EQ(a.packet().id(), "m1");
}

TEST_F(AckTest, OfAClientIsNeitherAnsweredNorRelayed) {
    Client a = online("a@t.com");
    a.send(ackPacket("nobody-knows", "a@t.com"));
    a.send(ackPacket("nobody-knows", "1234567890@other.com"));  // ws.html uses a fixed from
    a.send(chatPacket("m1", "a@t.com", "off@t.com", "x", true));
    EXPECT_EQ(a.packet().id(), "m1");
}

TEST_F(AckTest, OfAClientCountsAlsoWithAnotherSenderInIt) {
    // ws.html and Go: the ack's from is not checked.
    Client a = online("a@t.com");
    Client b = online("b@t.com");
    a.send(chatPacket("m1", "a@t.com", "b@t.com", "x", true));
    ASSERT_EQ(b.packet().id(), "m1");
    b.send(ackPacket("m1", "someone@else.com"));
    ASSERT_EQ(a.packet().id(), "m1");
    b.close();
    Client back = connect();
    EXPECT_THAT(idsOf(back.login("b@t.com").delayed()), IsEmpty());
}

TEST_F(AckTest, IsNotSentForWhatIsRefused) {
    // Defect 24: Go acked first and checked then.
    Client a = online("a@t.com");
    a.send(chatPacket("f1", "b@t.com", "off@t.com", "x", true));
    a.send(chatPacket("j1", "a@t.com", "nowhere", "x", true));
    a.send(chatPacket("m1", "a@t.com", "off@t.com", "x", true));
    std::vector<std::string> acks;
    for (int i = 0; i < 3; ++i) {
        const Packet got = a.packet();
        if (got.type() == 3) acks.push_back(got.id());
    }
    EXPECT_THAT(acks, ElementsAre("m1"));
}

TEST_F(AckTest, MeansThatKillMinusNineLosesNothing) {
    // G7: 2 of 2000 acked messages were missing, and 50 of 50 that were delivered but not
    // acknowledged.
    std::vector<std::string> offline;
    std::vector<std::string> held;
    for (int i = 0; i < 500; ++i) offline.push_back("o" + std::to_string(i));
    for (int i = 0; i < 50; ++i) held.push_back("h" + std::to_string(i));
    Client a = online("a@t.com");
    Client b = online("b@t.com");
    sendAcked(a, "a@t.com", "b@t.com", held);
    sendAcked(a, "a@t.com", "off@t.com", offline);
    restartAfterKill();
    Client off = connect();
    EXPECT_EQ(idsOf(off.login("off@t.com").delayed()), offline);
    Client back = connect();
    EXPECT_EQ(idsOf(back.login("b@t.com").delayed()), held);
}

TEST_F(AckTest, InFastModeComesBeforeTheReceiverHasIt) {
    conf_.setText("ack", "fast").set("ack_hold_ms", "5000");
    Client a = online("a@t.com");
    Client b = online("b@t.com");
    a.send(chatPacket("m1", "a@t.com", "b@t.com", "x", true));
    EXPECT_EQ(a.packet(Millis(2'000)).id(), "m1");
}

TEST_F(AckTest, InSafeModeWaitsForTheReceiverOrTheStore) {
    conf_.set("ack_hold_ms", "1500");
    Client a = online("a@t.com");
    Client b = online("b@t.com");
    a.send(chatPacket("m1", "a@t.com", "b@t.com", "x", true));
    ASSERT_EQ(b.packet().id(), "m1");
    EXPECT_EQ(a.next(Millis(200)), std::nullopt);
    b.acknowledge("m1");
    EXPECT_EQ(a.packet(Millis(1'000)).id(), "m1");
}

TEST_F(AckTest, TwoSendersMayUseTheSameId) {
    // Defect 32: the in-flight table knew only the id; one of the two was lost at close.
    Client a = online("a@t.com");
    Client c = online("c@t.com");
    Client b = online("b@t.com");
    sendAcked(a, "a@t.com", "b@t.com", {"same"});
    sendAcked(c, "c@t.com", "b@t.com", {"same"});
    b.close();
    Client back = connect();
    const auto waited = back.login("b@t.com").delayed();
    ASSERT_EQ(waited.size(), 2u);
    EXPECT_EQ(waited[0].from(), "a@t.com");
    EXPECT_EQ(waited[1].from(), "c@t.com");
}

}  // namespace
}  // namespace sara::wire
