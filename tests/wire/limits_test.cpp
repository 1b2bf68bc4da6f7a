// What happens at the limits: to whom it happens, and that nobody else notices.
#include <sys/socket.h>

#include <thread>

#include "kit/wire_test.h"

namespace sara::wire {
namespace {

// The thread sanitizer keeps several bytes of shadow for each byte that the server touches.
#ifdef __SANITIZE_THREAD__
constexpr uint64_t kShadow = 6;
#else
constexpr uint64_t kShadow = 1;
#endif

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class LimitsTest : public WireTest {
  protected:
    LimitsTest() { conf_.set("login_failure_delay_ms", "20"); }

    // Sends until the server does not take any more. It reads on for a while after its refusal, and
    // throws away, so that the refusal arrives.
    static void expectCut(Client& client) {
        const std::string block(64 << 10, 'x');
        const Deadline deadline;
        while (client.sendRaw(block, Millis(2'000)) && !deadline.passed()) {
        }
        EXPECT_FALSE(deadline.passed());
        EXPECT_TRUE(client.closed());
    }
};

TEST_F(LimitsTest, FrameAboveTheLimitIsToldAndTheConnectionClosed) {
    conf_.set("limits.frame_bytes_max", "4096");
    Client a = online("a@t.com");
    Client b = online("b@t.com");
    a.send(chatPacket("fits", "a@t.com", "b@t.com", std::string(3'800, 'x'), false));
    EXPECT_EQ(b.packet().id(), "fits");
    a.send(chatPacket("toobig", "a@t.com", "b@t.com", std::string(5'000, 'x'), false));
    const Packet notice = a.packet();
    EXPECT_EQ(notice.type(), 4) << notice.text();
    EXPECT_EQ(notice.reason(), "packet_too_large");
    EXPECT_TRUE(a.closed());
}

TEST_F(LimitsTest, UnterminatedFloodBeforeLoginIsCutAndCostsNoMemory) {
    // G5: 64 MiB without an end byte took the Go server from 12 to 297 MB, and the connection
    // stayed.
    start();
    const uint64_t before = server().rssKb();
    Client client = connect();
    expectCut(client);
    EXPECT_LT(server().rssKb(), before + 20'000);
}

TEST_F(LimitsTest, UnterminatedFloodAfterLoginIsCutAndCostsNoMemory) {
    Client other = online("other@t.com");
    Client a = online("a@t.com");
    const uint64_t before = server().rssKb();
    expectCut(a);
    EXPECT_LT(server().rssKb(), before + 20'000);
    other.sendRaw(kHeartbeatFrame);
    EXPECT_EQ(other.next(), std::string(kHeartbeatBody));
}

TEST_F(LimitsTest, DeepNestingIsRefused) {
    Client a = online("a@t.com");
    Client b = online("b@t.com");
    const std::string deep =
        R"({"envelope":{"id":"d","type":1,"from":"a@t.com","to":"b@t.com"},"payload":)" +
        std::string(10'000, '[') + std::string(10'000, ']') + "}";
    a.send(deep);
    EXPECT_THAT(a.next().value_or(""), HasSubstr("error_packet"));
    EXPECT_TRUE(a.closed());
    Client c = online("c@t.com");
    c.send(chatPacket("ok", "c@t.com", "b@t.com", "x", false));
    EXPECT_EQ(b.packet().id(), "ok");
}

TEST_F(LimitsTest, ConnectionsPerAddressAreBoundedAndOtherAddressesUnaffected) {
    conf_.set("limits.connections_per_address_max", "3");
    std::vector<Client> clients;
    for (int i = 0; i < 3; ++i) clients.push_back(online("c" + std::to_string(i) + "@t.com"));
    Client fourth = connect();
    fourth.send(loginPacket("L", "d@t.com", ""));
    EXPECT_TRUE(fourth.closed());
    for (const std::string& frame : fourth.rest())
        EXPECT_THAT(frame, ::testing::Not(HasSubstr("ok")));
    Client elsewhere(server().port(), {Via::kTcp, "127.0.0.2", 0, 0});
    EXPECT_EQ(elsewhere.login("d@t.com").result(), "ok");
    clients.pop_back();
    EXPECT_TRUE(waitUntil([&] {
        Client again = connect();
        again.send(loginPacket("L", "e@t.com", ""));
        return again.next().value_or("").find("ok") != std::string::npos;
    }));
}

TEST_F(LimitsTest, ConnectionsAreBounded) {
    conf_.set("limits.connections_max", "5");
    std::vector<Client> clients;
    for (int i = 0; i < 5; ++i) clients.push_back(online("c" + std::to_string(i) + "@t.com"));
    Client sixth = connect();
    sixth.send(loginPacket("L", "d@t.com", ""));
    EXPECT_TRUE(sixth.closed());
    clients[0].sendRaw(kHeartbeatFrame);
    EXPECT_EQ(clients[0].next(), std::string(kHeartbeatBody));
}

TEST_F(LimitsTest, StrangersCannotUseUpTheServerForThoseWhoLogIn) {
    conf_.set("limits.unauthenticated_max", "4");
    Client known = online("a@t.com");
    std::vector<Client> strangers;
    int cut = 0;
    for (int i = 0; i < 8; ++i) strangers.push_back(connect());
    for (Client& stranger : strangers) cut += stranger.closed(Millis(200)) ? 1 : 0;
    EXPECT_EQ(cut, 4);
    known.sendRaw(kHeartbeatFrame);
    EXPECT_EQ(known.next(), std::string(kHeartbeatBody));
}

TEST_F(LimitsTest, ClientThatDoesNotReadIsCutWithItsMessagesKeptAndNobodyElseNotices) {
    // G6: RSS to 301 MB, and delivery stopped for every other pair on the node.
    conf_.set("limits.queue_bytes_max", "262144");
    Client sender = online("s@t.com");
    Client x = online("x@t.com");
    Client y = online("y@t.com");
    Client slow(server().port(), {Via::kTcp, "127.0.0.1", 4096, 0});
    ASSERT_EQ(slow.loginAndAck("slow@t.com").result(), "ok");
    const uint64_t before = server().rssKb();

    const int count = 6'000;
    const std::string text(2'000, 'x');
    std::thread sending([&] {
        for (int i = 0; i < count; ++i) {
            sender.send(chatPacket(std::to_string(i), "s@t.com", "slow@t.com", text, true));
        }
    });
    int acked = 0;
    Millis worst{0};
    for (int i = 0; i < 200; ++i) {
        const auto start = Clock::now();
        x.send(chatPacket("p" + std::to_string(i), "x@t.com", "y@t.com", "x", false));
        EXPECT_EQ(y.packet().id(), "p" + std::to_string(i));
        worst = std::max(worst, std::chrono::duration_cast<Millis>(Clock::now() - start));
    }
    while (acked < count && sender.packet(Millis(20'000)).type() == 3) ++acked;
    sending.join();
    EXPECT_EQ(acked, count);
    EXPECT_LT(worst, Millis(2'000));
    EXPECT_LT(server().rssKb(), before + 60'000 * kShadow);

    Client back = connect();
    const auto waited = idsOf(back.login("slow@t.com", "L2").delayed());
    ASSERT_FALSE(waited.empty());
    EXPECT_EQ(waited.back(), std::to_string(count - 1));
    for (size_t i = 1; i < waited.size(); ++i) {
        ASSERT_EQ(std::stoi(waited[i]), std::stoi(waited[i - 1]) + 1);
    }
}

TEST_F(LimitsTest, UnacknowledgedPacketsAboveTheLimitGoToTheStore) {
    conf_.set("limits.unacked_max", "10").set("ack_hold_ms", "60000");
    Client a = online("a@t.com");
    Client b = online("b@t.com");
    std::vector<std::string> ids;
    for (int i = 0; i < 30; ++i) ids.push_back("m" + std::to_string(i));
    for (const std::string& id : ids) a.send(chatPacket(id, "a@t.com", "b@t.com", "x", true));
    // What went to the store is safe, so it is acked without b.
    for (int i = 0; i < 20; ++i) ASSERT_EQ(a.packet().type(), 3);
    b.close();
    for (int i = 0; i < 10; ++i) ASSERT_EQ(a.packet().type(), 3);
    Client back = connect();
    EXPECT_EQ(idsOf(back.login("b@t.com").delayed()), ids);
}

TEST_F(LimitsTest, SenderAboveItsRateIsSlowedDownAndLosesNothing) {
    // Defect 26: the full queue's error was ignored and the packet lost.
    conf_.set("limits.messages_per_second_max", "100");
    Client a = online("a@t.com");
    Client b = online("b@t.com");
    const auto start = Clock::now();
    std::string bytes;
    for (int i = 0; i < 250; ++i) {
        bytes += chatPacket(std::to_string(i), "a@t.com", "b@t.com", "x", false) + '\x01';
    }
    ASSERT_TRUE(a.sendRaw(bytes));
    for (int i = 0; i < 250; ++i) ASSERT_EQ(b.packet().id(), std::to_string(i));
    EXPECT_GE(Clock::now() - start, Millis(900));
}

TEST_F(LimitsTest, BacklogAboveTheReplyLimitComesInSeveralLogins) {
    conf_.set("limits.delay_packets_max", "10");
    Client a = online("a@t.com");
    std::vector<std::string> ids;
    for (int i = 0; i < 25; ++i) ids.push_back("m" + std::to_string(i));
    sendAcked(a, "a@t.com", "off@t.com", ids);
    std::vector<std::string> got;
    for (int login = 0; login < 5 && got.size() < ids.size(); ++login) {
        Client off = connect();
        const std::string id = "L" + std::to_string(login);
        for (const std::string& one : idsOf(off.loginAndAck("off@t.com", id).delayed())) {
            got.push_back(one);
        }
        off.sendRaw(kHeartbeatFrame);
        while (off.next().value_or(std::string(kHeartbeatBody)) != kHeartbeatBody) {
        }
    }
    EXPECT_EQ(got, ids);
}

TEST_F(LimitsTest, OutOfFileDescriptorsTheServerWaitsWithoutSpinningAndRecovers) {
    // Defect 44: accept loops at 100 % CPU.
#if defined(__SANITIZE_ADDRESS__)
    GTEST_SKIP() << "UBSan looks at memory through a pipe and takes its failure for a finding";
#endif
    server_ = std::make_unique<ServerProcess>(folder_.path().string(), conf_, 64);
    std::vector<Client> clients;
    for (int i = 0; i < 80; ++i) clients.push_back(connect());
    const double before = server().cpuSeconds();
    const auto start = Clock::now();
    (void)waitUntil([&] { return Clock::now() - start >= Millis(500); });
    EXPECT_LT(server().cpuSeconds() - before, 0.2);
    clients.clear();
    EXPECT_EQ(online("a@t.com").sendRaw(kHeartbeatFrame), true);
}

}  // namespace
}  // namespace sara::wire
