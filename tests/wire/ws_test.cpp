// What is special about WebSocket, end to end: the upgrade, Close codes, pings, users of all
// transports among each other, and garbage on both ports.
#include <csignal>
#include <map>
#include <thread>

#include "kit/wire_test.h"

namespace sara::wire {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr Via kAll[] = {Via::kTcp, Via::kTls, Via::kWs, Via::kWss};

class WsTest : public WireTest, public ::testing::WithParamInterface<Via> {
  protected:
    WsTest() { use(GetParam()); }
    Client user(const std::string& jid) { return online(jid, GetParam()); }
};
INSTANTIATE_TEST_SUITE_P(Over, WsTest, ::testing::Values(Via::kWs, Via::kWss),
                         [](const auto& param) { return nameOf(param.param); });

TEST_P(WsTest, KilledSessionHearsTheTextAndTheCloseFrame) {
    Client first = user("a@t.com/pc");
    Client second = user("a@t.com/phone");
    EXPECT_TRUE(first.closed());
    EXPECT_THAT(first.rest(), ElementsAre(std::string(kKillBody)));
    EXPECT_EQ(first.closeCode(), 1000);
    EXPECT_EQ(first.closeReason(), "replaced");
    second.sendRaw(kHeartbeatFrame);
    EXPECT_EQ(second.next(), std::string(kHeartbeatBody));
}

TEST_P(WsTest, RefusedLoginClosesWith1008AfterTheAnswer) {
    conf_.set("login_failure_delay_ms", "20");
    Client client = connect(GetParam());
    client.send(loginPacket("L", "nobody", ""));
    EXPECT_EQ(client.packet().reason(), "fail_packet");
    EXPECT_TRUE(client.closed());
    EXPECT_EQ(client.closeCode(), 1008);
    EXPECT_FALSE(client.wasReset());
}

TEST_P(WsTest, LoginDeadlineClosesWith1008AfterTheAnswer) {
    conf_.set("login_timeout_ms", "300");
    Client client = connect(GetParam());
    EXPECT_EQ(client.packet().reason(), "timeout");
    EXPECT_TRUE(client.closed());
    EXPECT_EQ(client.closeCode(), 1008);
}

TEST_P(WsTest, MessageAboveTheLimitClosesWith1009AfterTheNotice) {
    conf_.set("limits.frame_bytes_max", "4096");
    Client client = user("a@t.com");
    client.sendBytes(ws::bytesOf({.claimed = 5000}));
    EXPECT_EQ(client.packet().reason(), "packet_too_large");
    EXPECT_TRUE(client.closed());
    EXPECT_EQ(client.closeCode(), 1009);
}

TEST_P(WsTest, TextOutsideUtf8ClosesWith1007) {
    Client client = user("a@t.com");
    client.send(chatPacket("m", "a@t.com", "b@t.com", "\xff", false));
    EXPECT_EQ(client.packet().reason(), "error_packet");
    EXPECT_TRUE(client.closed());
    EXPECT_EQ(client.closeCode(), 1007);
}

TEST_P(WsTest, BrokenFramesCloseWith1002AndNoPacket) {
    Client client = user("a@t.com");
    client.sendBytes(ws::bytesOf({.reserved = 4, .payload = "x"}));
    EXPECT_TRUE(client.closed());
    EXPECT_TRUE(client.rest().empty());
    EXPECT_EQ(client.closeCode(), 1002);
}

TEST_P(WsTest, CloseOfTheClientIsAnsweredAndHisMessagesWait) {
    Client a = user("a@t.com");
    Client b = user("b@t.com");
    b.sendBytes(ws::bytesOf({.opcode = 8, .payload = ws::closePayload(1000)}));
    EXPECT_TRUE(b.closed());
    EXPECT_EQ(b.closeCode(), 1000);
    a.send(chatPacket("m1", "a@t.com", "b@t.com", "x", true));
    EXPECT_EQ(a.packet().id(), "m1");
    Client again = connect(GetParam());
    EXPECT_THAT(idsOf(again.login("b@t.com").delayed()), ElementsAre("m1"));
}

TEST_P(WsTest, OrderlyEndOfTheServerClosesWith1001) {
    Client client = user("a@t.com");
    serverMayEnd();
    server().signal(SIGTERM);
    EXPECT_TRUE(client.closed());
    EXPECT_EQ(client.closeCode(), 1001);
    EXPECT_EQ(server().waitExit(), 0);
}

TEST_P(WsTest, PingsKeepASilentClientOnline) {
    // Defect 49: closed as idle although it sent a ping every ten seconds.
    conf_.set("idle_timeout_ms", "1000");
    Client busy = user("busy@t.com");
    Client quiet = user("quiet@t.com");
    const auto start = Clock::now();
    while (Clock::now() - start < Millis(2'500)) {
        busy.sendBytes(ws::bytesOf({.opcode = 9, .payload = "p"}));
        ASSERT_FALSE(busy.closed(Millis(100)));
    }
    EXPECT_FALSE(busy.pongs().empty());
    EXPECT_EQ(busy.pongs().front(), "p");
    EXPECT_TRUE(quiet.closed());
    EXPECT_EQ(quiet.closeCode(), 1000);
}

TEST_P(WsTest, TextThatTheServerAnswersWithIsAHeartbeatToo) {
    // Defect 49: an error_packet and the close.
    Client client = user("a@t.com");
    const std::vector<std::string> forms{"\x02", "\x02\x01", "\\02"};
    for (const std::string& body : forms) {
        for (const int opcode : {1, 2}) {
            client.sendBytes(ws::bytesOf({.opcode = opcode, .payload = body}));
            EXPECT_EQ(client.next(), std::string(kHeartbeatBody));
        }
    }
}

TEST_P(WsTest, MessagesOfEveryLengthFormArriveWhole) {
    Client a = user("a@t.com");
    Client b = user("b@t.com");
    for (const size_t n : {1, 100, 60'000, 300'000}) {
        const std::string text(n, 'x');
        a.send(chatPacket("m" + std::to_string(n), "a@t.com", "b@t.com", text, false));
        EXPECT_EQ(b.packet().content(), text);
    }
}

// Defect 3: two workers wrote to one WebSocket; eight senders and fewer than 4,000 messages ended
// the process.
TEST_P(WsTest, ManySendersAtOnceBreakNoFrameOfOneReceiver) {
    conf_.set("loops", "2");
    constexpr int kSenders = 8;
    constexpr int kEach = 500;
    Client receiver = user("r@t.com");
    std::vector<Client> senders;
    for (int s = 0; s < kSenders; ++s) senders.push_back(user("s" + std::to_string(s) + "@t.com"));
    std::thread sending([&] {
        for (int i = 0; i < kEach; ++i) {
            for (int s = 0; s < kSenders; ++s) {
                senders[static_cast<size_t>(s)].send(
                    chatPacket(std::to_string(i), "s" + std::to_string(s) + "@t.com", "r@t.com",
                               std::string(static_cast<size_t>(i), 'x'), false));
            }
        }
    });
    std::map<std::string, int> next;
    for (int i = 0; i < kSenders * kEach; ++i) {
        const Packet packet = receiver.packet();
        const std::string from = packet.from();
        EXPECT_EQ(packet.id(), std::to_string(next[from]));
        EXPECT_EQ(packet.content().size(), static_cast<size_t>(next[from]++));
    }
    sending.join();
    EXPECT_EQ(next.size(), static_cast<size_t>(kSenders));
}

class AllTransportsTest : public WireTest {
  protected:
    AllTransportsTest() {
        for (const Via via : kAll) use(via);
    }
};

TEST_F(AllTransportsTest, UsersOfAllTalkToEachOther) {
    std::vector<Client> users;
    const auto jid = [](Via via) { return nameOf(via) + "@t.com"; };
    for (const Via via : kAll) users.push_back(online(jid(via), via));
    for (const Via from : kAll) {
        for (const Via to : kAll) {
            if (from == to) continue;
            Client& a = users[static_cast<size_t>(from)];
            Client& b = users[static_cast<size_t>(to)];
            const std::string id = nameOf(from) + nameOf(to);
            a.send(chatPacket(id, jid(from), jid(to), "\xe4\xbd\xa0\xe5\xa5\xbd", true));
            EXPECT_EQ(b.packet().id(), id);
            b.acknowledge(id);
            EXPECT_EQ(a.packet().id(), id);
        }
    }
}

TEST_F(AllTransportsTest, ASessionMovesFromEachToEachWithTheKillFrame) {
    Client before = online("a@t.com", Via::kTcp);
    for (const Via via : {Via::kWs, Via::kTls, Via::kWss, Via::kWs, Via::kTcp}) {
        Client after = online("a@t.com", via);
        EXPECT_TRUE(before.closed());
        EXPECT_THAT(before.rest(), ElementsAre(std::string(kKillBody))) << nameOf(via);
        before = std::move(after);
    }
}

TEST_F(AllTransportsTest, ControlBytesOfAWebSocketReachNobodysStream) {
    // Defect 8: frames, forged senders and kills were injected into streams of TCP.
    Client victim = online("v@t.com", Via::kTcp);
    const std::string inner = chatPacket("forged", "boss@t.com", "v@t.com", "x", false);
    for (const std::string& body :
         {chatPacket("m1", "a@t.com", "v@t.com", "x\x01" + inner + "\x01y", false),
          chatPacket("m2", "a@t.com", "v@t.com", "x", false) + "\x01" + inner,
          chatPacket("m3", "a@t.com", "v@t.com", "x\x03", false)}) {
        Client a = online("a@t.com", Via::kWs);
        a.sendBytes(ws::textFrame(body));
        EXPECT_TRUE(a.closed());
        EXPECT_EQ(a.closeCode(), 1007);
    }
    Client good = online("a@t.com", Via::kWs);
    good.send(chatPacket("good", "a@t.com", "v@t.com", "x", false));
    EXPECT_EQ(victim.packet().id(), "good");
}

TEST_F(AllTransportsTest, ReadyLineAndPluginsNameWebSocket) {
    const std::string line = server().readyLine();
    EXPECT_THAT(line, HasSubstr("ws 127.0.0.1:" + std::to_string(server().wsPort())));
    EXPECT_THAT(line, HasSubstr("wss 127.0.0.1:" + std::to_string(server().wssPort())));
    EXPECT_THAT(line, HasSubstr("transport-ws"));
}

TEST_F(AllTransportsTest, CheckCommandKnowsTheKeysOfWebSocket) {
    conf_.setText("wssport", "many").setText("certfile", "/nowhere/x.pem");
    conf_.set("plugins.transport-ws", R"({"orgins": "https://chat.example.org"})");
    writeFile(folder_.file("wrong.json"), conf_.json());
    const CommandResult check =
        runSara(folder_.path().string(), {"check", "-c", folder_.file("wrong.json")});
    EXPECT_EQ(check.code, 1);
    EXPECT_THAT(check.output, HasSubstr("key \"wssport\": found \"many\""));
    conf_.set("wssport", "0");
    writeFile(folder_.file("wrong.json"), conf_.json());
    const std::string said =
        runSara(folder_.path().string(), {"check", "-c", folder_.file("wrong.json")}).output;
    EXPECT_THAT(said, HasSubstr("certfile /nowhere/x.pem: No such file"));
    EXPECT_THAT(
        said, HasSubstr("\"plugins.transport-ws.orgins\": found an unknown key, expected a key of "
                        "plugin transport-ws 1.0.0 (did you mean \"origins\"?)"));
}

class WsPortTest : public AllTransportsTest {
  protected:
    // All that the server says to these bytes on a port until it ends.
    std::string answerTo(uint16_t port, const std::string& bytes) {
        Client client(port, Via::kTcp);
        client.sendRaw(bytes, Millis(1'000));
        EXPECT_TRUE(client.closed());
        std::string all;
        for (const std::string& part : client.rest()) all += part;
        return all + client.unread();
    }
};

TEST_F(WsPortTest, PlainGetSeesAPage) {
    const std::string page =
        answerTo(server().wsPort(), "GET /index.html HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(page, StartsWith("HTTP/1.1 426 Upgrade Required\r\n"));
    EXPECT_THAT(page, HasSubstr("This is a chat server"));
}

TEST_F(WsPortTest, GarbageIsToldSoAndHarmsNobody) {
    Client good = online("a@t.com", Via::kWs);
    const uint16_t port = server().wsPort();
    EXPECT_THAT(answerTo(port, loginPacket("L", "b@t.com", "") + "\x01"),
                StartsWith("HTTP/1.1 400"));
    EXPECT_THAT(answerTo(port, std::string(70'000, '\x16')), StartsWith("HTTP/1.1 400"));
    EXPECT_THAT(answerTo(port, std::string(70'000, 'x')), StartsWith("HTTP/1.1 431"));
    EXPECT_THAT(answerTo(port, "\n\n\n"), StartsWith("HTTP/1.1 400"));
    std::string many = "GET / HTTP/1.1\r\n";
    for (int i = 0; i < 2'000; ++i) many += "A: b\r\n";
    EXPECT_THAT(answerTo(port, many + "\r\n"), StartsWith("HTTP/1.1 431"));
    for (const std::string& bytes : {std::string(ws::kRequest), std::string(5'000, '\x16'),
                                     std::string("\x16\x03\x01\xff\xff", 5)}) {
        Client bad(server().wssPort(), Via::kTcp);
        bad.sendRaw(bytes, Millis(500));
        bad.shutdownWrite();
        EXPECT_TRUE(bad.closed());
    }
    EXPECT_THROW(Client(server().wsPort(), Via::kTls), std::runtime_error);
    EXPECT_THROW(Client(server().wsPort(), Via::kWss), std::runtime_error);
    good.sendRaw(kHeartbeatFrame);
    EXPECT_EQ(good.next(), std::string(kHeartbeatBody));
}

TEST_F(WsPortTest, ForbiddenOriginsAreTurnedAway) {
    conf_.set("plugins.transport-ws", R"({"origins": "https://chat.example.org"})");
    const std::string head(ws::kRequest.substr(0, ws::kRequest.size() - 2));
    EXPECT_THAT(answerTo(server().wsPort(), head + "Origin: https://evil.example\r\n\r\n"),
                StartsWith("HTTP/1.1 403"));
    EXPECT_EQ(connect(Via::kWs).login("a@t.com").result(), "ok") << "no browser, no origin";
}

TEST_F(WsPortTest, HalfHandshakesByTheThousandEndAtTheDeadlineAndHarmNobody) {
    conf_.set("login_timeout_ms", "1500").set("limits.unauthenticated_max", "4000");
    Client good = online("a@t.com", Via::kWs);
    const uint64_t before = server().rssKb();
    std::vector<Client> halves;
    for (size_t i = 0; i < 2'000; ++i) {
        halves.emplace_back(server().wsPort(), Via::kTcp);
        halves.back().sendRaw(ws::kRequest.substr(0, 1 + i % (ws::kRequest.size() - 1)));
    }
    good.sendRaw(kHeartbeatFrame);
    EXPECT_EQ(good.next(), std::string(kHeartbeatBody));
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    EXPECT_LT(server().rssKb(), before + 12'000) << "at most six KiB for each of them";
#else
    (void)before;
#endif
    for (Client& half : halves) {
        ASSERT_TRUE(half.closed());
        ASSERT_THAT(half.unread(), StartsWith("HTTP/1.1 408"));
    }
    good.sendRaw(kHeartbeatFrame);
    EXPECT_EQ(good.next(), std::string(kHeartbeatBody));
}

}  // namespace
}  // namespace sara::wire
