// Group chat through real sockets: the roster comes from a plugin of the examples. Two loops, so
// that members live on both.
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "kit/http.h"
#include "kit/wire_test.h"

namespace sara::wire {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kUuid = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}";

class GroupWire : public WireTest {
  protected:
    GroupWire() { conf_.set("loops", "2"); }

    void useRoster(const std::string& groups, int delay_ms = 0) {
        const std::string folder = folder_.file("plugins");
        std::filesystem::create_directories(folder);
        std::filesystem::copy_file(SARA_BINARY_DIR "/examples/static-roster.so",
                                   folder + "/static-roster.so",
                                   std::filesystem::copy_options::overwrite_existing);
        conf_.set("plugin_dir",
                  R"([")" SARA_BINARY_DIR R"(/lib/sara/plugins",")" + folder + R"("])");
        conf_.set("plugins.static-roster", R"({"enabled":true,"required":true,"groups":")" +
                                               groups + R"(","delay_ms":)" +
                                               std::to_string(delay_ms) + "}");
    }
    static std::string groupPacket(const std::string& id, const std::string& from,
                                   const std::string& gid, const std::string& content,
                                   const std::string& extra = "") {
        return R"({"envelope":{"id":")" + id + R"(","type":2,"from":")" + from + R"(","gid":")" +
               gid + '"' + extra + R"(},"payload":{"content":")" + content +
               R"(","attrs":{"k":"v"}},"vsn":"0.0.1"})";
    }
};

class GroupOver : public GroupWire, public ::testing::WithParamInterface<Via> {
  protected:
    GroupOver() {
        if (GetParam() == Via::kTls) useTls();
    }
};
INSTANTIATE_TEST_SUITE_P(Over, GroupOver, ::testing::Values(Via::kTcp, Via::kTls),
                         [](const auto& param) {
                             return param.param == Via::kTcp ? "Tcp" : "Tls";
                         });

TEST_P(GroupOver, FanOutLosesNoPayloadVsnOrAck) {
    // Defect 21: members got an empty message.
    useRoster("g1=alice,bob,carl");
    Client alice = online("alice@t.com/pc", GetParam());
    Client bob = online("bob@t.com/phone", GetParam());
    Client carl = online("carl@t.com", GetParam());
    alice.send(groupPacket("G1", "alice@t.com/pc", "g1", "hello", R"(,"ack":1)"));
    std::set<std::string> ids;
    for (Client* member : {&bob, &carl}) {
        const Packet got = member->packet();
        EXPECT_EQ(got.content(), "hello");
        EXPECT_EQ(got.member("payload", "attrs").empty(), false);
        EXPECT_THAT(got.text(), HasSubstr(R"("vsn":"0.0.1")"));
        EXPECT_THAT(got.text(), HasSubstr(R"("ack":1)"));
        EXPECT_EQ(got.type(), 2);
        EXPECT_EQ(got.from(), "alice@t.com/pc");
        EXPECT_EQ(got.to(), member == &bob ? "bob@t.com" : "carl@t.com");
        EXPECT_EQ(got.envelope("gid"), "g1");
        EXPECT_EQ(got.ct().size(), 13u);
        EXPECT_THAT(got.id(), ::testing::MatchesRegex(kUuid));
        ids.insert(got.id());
        member->acknowledge(got.id());
    }
    EXPECT_EQ(ids.size(), 2u);
    const Packet ack = alice.packet();
    EXPECT_EQ(ack.id(), "G1");
    EXPECT_EQ(ack.type(), 3);
    EXPECT_EQ(ack.from(), "server_ack");
}

TEST_P(GroupOver, SenderIsAckedAlsoWithoutAckFieldAndGroupMayStandInTo) {
    // ios writes neither gid nor ack.
    useRoster("g1=alice,bob");
    Client alice = online("alice@t.com", GetParam());
    Client bob = online("bob@t.com", GetParam());
    alice.send(R"({"envelope":{"id":"I1","type":2,"to":"g1","from":"alice@t.com"},)"
               R"("payload":{"content":"hello"}})");
    const Packet got = bob.packet();
    EXPECT_EQ(got.envelope("gid"), "g1");
    EXPECT_EQ(got.content(), "hello");
    bob.acknowledge(got.id());
    EXPECT_EQ(alice.packet().id(), "I1");
}

