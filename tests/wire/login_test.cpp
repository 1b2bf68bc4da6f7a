// Who gets in, who does not, and what he is told.
#include <thread>

#include "kit/wire_test.h"

namespace sara::wire {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;

class LoginTest : public WireTest {
  protected:
    LoginTest() { conf_.set("login_failure_delay_ms", "20"); }

    // Sends frame as the first one and returns the refusal; the connection must be closed after it.
    Packet refusalOf(const std::string& frame) {
        Client client = connect();
        client.send(frame);
        Packet reply = client.packet();
        EXPECT_EQ(reply.type(), 0) << reply.text();
        EXPECT_EQ(reply.result(), "error") << reply.text();
        EXPECT_FALSE(reply.has("delay", "total")) << reply.text();
        EXPECT_TRUE(client.closed()) << frame;
        return reply;
    }
    std::string reasonFor(const std::string& jid) {
        return refusalOf(loginPacket("L", jid, "")).reason();
    }
};

TEST_F(LoginTest, AnswersWithTheIdAndAnEmptyDelay) {
    Client client = connect();
    EXPECT_EQ(client.login("alice@t.com/pc", "L1").text(),
              R"({"envelope":{"id":"L1","type":0},"entity":{"result":"ok"},"delay":{"total":0}})");
}

TEST_F(LoginTest, WorksWithoutAPasswordAndWithNullAndWithTheAppkeyOfAndroid) {
    Client bare = connect();
    bare.send(R"({"envelope":{"id":"1","type":0,"jid":"a@t.com"}})");
    EXPECT_EQ(bare.packet().result(), "ok");
    Client android = connect();
    android.send(
        R"({"envelope":{"appkey":null,"id":"2","type":0,"jid":"b@t.com","pwd":null},"vsn":"0.0.1"})");
    EXPECT_EQ(android.packet().result(), "ok");
}

TEST_F(LoginTest, DoesNotDependOnTheOrderOfMembers) {
    Client client = connect();
    client.send(R"( {"vsn":"0.0.1", "envelope" : {"pwd":"","jid":"a@t.com","type":0,"id":"7"} } )");
    EXPECT_EQ(client.packet().id(), "7");
}

TEST_F(LoginTest, WithoutAnIdIsAnsweredWithAnEmptyOne) {
    Client client = connect();
    client.send(R"({"envelope":{"type":0,"jid":"a@t.com"}})");
    const Packet reply = client.packet();
    EXPECT_EQ(reply.result(), "ok");
    EXPECT_THAT(reply.text(), HasSubstr(R"("id":"")"));
}

TEST_F(LoginTest, FailsWithFailPacketWhenTheFrameIsNoPacket) {
    EXPECT_EQ(refusalOf("hello").reason(), "fail_packet");
    EXPECT_EQ(refusalOf(R"({"envelope":{"id":"x","type":0)").reason(), "fail_packet");
    EXPECT_EQ(refusalOf(R"({"payload":{}})").reason(), "fail_packet");
    EXPECT_EQ(refusalOf(R"({"envelope":null})").reason(), "fail_packet");
    EXPECT_EQ(refusalOf(R"({"envelope":{"id":"x","type":"0","jid":"a@t.com"}})").reason(),
              "fail_packet");
    EXPECT_EQ(refusalOf("[]").reason(), "fail_packet");
}

TEST_F(LoginTest, FailureWithoutAUsableIdHasAnIdAllTheSame) {
    EXPECT_NE(refusalOf("hello").id(),
              "");  // java, android and py read envelope.id of every packet
}

TEST_F(LoginTest, FailsWithFailTypeWhenAnotherPacketComesFirst) {
    const Packet reply = refusalOf(chatPacket("c1", "a@t.com", "b@t.com", "hi", true));
    EXPECT_EQ(reply.reason(), "fail_type");
    EXPECT_EQ(reply.id(), "c1");
}

TEST_F(LoginTest, HeartbeatBeforeLoginIsABadLogin) {
    Client client = connect();
    client.sendRaw(kHeartbeatFrame);
    EXPECT_EQ(client.packet().reason(), "fail_packet");
    EXPECT_TRUE(client.closed());
}

TEST_F(LoginTest, FailsWithoutAJid) {
    const Packet reply = refusalOf(R"({"envelope":{"id":"n1","type":0}})");
    EXPECT_THAT(reply.reason(), AnyOf("fail_packet", "fail_param"));
    EXPECT_EQ(reply.id(), "n1");
    EXPECT_THAT(reasonFor("alice"), AnyOf("fail_packet", "fail_param"));
}

TEST_F(LoginTest, FailsWithFailParamForJidsOutsideTheGrammar) {
    // Defect 18: Go took each of these and logged in somebody else.
    for (const char* jid : {"a@b@c/d/e", "@d", "u@", "u@/r", "sp ace@d", "a/b@c/d", "a,b@c",
                            "a:b@c", "a@b,c", "a\\u0007@b", "a@b/r\\u0000"}) {
        EXPECT_EQ(reasonFor(jid), "fail_param") << jid;
    }
    EXPECT_EQ(reasonFor(std::string(129, 'u') + "@d"), "fail_param");
    EXPECT_EQ(reasonFor("u@" + std::string(129, 'd')), "fail_param");
    EXPECT_EQ(reasonFor("u@d/" + std::string(129, 'r')), "fail_param");
}

TEST_F(LoginTest, TakesJidsOfFullLengthAndOtherScripts) {
    Client longest = connect();
    EXPECT_EQ(longest.login(std::string(128, 'u') + "@" + std::string(128, 'd')).result(), "ok");
    Client chinese = connect();
    EXPECT_EQ(chinese.login("\u5f20\u4e09@t.com/a/b").result(), "ok");
}

TEST_F(LoginTest, FailsWithFailParamForIdsOutsideTheRules) {
    // Defect 13: ids became database keys.
    for (const char* id : {"session_victim@t.com", "offline_x", "group_g9@t.com", "keep_1",
                           "sara_idx", "x_idx", "n01", "with space"}) {
        EXPECT_EQ(refusalOf(loginPacket(id, "a@t.com", "")).reason(), "fail_param") << id;
    }
    EXPECT_EQ(refusalOf(loginPacket(std::string(129, 'i'), "a@t.com", "")).reason(), "fail_param");
}

TEST_F(LoginTest, SaysTimeoutBeforeItClosesAtTheDeadline) {
    // Defect 46: Go closed without a word.
    conf_.set("login_timeout_ms", "300");
    Client client = connect();
    const Packet reply = client.packet();
    EXPECT_EQ(reply.reason(), "timeout");
    EXPECT_EQ(reply.type(), 0);
    EXPECT_NE(reply.id(), "");
    EXPECT_TRUE(client.closed());
}

TEST_F(LoginTest, DeadlineIsNotMovedByPartialBytes) {
    conf_.set("login_timeout_ms", "400");
    Client client = connect();
    const auto start = Clock::now();
    std::optional<std::string> reply;
    while (!reply && Clock::now() - start < Millis(5'000)) {
        client.sendRaw("{");
        reply = client.next(Millis(50));
    }
    ASSERT_TRUE(reply);
    EXPECT_EQ(Packet(*reply).reason(), "timeout");
    EXPECT_LT(Clock::now() - start, Millis(2'000));
}

TEST_F(LoginTest, RefusedClientsAreHeldBackBeforeTheClose) {
    // Defect 17: java reconnects without pause after a refusal, 72 times in 3 seconds.
    conf_.set("login_failure_delay_ms", "400");
    Client client = connect();
    client.send(loginPacket("L", "nobody", ""));
    EXPECT_EQ(client.packet().result(), "error");
    const auto told = Clock::now();
    EXPECT_TRUE(client.closed());
    EXPECT_GE(Clock::now() - told, Millis(300));
}

TEST_F(LoginTest, PacketsInTheSameSegmentAsTheLoginAreHandledInOrder) {
    // The connection moves to the user's home loop in between; for both users, so both loops are
    // tried.
    for (const std::string jid : {"a@t.com", "b@t.com", "c@t.com", "d@t.com"}) {
        Client client = connect();
        std::string bytes = loginPacket("L", jid, "") + '\x01' + std::string(kHeartbeatFrame);
        for (const char* id : {"m1", "m2", "m3"}) {
            bytes += chatPacket(id, jid, jid, id, false) + '\x01';
        }
        client.sendRaw(bytes);
        EXPECT_EQ(client.packet().result(), "ok");
        std::vector<std::string> got;
        bool echoed = false;
        while (got.size() < 3 || !echoed) {
            const auto frame = client.next();
            ASSERT_TRUE(frame) << jid;
            if (*frame == kHeartbeatBody) {
                echoed = true;
            } else {
                got.push_back(Packet(*frame).id());
            }
        }
        EXPECT_THAT(got, ::testing::ElementsAre("m1", "m2", "m3"));
    }
}

TEST_F(LoginTest, SecondLoginPacketOnASessionIsAnsweredAndNeverRelayed) {
    // Defect 10: Go relayed it, so anybody could send anybody a fake login error.
    Client alice = online("alice@t.com");
    const Packet again = alice.login("alice@t.com", "L2");
    EXPECT_EQ(again.result(), "ok");
    EXPECT_EQ(again.id(), "L2");
    EXPECT_EQ(again.delayTotal(), 0);
    alice.send(loginPacket("L3", "bob@t.com", ""));
    EXPECT_THAT(alice.packet().text(), HasSubstr("fail_type"));
    alice.sendRaw(kHeartbeatFrame);
    EXPECT_EQ(alice.next(), std::string(kHeartbeatBody));
}

TEST_F(LoginTest, PasswordsNeverReachTheLog) {
    // Defect 16.
    conf_.set("loglevel", "3");
    Client good = connect();
    EXPECT_EQ(good.login("a@t.com", "L", "s3cret-Passw0rd").result(), "ok");
    Client bad = connect();
    bad.login("nobody", "L", "s3cret-Passw0rd");
    serverMayEnd();
    EXPECT_EQ(server().terminate(), 0);
    const std::string log = readFile(folder_.file("sara.log"));
    EXPECT_NE(log, "");
    EXPECT_THAT(log + server().output(), Not(HasSubstr("s3cret-Passw0rd")));
}

TEST_F(LoginTest, ThousandsOfShortSessionsDoNotKillTheServer) {
    // Defect 1: two locks around one map; 2 of 4 runs of this killed the Go server.
    start();
    std::atomic<int> good{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
            for (int i = 0; i < 250; ++i) {
                Client client = connect();
                const std::string jid = "u" + std::to_string(t * 7 + i % 50) + "@t.com";
                client.send(loginPacket("L", jid, ""));
                const auto reply = client.next();
                // Some users meet themselves: who is overtaken gets the kill frame instead.
                if (reply && (*reply == kKillBody || Packet(*reply).result() == "ok")) ++good;
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(good.load(), 1000);
    EXPECT_EQ(online("last@t.com").sendRaw(kHeartbeatFrame), true);
    const size_t idle = server().openFiles();
    EXPECT_TRUE(waitUntil([&] { return server().openFiles() <= idle; }));
}

}  // namespace
}  // namespace sara::wire
