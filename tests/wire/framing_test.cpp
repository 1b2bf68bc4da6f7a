// The stream of bytes: wherever it is cut, the same packets come out.
#include "kit/wire_test.h"

namespace sara::wire {
namespace {

using ::testing::ElementsAre;

class FramingTest : public WireTest, public ::testing::WithParamInterface<Via> {
  protected:
    FramingTest() { use(GetParam()); }
};
INSTANTIATE_TEST_SUITE_P(Over, FramingTest,
                         ::testing::Values(Via::kTcp, Via::kTls, Via::kWs, Via::kWss),
                         [](const auto& param) { return nameOf(param.param); });

// Heartbeats, empty frames, white space, escapes, multi-byte text: all that a stream may hold.
std::string corpus() {
    return chatPacket("c1", "a@t.com", "b@t.com", "one", false) + "\x01" +
           std::string(kHeartbeatFrame) + "\x01\x01 \r\n" +
           chatPacket("c2", "a@t.com", "b@t.com", "zwei \\\"2\\\" \u4e8c", false) + "\n \x01" +
           std::string(kHeartbeatFrame) +
           chatPacket("c3", "a@t.com", "b@t.com", "\\u0001", false, 5) + "\x01";
}

TEST_P(FramingTest, EverySplitOfTheCorpusGivesTheSamePackets) {
    // G1 and defect 22 (an end byte that starts a read lost its frame), and every other seam.
    Client a = online("a@t.com", GetParam());
    Client b = online("b@t.com", GetParam());
    const std::string bytes = corpus();
    for (size_t cut = 1; cut < bytes.size(); ++cut) {
        ASSERT_TRUE(a.sendRaw(std::string_view(bytes).substr(0, cut)));
        // The echo proves that the first piece was read before the second one is sent. A heartbeat
        // cannot go in between, it would change the stream: so wait for what the first piece
        // already completes.
        const size_t beats = cut >= bytes.find('\x02') + 2 ? 1 : 0;
        for (size_t i = 0; i < beats; ++i) ASSERT_EQ(a.next(), std::string(kHeartbeatBody)) << cut;
        ASSERT_TRUE(a.sendRaw(std::string_view(bytes).substr(cut)));
        for (size_t i = beats; i < 2; ++i) ASSERT_EQ(a.next(), std::string(kHeartbeatBody)) << cut;
        for (const char* id : {"c1", "c2", "c3"}) ASSERT_EQ(b.packet().id(), id) << cut;
    }
}

TEST_P(FramingTest, ByteByByteGivesTheSamePackets) {
    Client a = online("a@t.com", GetParam());
    Client b = online("b@t.com", GetParam());
    for (const char c : corpus()) ASSERT_TRUE(a.sendRaw(std::string_view(&c, 1)));
    for (const char* id : {"c1", "c2", "c3"}) EXPECT_EQ(b.packet().id(), id);
}

TEST_P(FramingTest, EndByteInASegmentOfItsOwnEndsTheFrame) {
    // G1: lost silently, no ack, no error.
    Client a = online("a@t.com", GetParam());
    Client b = online("b@t.com", GetParam());
    for (int i = 0; i < 20; ++i) {
        const std::string id = "m" + std::to_string(i);
        a.sendRaw(chatPacket(id, "a@t.com", "b@t.com", "x", false));
        // Long enough that the server usually reads the body alone; right in either case.
        (void)b.next(Millis(2));
        a.sendRaw("\x01");
        EXPECT_EQ(b.packet().id(), id);
    }
}

TEST_P(FramingTest, EndByteAtTheStartOfTheNextSegmentLosesNeitherFrame) {
    Client a = online("a@t.com", GetParam());
    Client b = online("b@t.com", GetParam());
    a.sendRaw(chatPacket("m1", "a@t.com", "b@t.com", "x", false));
    (void)b.next(Millis(5));
    a.sendRaw("\x01" + chatPacket("m2", "a@t.com", "b@t.com", "x", false) + "\x01");
    EXPECT_EQ(b.packet().id(), "m1");
    EXPECT_EQ(b.packet().id(), "m2");
}

// A NUL in a message of ws is a control byte like others.
class NulTest : public FramingTest {};
INSTANTIATE_TEST_SUITE_P(Over, NulTest, ::testing::Values(Via::kTcp, Via::kTls),
                         [](const auto& param) { return nameOf(param.param); });

TEST_P(NulTest, NulBytesVanishAndNothingElse) {
    // G2 and defect 23: the NUL and everything behind it in that read was dropped.
    Client a = online("a@t.com", GetParam());
    Client b = online("b@t.com", GetParam());
    const std::string nul(1, '\0');
    const std::string packet = chatPacket("m1", "a@t.com", "b@t.com", "x", false);
    a.sendRaw(nul + nul + packet.substr(0, 10) + nul + packet.substr(10) + nul + "\x01" + nul +
              chatPacket("m2", "a@t.com", "b@t.com", "y", false) + "\x01" + nul);
    a.send(chatPacket("m3", "a@t.com", "b@t.com", "z", false));
    std::vector<std::string> ids;
    for (int i = 0; i < 3; ++i) {
        const Packet got = b.packet();
        ids.push_back(got.id());
        EXPECT_EQ(got.text().find('\0'), std::string::npos);
    }
    EXPECT_THAT(ids, ElementsAre("m1", "m2", "m3"));
}

TEST_P(FramingTest, FramesOfOneSegmentAreAllHandledInOrder) {
    Client a = online("a@t.com", GetParam());
    Client b = online("b@t.com", GetParam());
    std::string bytes;
    for (int i = 0; i < 500; ++i) {
        bytes += chatPacket(std::to_string(i), "a@t.com", "b@t.com", "x", false) + '\x01';
    }
    ASSERT_TRUE(a.sendRaw(bytes));
    for (int i = 0; i < 500; ++i) ASSERT_EQ(b.packet().id(), std::to_string(i));
}

TEST_P(FramingTest, ControlBytesInsideAPacketCloseTheConnection) {
    // Defect 8: they injected frames into other clients' streams.
    Client a = online("a@t.com", GetParam());
    Client b = online("b@t.com", GetParam());
    a.send(chatPacket("m1", "a@t.com", "b@t.com", std::string("x\x03y"), false));
    EXPECT_TRUE(a.closed());
    Client again = online("a@t.com", GetParam());
    again.send(chatPacket("m2", "a@t.com", "b@t.com", "x", false));
    EXPECT_EQ(b.packet().id(), "m2");
}

}  // namespace
}  // namespace sara::wire
