// What waits for a user who is away, and when it stops waiting.
#include "kit/wire_test.h"

namespace sara::wire {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class OfflineTest : public WireTest {
  protected:
    // Logs in, looks, leaves without an acknowledgement.
    std::vector<std::string> peek(const std::string& jid) {
        Client client = connect();
        return idsOf(client.login(jid, "peek").delayed());
    }
};

TEST_F(OfflineTest, MessagesComeInTheLoginReplyInOrderOfArrival) {
    // Defect 29: hash order.
    Client a = online("a@t.com");
    std::vector<std::string> ids;
    for (int i = 0; i < 100; ++i) ids.push_back("z" + std::to_string((i * 37) % 100));
    sendAcked(a, "a@t.com", "off@t.com", ids);
    Client off = connect();
    const Packet reply = off.login("off@t.com", "L1");
    EXPECT_EQ(reply.delayTotal(), 100);
    EXPECT_EQ(idsOf(reply.delayed()), ids);
}

TEST_F(OfflineTest, StoredPacketsAreKeptVerbatimWithCt) {
    // Defect 37: numbers went through double, unknown members were lost.
    Client a = online("a@t.com");
    const std::string sent =
        R"({"envelope":{"id":"v1","type":1,"from":"a@t.com","to":"off@t.com","ack":1,"x":[1.0]},)"
        R"("payload":{"n":12345678901234567890,"f":1.0},"pubsub":{"items":[]},)"
        R"("entity":{"attrs":{"host":"h"}},"unknown":null})";
    a.send(sent);
    ASSERT_EQ(a.packet().id(), "v1");
    Client off = connect();
    const Packet reply = off.login("off@t.com");
    EXPECT_THAT(withoutCt(reply.text()), HasSubstr("\"packets\":[" + sent + "]"));
    ASSERT_EQ(reply.delayed().size(), 1u);
    EXPECT_EQ(reply.delayed()[0].ct().size(), 13u);
}

TEST_F(OfflineTest, AckOfTheLoginIdEndsTheWholeBatch) {
    Client a = online("a@t.com");
    sendAcked(a, "a@t.com", "off@t.com", {"m1", "m2", "m3"});
    EXPECT_THAT(peek("off@t.com"), ElementsAre("m1", "m2", "m3"));
    EXPECT_THAT(peek("off@t.com"), ElementsAre("m1", "m2", "m3"));  // nobody acknowledged
    {
        Client off = connect();
        EXPECT_EQ(off.loginAndAck("off@t.com", "L7").delayTotal(), 3);
        off.sendRaw(kHeartbeatFrame);
        EXPECT_EQ(off.next(), std::string(kHeartbeatBody));  // the ack was handled before this
    }
    EXPECT_THAT(peek("off@t.com"), IsEmpty());
}

TEST_F(OfflineTest, AcksOfSingleMessagesOfTheBatchCountToo) {
    // Section 3.4: Go ignored them; ios sends them.
    Client a = online("a@t.com");
    sendAcked(a, "a@t.com", "off@t.com", {"m1", "m2", "m3"});
    {
        Client off = connect();
        EXPECT_EQ(off.login("off@t.com").delayTotal(), 3);
        off.acknowledge("m2");
        off.sendRaw(kHeartbeatFrame);
        EXPECT_EQ(off.next(), std::string(kHeartbeatBody));
    }
    EXPECT_THAT(peek("off@t.com"), ElementsAre("m1", "m3"));
}

TEST_F(OfflineTest, AckOfABatchLeavesWhatCameLater) {
    Client a = online("a@t.com");
    sendAcked(a, "a@t.com", "off@t.com", {"m1"});
    Client off = connect();
    EXPECT_EQ(off.login("off@t.com", "L1").delayTotal(), 1);
    sendAcked(a, "a@t.com", "off@t.com", {"m2"});  // delivered live, never acknowledged
    EXPECT_EQ(off.packet().id(), "m2");
    off.acknowledge("L1");
    off.sendRaw(kHeartbeatFrame);
    EXPECT_EQ(off.next(), std::string(kHeartbeatBody));
    off.close();
    EXPECT_THAT(peek("off@t.com"), ElementsAre("m2"));
}

TEST_F(OfflineTest, TwoUsersWithTheSameLoginIdKeepTheirOwnBatches) {
    // Defect 31: one global table, keyed by the client's login id; ws.html always uses 1234567890.
    Client a = online("a@t.com");
    sendAcked(a, "a@t.com", "x@t.com", {"x1"});
    sendAcked(a, "a@t.com", "y@t.com", {"y1"});
    Client x = connect();
    Client y = connect();
    EXPECT_THAT(idsOf(x.login("x@t.com", "1234567890").delayed()), ElementsAre("x1"));
    EXPECT_THAT(idsOf(y.login("y@t.com", "1234567890").delayed()), ElementsAre("y1"));
    y.acknowledge("1234567890");
    y.sendRaw(kHeartbeatFrame);
    EXPECT_EQ(y.next(), std::string(kHeartbeatBody));
    x.close();
    y.close();
    EXPECT_THAT(peek("x@t.com"), ElementsAre("x1"));
    EXPECT_THAT(peek("y@t.com"), IsEmpty());
}

TEST_F(OfflineTest, MessageWithoutAckThatWasDeliveredIsNotRepeated) {
    // Defect 33: duplicates at the next login.
    Client a = online("a@t.com");
    Client b = online("b@t.com");
    a.send(chatPacket("u1", "a@t.com", "b@t.com", "x", false));
    ASSERT_EQ(b.packet().id(), "u1");
    b.sendRaw(kHeartbeatFrame);
    ASSERT_EQ(b.next(), std::string(kHeartbeatBody));
    b.close();
    EXPECT_THAT(peek("b@t.com"), IsEmpty());
}

TEST_F(OfflineTest, AcknowledgedMessagesAreNotRepeated) {
    Client a = online("a@t.com");
    Client b = online("b@t.com");
    for (const char* id : {"m1", "m2"}) {
        a.send(chatPacket(id, "a@t.com", "b@t.com", "x", true));
        ASSERT_EQ(b.packet().id(), id);
        b.acknowledge(id);
        ASSERT_EQ(a.packet().id(), id);
    }
    b.close();
    EXPECT_THAT(peek("b@t.com"), IsEmpty());
}

TEST_F(OfflineTest, LateAckOfAStoredMessageTakesItOutOfTheStore) {
    Client a = online("a@t.com");
    Client b = online("b@t.com");
    a.send(chatPacket("m1", "a@t.com", "b@t.com", "x", true));
    ASSERT_EQ(b.packet().id(), "m1");
    ASSERT_EQ(a.packet().id(), "m1");  // the hold is over, the message is in the store
    b.acknowledge("m1");
    b.sendRaw(kHeartbeatFrame);
    ASSERT_EQ(b.next(), std::string(kHeartbeatBody));
    b.close();
    EXPECT_THAT(peek("b@t.com"), IsEmpty());
}

TEST_F(OfflineTest, UnacknowledgedMessagesAreKeptAtTheClose) {
    conf_.set("ack_hold_ms", "60000");
    Client a = online("a@t.com");
    Client b = online("b@t.com");
    for (const char* id : {"m1", "m2"}) {
        a.send(chatPacket(id, "a@t.com", "b@t.com", "x", true));
        ASSERT_EQ(b.packet().id(), id);
    }
    b.close();
    EXPECT_EQ(a.packet().id(), "m1");  // stored at the close, so safe now
    EXPECT_EQ(a.packet().id(), "m2");
    EXPECT_THAT(peek("b@t.com"), ElementsAre("m1", "m2"));
}

TEST_F(OfflineTest, UnacknowledgedMessagesAreKeptAtSigterm) {
    conf_.set("ack_hold_ms", "60000");
    {
        Client a = online("a@t.com");
        Client b = online("b@t.com");
        for (const char* id : {"m1", "m2"}) {
            a.send(chatPacket(id, "a@t.com", "b@t.com", "x", true));
            ASSERT_EQ(b.packet().id(), id);
        }
        EXPECT_EQ(server().terminate(), 0);
        EXPECT_TRUE(b.closed());
        EXPECT_THAT(b.rest(), IsEmpty());  // no kill frame: the client shall come back
    }
    start();
    EXPECT_THAT(peek("b@t.com"), ElementsAre("m1", "m2"));
}

TEST_F(OfflineTest, OrderIsKeptWhenStoredAndLiveMessagesMeet) {
    // m1 is delivered and not acknowledged, m2 comes when the receiver is gone.
    Client a = online("a@t.com");
    {
        Client b = online("b@t.com");
        sendAcked(a, "a@t.com", "b@t.com", {"m1"});
        ASSERT_EQ(b.packet().id(), "m1");
    }
    sendAcked(a, "a@t.com", "b@t.com", {"m2", "m3"});
    EXPECT_THAT(peek("b@t.com"), ElementsAre("m1", "m2", "m3"));
}

TEST_F(OfflineTest, LoginReplyWithABatchIsPaddedToo) {
    // The login reply is the largest packet a java client ever reads.
    Client a = online("a@t.com");
    std::vector<std::string> ids;
    for (int filler = 0; filler < 40; ++filler) {
        const std::string to = "pad" + std::to_string(filler) + "@t.com";
        a.send(chatPacket("p", "a@t.com", to, std::string(static_cast<size_t>(750 + filler), 'x'),
                          true));
        ASSERT_EQ(a.packet().id(), "p");
        Client off = connect();
        EXPECT_NE(off.login(to).text().size() % 1024, 0u);
    }
}

}  // namespace
}  // namespace sara::wire
