// One-to-one packets between two clients who are there: which bytes arrive, in which order, and
// what is never relayed.
#include <map>
#include <thread>

#include "kit/wire_test.h"

namespace sara::wire {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string withoutPadding(std::string text) {
    while (!text.empty() && text.back() == ' ') text.pop_back();
    return text;
}

class RelayTest : public WireTest, public ::testing::WithParamInterface<Via> {
  protected:
    RelayTest() { use(GetParam()); }
    Client alice() { return online("alice@t.com/pc", GetParam()); }
    Client bob() { return online("bob@t.com", GetParam()); }
};
INSTANTIATE_TEST_SUITE_P(Over, RelayTest,
                         ::testing::Values(Via::kTcp, Via::kTls, Via::kWs, Via::kWss),
                         [](const auto& param) { return nameOf(param.param); });

TEST_P(RelayTest, KeepsTheBytesAndStampsCt) {
    Client a = alice();
    Client b = bob();
    const std::string sent =
        R"({"x":[1.0,12345678901234567890,-0.0E-2],"envelope":{"id":"m1","type":1,)"
        R"("from":"alice@t.com/pc","to":"bob@t.com","future":{"a":[null]}}, "payload" : )"
        R"({"content":"\u4f60\/ \u00e9 é","attrs":{"k":"v","k":"v2"}},"vsn":"0.0.1"})";
    a.send(sent);
    const Packet got = b.packet();
    EXPECT_EQ(withoutPadding(withoutCt(got.text())), sent);
    EXPECT_THAT(got.ct(), ::testing::MatchesRegex("[0-9]+"));
    EXPECT_EQ(got.ct().size(), 13u);
}

TEST_P(RelayTest, OverwritesACtThatTheSenderMadeUp) {
    Client a = alice();
    Client b = bob();
    a.send(
        chatPacket("m1", "alice@t.com/pc", "bob@t.com", "x", false, 1, R"(,"ct":"1000000000000")"));
    const Packet got = b.packet();
    EXPECT_GT(got.ct(), "1700000000000");
    EXPECT_EQ(got.text().find("\"ct\""), got.text().rfind("\"ct\"")) << "two ct members";
}

TEST_P(RelayTest, LargeMessagesArriveWhole) {
    Client a = alice();
    Client b = bob();
    const std::string text(300'000, 'x');
    ASSERT_TRUE(a.send(chatPacket("big", "alice@t.com/pc", "bob@t.com", text, false)));
    EXPECT_EQ(b.packet().content(), text);
}

TEST_P(RelayTest, KeepsTheOrderOfAPair) {
    // Defect 28: 50 inversions in 1400.
    Client a = alice();
    Client b = bob();
    std::string bytes;
    for (int i = 0; i < 3000; ++i) {
        bytes += chatPacket(std::to_string(i), "alice@t.com/pc", "bob@t.com", "x", i % 3 == 0);
        bytes += '\x01';
    }
    std::thread sending([&] { a.sendRaw(bytes); });
    for (int i = 0; i < 3000; ++i) {
        const auto frame = b.next();
        if (!frame || Packet(*frame).id() != std::to_string(i)) {
            ADD_FAILURE() << i << " expected, got " << frame.value_or("nothing");
            break;
        }
    }
    sending.join();
}

TEST_P(RelayTest, DeliversToTheSenderHimself) {
    Client a = alice();
    a.send(chatPacket("self", "alice@t.com/pc", "alice@t.com", "note", false));
    EXPECT_EQ(a.message().content(), "note");
}

// Messages of ws have a length of their own.
class PaddingTest : public RelayTest {};
INSTANTIATE_TEST_SUITE_P(Over, PaddingTest, ::testing::Values(Via::kTcp, Via::kTls),
                         [](const auto& param) { return nameOf(param.param); });

TEST_P(PaddingTest, NoFrameBodyIsAMultipleOf1024BytesLong) {
    // The 1024-byte read of the java client: a frame of exactly that size kills its reader for
    // good.
    Client a = alice();
    Client b = bob();
    for (size_t filler = 600; filler < 2300; filler += 1) {
        a.send(chatPacket("p", "alice@t.com/pc", "bob@t.com", std::string(filler, 'x'), false));
    }
    bool padded = false;
    for (size_t filler = 600; filler < 2300; filler += 1) {
        const auto frame = b.next();
        ASSERT_TRUE(frame) << filler;
        ASSERT_NE(frame->size() % 1024, 0u) << filler;
        padded = padded || frame->back() == ' ';
    }
    EXPECT_TRUE(padded);  // or the loop above proved nothing
}

TEST_P(RelayTest, NeverSendsAnEmptyFrame) {
    // py's reader dies of one.
    Client a = alice();
    Client b = bob();
    a.sendRaw("\x01\x01\x01");
    a.sendRaw(chatPacket("m1", "alice@t.com/pc", "bob@t.com", "x", true) + "\x01\x01\x01");
    for (int i = 0; i < 3; ++i) a.sendRaw(kHeartbeatFrame);
    EXPECT_EQ(b.next().value_or("").empty(), false);
    b.acknowledge("m1");
    for (int i = 0; i < 4; ++i) EXPECT_NE(a.next(), std::string());
}

class SenderTest : public WireTest {};

TEST_F(SenderTest, CannotSpeakForSomebodyElse) {
    // Defect 11: forged senders were acked and dropped, or delivered to the forger himself.
    Client a = online("alice@t.com");
    Client b = online("bob@t.com");
    a.send(chatPacket("f1", "boss@t.com", "bob@t.com", "pay", true));
    a.send(chatPacket("f2", "boss@t.com", "alice@t.com", "pay", true));
    for (const char* id : {"f1", "f2"}) {
        const Packet notice = a.packet();
        EXPECT_EQ(notice.type(), 4) << notice.text();
        EXPECT_EQ(notice.reason(), "no_permission");
        EXPECT_EQ(notice.id(), id);
    }
    a.send(chatPacket("ok", "alice@t.com", "bob@t.com", "x", false));
    EXPECT_EQ(b.packet().id(), "ok");
}

TEST_F(SenderTest, IsFilledInWhenLeftOut) {
    Client a = online("alice@t.com/pc");
    Client b = online("bob@t.com");
    a.send(R"({"envelope":{"id":"m1","type":1,"to":"bob@t.com"},"payload":{"content":"hi"}})");
    const Packet got = b.packet();
    EXPECT_THAT(got.from(), HasSubstr("alice@t.com"));
    EXPECT_EQ(got.content(), "hi");
}

TEST_F(SenderTest, MayUseAnyResourceOfHisOwn) {
    Client a = online("alice@t.com/pc");
    Client b = online("bob@t.com/phone");
    a.send(chatPacket("m1", "alice@t.com", "bob@t.com/other", "x", false));
    EXPECT_EQ(b.packet().id(), "m1");
}

class TypeTest : public WireTest {};

TEST_F(TypeTest, RelaysEveryTypeThatClientsExchange) {
    Client a = online("alice@t.com");
    Client b = online("bob@t.com");
    for (const int type : {1, 3, 5, 6, 100, 101, 77}) {
        a.send(
            chatPacket("t" + std::to_string(type), "alice@t.com", "bob@t.com", "x", false, type));
        EXPECT_EQ(b.packet().type(), type);
    }
}

TEST_F(TypeTest, RefusesTypesThatOnlyServersSend) {
    // Defect 10: fake system messages.
    Client a = online("alice@t.com");
    Client b = online("bob@t.com");
    for (const int type : {4, 7}) {
        a.send(chatPacket("t" + std::to_string(type), "alice@t.com", "bob@t.com", "x", true, type));
        const Packet notice = a.packet();
        EXPECT_EQ(notice.reason(), "no_permission") << notice.text();
        EXPECT_EQ(notice.id(), "t" + std::to_string(type));
    }
    a.send(chatPacket("ok", "alice@t.com", "bob@t.com", "x", false));
    EXPECT_EQ(b.packet().id(), "ok");
}

TEST_F(TypeTest, GroupWithoutAPluginForGroupsIsNotFound) {
    Client a = online("alice@t.com");
    a.send(R"({"envelope":{"id":"G1","type":2,"from":"alice@t.com","gid":"g1","ack":1},)"
           R"("payload":{"content":"hello"},"vsn":"0.0.1"})");
    const Packet java = a.packet();
    EXPECT_EQ(java.text(), R"({"envelope":{"id":"G1","type":4},)"
                           R"("entity":{"result":"sys_notify","reason":"group_notfound"}})");
    // ios and android put the group into `to`.
    a.send(R"({"envelope":{"id":"G2","type":2,"from":"alice@t.com","to":"g1"},"payload":{}})");
    EXPECT_EQ(a.packet().reason(), "group_notfound");
}

class RefusalTest : public WireTest {
  protected:
    // The packet is refused with error_packet and the connection closed; bob never sees it.
    void expectCut(const std::string& frame) {
        Client a = online("alice@t.com");
        Client b = online("bob@t.com");
        a.send(frame);
        const auto told = a.next();
        ASSERT_TRUE(told) << frame;
        EXPECT_THAT(*told, AllOf(HasSubstr("sys_notify"), HasSubstr("error_packet"))) << frame;
        EXPECT_TRUE(a.closed()) << frame;
        Client again = online("alice@t.com");
        again.send(chatPacket("ok", "alice@t.com", "bob@t.com", "x", false));
        EXPECT_EQ(b.packet().id(), "ok") << frame;
    }
};

TEST_F(RefusalTest, BrokenJsonIsNotRelayed) {
    // Defect 9: Go relayed it, and it killed the java reader thread.
    for (const char* frame :
         {R"({"envelope":{"id":"x","type":1,"from":"alice@t.com","to":"bob@t.com"},"payload":{)",
          R"({"envelope":{"id":"x","type":1,"from":"alice@t.com","to":"bob@t.com"}} trailing)",
          R"({"envelope":{"id":"x","type":1,"from":"alice@t.com","to":"bob@t.com"},"payload":nul})",
          R"({"envelope":{"id":"x","type":1,"from":"alice@t.com","to":"bob@t.com"},"p":01})",
          R"({"payload":{}})", "17"}) {
        expectCut(frame);
    }
}

TEST_F(RefusalTest, DuplicateMembersDoNotSmuggleASecondEnvelope) {
    // Defect 9: receivers saw another `from` than the server had checked.
    const std::string good = R"("id":"x","type":1,"from":"alice@t.com","to":"bob@t.com")";
    expectCut(R"({"envelope":{)" + good +
              R"(},"envelope":{"id":"y","type":1,"from":"boss@t.com"}})");
    expectCut(R"({"envelope":{)" + good + R"(,"from":"boss@t.com"}})");
    expectCut(R"({"envelope":{)" + good + R"(,"fr\u006fm":"boss@t.com"}})");
    expectCut(R"({"envelope":{)" + good + R"(},"\u0065nvelope":{"id":"y"}})");
}

TEST_F(RefusalTest, InvalidUtf8IsNotRelayed) {
    expectCut(chatPacket("x", "alice@t.com", "bob@t.com", "\xff\xfe", false));
    expectCut(chatPacket("x", "alice@t.com", "bob@t.com", "\xed\xa0\x80", false));
    expectCut(chatPacket("x", "alice@t.com", "bob@t.com", "\xc0\x80", false));
}

TEST_F(RefusalTest, WrongMemberTypesAreRefused) {
    const std::string head = R"({"envelope":{"id":"x","from":"alice@t.com","to":"bob@t.com",)";
    expectCut(head + R"("type":"1"}})");
    expectCut(head + R"("type":-1}})");
    expectCut(head + R"("type":1,"ct":1795336943039}})");
    expectCut(head + R"("type":1,"ack":"1"}})");
    expectCut(R"({"envelope":{"id":7,"type":1,"from":"alice@t.com","to":"bob@t.com"}})");
}

TEST_F(RefusalTest, JidWithoutAtSignIsToldAndTheRestOfTheReadIsHandled) {
    // Defect 5: a nil dereference; the packet was acked and lost, and k3..k7 of the same read with
    // it.
    Client a = online("alice@t.com");
    Client b = online("bob@t.com");
    std::string bytes = chatPacket("k1", "alice@t.com", "bob", "x", true) + '\x01';
    for (const char* id : {"k2", "k3"}) {
        bytes += chatPacket(id, "alice@t.com", "bob@t.com", "x", false) + '\x01';
    }
    a.sendRaw(bytes);
    const Packet notice = a.packet();
    EXPECT_EQ(notice.reason(), "error_jid");
    EXPECT_EQ(notice.id(), "k1");
    EXPECT_EQ(b.packet().id(), "k2");
    EXPECT_EQ(b.packet().id(), "k3");
}

TEST_F(RefusalTest, IdsThatWereDatabaseKeysAreRefused) {
    // Defect 13: overwriting session_<victim> hijacked a user.
    Client a = online("alice@t.com");
    Client b = online("bob@t.com");
    for (const char* id : {"session_bob@t.com", "group_g9@t.com", "sara_idx", "n01", "has space"}) {
        a.send(chatPacket(id, "alice@t.com", "bob@t.com", "x", true));
        const Packet notice = a.packet();
        EXPECT_EQ(notice.type(), 4) << notice.text();
        EXPECT_EQ(notice.result(), "sys_notify") << notice.text();
    }
    a.send(chatPacket("ok", "alice@t.com", "bob@t.com", "x", false));
    EXPECT_EQ(b.packet().id(), "ok");
}

TEST_F(RefusalTest, PacketWithoutAnIdGetsOne) {
    Client a = online("alice@t.com");
    Client b = online("bob@t.com");
    a.send(R"({"envelope":{"type":1,"from":"alice@t.com","to":"bob@t.com"},"payload":{}})");
    EXPECT_NE(b.packet().id(), "");
}

}  // namespace
}  // namespace sara::wire