TEST_P(GroupOver, PacketsOfOneSenderStayInOrderThoughTheRosterComesLate) {
    useRoster("g1=alice,bob,carl", 30);
    Client alice = online("alice@t.com", GetParam());
    Client bob = online("bob@t.com", GetParam());
    Client carl = online("carl@t.com", GetParam());
    std::string bytes;
    std::vector<std::string> expected;
    for (int i = 0; i < 30; ++i) {
        const std::string n = std::to_string(i);
        bytes += i % 3 == 0 ? groupPacket("G" + n, "alice@t.com", "g1", n)
                            : chatPacket("m" + n, "alice@t.com", "bob@t.com", n, false);
        bytes += '\x01';
        expected.push_back(n);
    }
    alice.sendRaw(bytes);
    std::vector<std::string> got;
    for (int i = 0; i < 30; ++i) got.push_back(bob.packet().content());
    EXPECT_EQ(got, expected);
}

TEST_F(GroupWire, MemberWhoseNameContainsTheSendersIsNotTheSender) {
    // Defect 12: user lic could post to a group of alice and bob.
    useRoster("g1=alice,bob");
    Client lic = online("lic@t.com");
    lic.send(groupPacket("G1", "lic@t.com", "g1", "let me in"));
    EXPECT_EQ(lic.packet().text(),
              R"({"envelope":{"id":"G1","type":4},"entity":{"result":"sys_notify",)"
              R"("reason":"no_permission"}})");
}

TEST_F(GroupWire, UnknownGroupIsToldAndTheSessionStaysOpen) {
    useRoster("g1=alice,bob one=alice");
    Client alice = online("alice@t.com");
    for (const char* gid : {"nothing", "one"}) {
        alice.send(groupPacket("G1", "alice@t.com", gid, "x"));
        EXPECT_EQ(alice.packet().text(),
                  R"({"envelope":{"id":"G1","type":4},"entity":{"result":"sys_notify",)"
                  R"("reason":"group_notfound"}})");
    }
    alice.send(chatPacket("m1", "alice@t.com", "alice@t.com", "still here", false));
    EXPECT_EQ(alice.packet().content(), "still here");
}

TEST_F(GroupWire, ForgedSenderOfAGroupPacketReachesNobody) {
    // Defect 11: a member saw forged group senders.
    useRoster("g1=alice,bob,eve");
    Client eve = online("eve@t.com");
    Client bob = online("bob@t.com");
    eve.send(groupPacket("G1", "alice@t.com", "g1", "send money"));
    EXPECT_EQ(eve.packet().reason(), "no_permission");
    eve.send(groupPacket("G2", "eve@t.com", "g1", "hello"));
    EXPECT_EQ(bob.packet().from(), "eve@t.com");
}

TEST_F(GroupWire, SystemAndPubSubTypesAreNotRelayedAsGroupPacketsEither) {
    // Defect 10.
    useRoster("g1=alice,bob");
    Client alice = online("alice@t.com");
    for (const int type : {4, 7}) {
        alice.send(R"({"envelope":{"id":"F","type":)" + std::to_string(type) +
                   R"(,"from":"alice@t.com","gid":"g1"},"entity":{"result":"ok"}})");
        EXPECT_EQ(alice.packet().reason(), "no_permission");
    }
}

TEST_F(GroupWire, AckedCopiesOfMembersWhoAreAwaySurviveARestart) {
    useRoster("g1=alice,bob,carl,dora");
    {
        Client alice = online("alice@t.com");
        Client bob = online("bob@t.com");
        for (int i = 0; i < 5; ++i) {
            const std::string n = std::to_string(i);
            alice.send(groupPacket("G" + n, "alice@t.com", "g1", n));
        }
        for (int i = 0; i < 5; ++i) EXPECT_EQ(alice.packet().id(), "G" + std::to_string(i));
    }
    restartAfterKill();
    for (const char* name : {"bob@t.com", "carl@t.com", "dora@t.com"}) {
        Client member = connect();
        std::vector<std::string> contents;
        for (const Packet& p : member.login(name).delayed()) contents.push_back(p.content());
        EXPECT_THAT(contents, ElementsAre("0", "1", "2", "3", "4")) << name;
    }
}

