// The life of a session: heartbeats, the idle limit, and what happens when its user logs in again.
#include <set>
#include <thread>

#include "kit/wire_test.h"

namespace sara::wire {
namespace {

using ::testing::ElementsAre;

class SessionTest : public WireTest {};

TEST_F(SessionTest, EchoesEveryHeartbeat) {
    // java and android reconnect at the third unanswered one.
    Client client = online("a@t.com");
    std::string many;
    for (int i = 0; i < 100; ++i) many += kHeartbeatFrame;
    client.sendRaw(many);
    for (int i = 0; i < 100; ++i) ASSERT_EQ(client.next(), std::string(kHeartbeatBody)) << i;
}

TEST_F(SessionTest, IsClosedAfterTheIdleTimeAndNotBefore) {
    conf_.set("idle_timeout_ms", "1000");
    Client quiet = online("quiet@t.com");
    Client busy = online("busy@t.com");
    const auto start = Clock::now();
    while (Clock::now() - start < Millis(2'000)) {
        busy.sendRaw(kHeartbeatFrame);
        ASSERT_EQ(busy.next(), std::string(kHeartbeatBody));
        (void)quiet.closed(Millis(50));
    }
    EXPECT_TRUE(quiet.closed(Millis(0)));
    EXPECT_TRUE(quiet.rest().empty());  // no kill, or the client would not come back
}

TEST_F(SessionTest, PartialFramesDoNotKeepItOpen) {
    conf_.set("idle_timeout_ms", "1000");
    Client client = online("a@t.com");
    bool gone = false;
    for (int i = 0; i < 100 && !gone; ++i) {
        client.sendRaw(" ");
        gone = client.closed(Millis(50));
    }
    EXPECT_TRUE(gone);
}

TEST_F(SessionTest, EarlierSessionGetsTheKillFrameAndTheClose) {
    Client first = online("a@t.com/pc");
    Client second = online("a@t.com/phone");
    EXPECT_TRUE(first.closed());
    EXPECT_THAT(first.rest(), ElementsAre(std::string(kKillBody)));
    second.sendRaw(kHeartbeatFrame);
    EXPECT_EQ(second.next(), std::string(kHeartbeatBody));
}

TEST_F(SessionTest, KillFrameArrivesWhileTheVictimIsSending) {
    // Defect 40: close() with unread input became an RST; 8 of 50 kills were lost, and java came
    // back and kicked in turn.
    start();
    int killed = 0;
    for (int round = 0; round < 25; ++round) {
        Client victim = online("v@t.com");
        std::string flood;
        for (int i = 0; i < 400; ++i)
            flood += chatPacket("f", "v@t.com", "x@t.com", "x", false) + '\x01';
        victim.sendRaw(flood, Millis(20));
        Client next = online("v@t.com");
        victim.sendRaw(flood, Millis(20));
        (void)victim.closed();
        for (const std::string& frame : victim.rest()) killed += frame == kKillBody ? 1 : 0;
    }
    EXPECT_EQ(killed, 25);
}

TEST_F(SessionTest, LoginThatFailsNeverKicks) {
    Client first = online("a@t.com");
    Client bad = connect();
    bad.send(R"({"envelope":{"id":"session_x","type":0,"jid":"a@t.com"}})");
    EXPECT_EQ(bad.packet().result(), "error");
    first.sendRaw(kHeartbeatFrame);
    EXPECT_EQ(first.next(), std::string(kHeartbeatBody));
}

TEST_F(SessionTest, UserIsReachableAfterEachOfManyQuickRelogins) {
    // G4 and defect 35: the old session's cleanup took the new session's record along; 5 to 9 of 40
    // new sessions could not be reached.
    Client sender = online("sender@t.com");
    std::vector<Client> old;
    for (int i = 0; i < 100; ++i) {
        Client again = connect();
        ASSERT_EQ(again.loginAndAck("r@t.com").result(), "ok");
        const std::string id = "m" + std::to_string(i);
        sender.send(chatPacket(id, "sender@t.com", "r@t.com", "x", false));
        ASSERT_EQ(again.message().id(), id);
        old.push_back(std::move(again));
    }
}

TEST_F(SessionTest, UserIsReachableWhenTheOldConnectionClosesAtTheMomentOfTheNewLogin) {
    // G4, the other half: the client reconnects by itself.
    Client sender = online("sender@t.com");
    for (int i = 0; i < 100; ++i) {
        {
            Client gone = connect();
            gone.send(loginPacket("L", "r@t.com", ""));
            ASSERT_TRUE(gone.next());
        }
        Client again = connect();
        ASSERT_EQ(again.loginAndAck("r@t.com").result(), "ok");
        const std::string id = "m" + std::to_string(i);
        sender.send(chatPacket(id, "sender@t.com", "r@t.com", "x", false));
        ASSERT_EQ(again.message().id(), id);
    }
}

TEST_F(SessionTest, ParallelLoginsOfOneUserLeaveOneSession) {
    // Defect 36: four of four stayed alive, one was reachable.
    start();
    for (int round = 0; round < 10; ++round) {
        std::vector<Client> clients;
        for (int i = 0; i < 4; ++i) clients.push_back(connect());
        for (Client& client : clients) client.send(loginPacket("L", "p@t.com", ""));
        int replaced = 0;
        Client* alive = nullptr;
        std::vector<Client*> told;
        // A login that is overtaken before its reply gets the kill frame at once.
        for (Client& client : clients) {
            const auto first = client.next();
            ASSERT_TRUE(first);
            if (*first == kKillBody) {
                ++replaced;
            } else {
                told.push_back(&client);
            }
        }
        for (Client* client : told) {
            client->sendRaw(kHeartbeatFrame);
            if (client->next() == std::string(kHeartbeatBody)) {
                alive = client;
            } else {
                ++replaced;
            }
        }
        EXPECT_EQ(replaced, 3);
        ASSERT_NE(alive, nullptr);
        alive->send(chatPacket("self", "p@t.com", "p@t.com", "x", false));
        EXPECT_EQ(alive->message().id(), "self");
    }
}

TEST_F(SessionTest, UnacknowledgedMessagesOfAReplacedSessionComeWithTheNewLogin) {
    // Defect 34: they were stored after the new session had fetched its batch, and came one login
    // late.
    Client sender = online("s@t.com");
    Client first = online("r@t.com");
    for (const char* id : {"m1", "m2", "m3"}) {
        sender.send(chatPacket(id, "s@t.com", "r@t.com", "x", true));
    }
    for (const char* id : {"m1", "m2", "m3"}) ASSERT_EQ(first.message().id(), id);
    Client second = connect();
    const Packet reply = second.login("r@t.com", "L2");
    EXPECT_THAT(idsOf(reply.delayed()), ElementsAre("m1", "m2", "m3"));
}

TEST_F(SessionTest, LeavesNothingBehindWhenClientsVanish) {
    start();
    const size_t before = server().openFiles();
    {
        std::vector<Client> clients;
        for (int i = 0; i < 50; ++i) clients.push_back(online("c" + std::to_string(i) + "@t.com"));
        EXPECT_GE(server().openFiles(), before + 50);
    }
    EXPECT_TRUE(waitUntil([&] { return server().openFiles() <= before; }));
}

TEST_F(SessionTest, HalfClosedClientStillGetsWhatItAskedFor) {
    Client client = connect();
    client.sendRaw(loginPacket("L", "a@t.com", "") + '\x01');
    client.shutdownWrite();
    EXPECT_EQ(client.packet().result(), "ok");
    EXPECT_TRUE(client.closed());
}

}  // namespace
}  // namespace sara::wire
