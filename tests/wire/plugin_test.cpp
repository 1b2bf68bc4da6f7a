// Plugins in the real server: an auth service and a filter of the examples.
#include <filesystem>

#include "kit/wire_test.h"

namespace sara::wire {
namespace {

using ::testing::HasSubstr;

class PluginTest : public WireTest {
  protected:
    PluginTest() { conf_.set("login_failure_delay_ms", "20"); }

    // Puts one of the example plugins into a folder of its own and switches it on.
    void use(const std::string& name, const std::string& config) {
        const std::string folder = folder_.file("plugins");
        std::filesystem::create_directories(folder);
        std::filesystem::copy_file(SARA_BINARY_DIR "/examples/" + name + ".so",
                                   folder + "/" + name + ".so");
        conf_.set("plugin_dir",
                  R"([")" SARA_BINARY_DIR R"(/lib/sara/plugins",")" + folder + R"("])");
        conf_.set("plugins." + name, R"({"enabled":true,"required":true)" + config + "}");
    }
    void useTokens() {
        use("token-auth", R"(,"tokens":"alice@t.com=right bob@t.com=right2")");
        conf_.set("enable_auth", "true");
    }
};

TEST_F(PluginTest, AuthPluginDecidesWhoGetsIn) {
    useTokens();
    Client alice = connect();
    EXPECT_EQ(alice.login("alice@t.com/pc", "L1", "right").result(), "ok");
    for (const char* token : {"wrong", "", "right2", "righ", "rightt"}) {
        Client bad = connect();
        const Packet reply = bad.login("alice@t.com", "L2", token);
        EXPECT_EQ(reply.reason(), "fail_token") << token;
        EXPECT_EQ(reply.id(), "L2");
        EXPECT_TRUE(bad.closed());
    }
}

TEST_F(PluginTest, WrongTokenNeverKicksTheUser) {
    // G3 and defect 7: anybody could disconnect anybody.
    useTokens();
    Client alice = connect();
    ASSERT_EQ(alice.login("alice@t.com", "L1", "right").result(), "ok");
    for (int i = 0; i < 10; ++i) {
        Client bad = connect();
        EXPECT_EQ(bad.login("alice@t.com", "L2", "wrong").reason(), "fail_token");
    }
    Client bob = connect();
    ASSERT_EQ(bob.login("bob@t.com", "L3", "right2").result(), "ok");
    bob.send(chatPacket("m1", "bob@t.com", "alice@t.com", "still there?", false));
    EXPECT_EQ(alice.packet().content(), "still there?");
}

TEST_F(PluginTest, RightTokenKicks) {
    useTokens();
    Client first = connect();
    ASSERT_EQ(first.login("alice@t.com", "L1", "right").result(), "ok");
    Client second = connect();
    ASSERT_EQ(second.login("alice@t.com", "L2", "right").result(), "ok");
    EXPECT_TRUE(first.closed());
    ASSERT_EQ(first.rest().size(), 1u);
    EXPECT_EQ(first.rest()[0], kKillBody);
}

TEST_F(PluginTest, WithoutAnAuthPluginNobodyGetsInWhenAuthIsOn) {
    // Login fails closed: a missing plugin is no open door. Refusing to start is as good.
    conf_.set("enable_auth", "true");
    try {
        Client client = connect();
        EXPECT_EQ(client.login("a@t.com").result(), "error");
    } catch (const std::runtime_error& e) {
        EXPECT_THAT(e.what(), HasSubstr("auth"));
    }
}

TEST_F(PluginTest, FilterRefusesAPacketAndTheSenderIsTold) {
    use("hello-filter", R"(,"refused_word":"xyzzy")");
    Client a = online("a@t.com");
    Client b = online("b@t.com");
    a.send(chatPacket("m1", "a@t.com", "b@t.com", "say xyzzy", true));
    const Packet notice = a.packet();
    EXPECT_EQ(notice.id(), "m1");
    EXPECT_EQ(notice.reason(), "refused_word");
    a.send(chatPacket("m2", "a@t.com", "b@t.com", "fine", false));
    EXPECT_EQ(b.packet().id(), "m2");
}

}  // namespace
}  // namespace sara::wire