TEST_F(GroupWire, SenderHasNoAckWhileOneMembersCopyIsNotSafe) {
    useRoster("g1=alice,bob,carl");
    conf_.set("ack_hold_ms", "60000");
    Client alice = online("alice@t.com");
    Client bob = online("bob@t.com");
    Client carl = online("carl@t.com");
    alice.send(groupPacket("G1", "alice@t.com", "g1", "x"));
    const std::string bobs = bob.packet().id();
    const std::string carls = carl.packet().id();
    bob.acknowledge(bobs);
    bob.acknowledge(carls);  // not his: releases nothing
    alice.send(kHeartbeatFrame.substr(0, 1).data());
    EXPECT_EQ(alice.next(), std::string(kHeartbeatBody));  // and no ack in front of it
    carl.acknowledge(carls);
    EXPECT_EQ(alice.packet().id(), "G1");
}

TEST_F(GroupWire, TenThousandMembersDoNotDisturbAnotherPair) {
    useRoster("big=alice,bob,user*9998");
    Client alice = online("alice@t.com");
    Client bob = online("bob@t.com");
    Client x = online("x@t.com");
    Client y = online("y@t.com");
    alice.send(groupPacket("G1", "alice@t.com", "big", "to all"));
    // A ping-pong of the others while the copies are made and stored.
    int rounds = 0;
    bool acked = false;
    const Deadline deadline(Millis(60'000));
    while (!acked && !deadline.passed()) {
        const std::string id = "m" + std::to_string(rounds++);
        x.send(chatPacket(id, "x@t.com", "y@t.com", id, false));
        ASSERT_EQ(y.packet().id(), id);
        acked = alice.next(Millis(1)).has_value();
    }
    EXPECT_TRUE(acked);
    EXPECT_GT(rounds, 3);
    EXPECT_EQ(bob.packet().content(), "to all");
    Client far = connect();
    const std::vector<Packet> delayed = far.login("user9997@t.com").delayed();
    ASSERT_EQ(delayed.size(), 1u);
    EXPECT_EQ(delayed[0].to(), "user9997@t.com");
}

TEST_F(GroupWire, ServerPushesToAUserAndToAGroupAndIsAnsweredWhenItIsSafe) {
    useRoster("g1=alice,bob");
    conf_.setText("accesstoken", "tok123");
    Client alice = online("alice@t.com");
    const auto push = [&](const std::string& params) {
        return httpRpc(server().rpcPort(),
                       R"({"sn":"P","service":"emsg_message","method":"push","params":)" + params +
                           R"(,"token":"tok123"})")
            .body;
    };
    // Nobody acknowledges: stored after ack_hold_ms, and only then answered.
    std::string answer = push(R"({"to":"alice@t.com","payload":{"content":"news"}})");
    Packet got = alice.packet();
    EXPECT_EQ(got.from(), "server");
    EXPECT_EQ(got.content(), "news");
    EXPECT_EQ(answer, R"({"sn":"P","success":true,"entity":{"id":")" + got.id() + R"("}})");
    answer = push(R"({"gid":"g1","domain":"t.com","type":4,"entity":{"result":"sys_notify"}})");
    EXPECT_EQ(answer, R"({"sn":"P","success":true})");
    got = alice.packet();
    EXPECT_EQ(got.type(), 4);
    EXPECT_EQ(got.envelope("gid"), "g1");
    restartAfterKill();
    Client bob = connect();
    EXPECT_EQ(bob.login("bob@t.com").delayed().size(), 1u);
    EXPECT_THAT(push(R"({"gid":"none","domain":"t.com"})"), HasSubstr("group_notfound"));
    EXPECT_THAT(push(R"({"to":"nobody"})"), HasSubstr("to_invalid"));
}

TEST_F(GroupWire, NoticeIsGivenForEachMemberWhoIsAway) {
    useRoster("g1=alice,bob,carl");
    conf_.set("enable_offline_callback", "true");
    conf_.set("loglevel", "2");
    conf_.setText("logfile", folder_.file("notices.log"));
    Client alice = online("alice@t.com");
    alice.send(groupPacket("G1", "alice@t.com", "g1", "x"));
    EXPECT_EQ(alice.packet().id(), "G1");
    const auto log = [&] {
        std::ostringstream out;
        out << std::ifstream(folder_.file("notices.log")).rdbuf();
        return out.str();
    };
    EXPECT_TRUE(waitUntil([&] {
        const std::string lines = log();
        return lines.find("a message waits for bob@t.com") != std::string::npos &&
               lines.find("a message waits for carl@t.com") != std::string::npos;
    })) << log();
}

}  // namespace
}  // namespace sara::wire
