// The shipped examples do what they say, loaded as the server loads them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sara/str.hpp>
#include <string>

#include "fake_bus.h"
#include "testkit/host/fake_host.h"
#include "testkit/host/plugin_instance.h"

namespace {

const sara_plugin_desc* example(const std::string& name) {
    std::string error;
    const sara_plugin_desc* desc = sara::testkit::loadPlugin(
        std::string(SARA_BINARY_DIR) + "/examples/" + name + ".so", &error);
    EXPECT_NE(desc, nullptr) << error;
    return desc;
}

sara_status ask(sara::testkit::FakeHost& host, const sara::testkit::PluginInstance& plugin,
                const char* jid, const char* password) {
    sara_status answer = 1;
    sara_auth_request r{};
    r.struct_size = sizeof r;
    r.jid = sara::str(jid);
    r.password = sara::str(password);
    host.loop().run([&] {
        plugin.service<sara_auth>(SARA_SVC_AUTH)
            ->check(
                plugin.self(), &r,
                [](void* user, sara_status st, sara_buf*) noexcept {
                    *static_cast<sara_status*>(user) = st;
                },
                &answer);
    });
    host.settle();
    return answer;
}

TEST(TokenAuth, LetsInWhoHasTheToken) {
    sara::testkit::FakeHost host({.config_json = R"({"tokens": "a@d=secret b@d=x=y"})"});
    sara::testkit::PluginInstance plugin(host, example("token-auth"));
    ASSERT_EQ(plugin.start(), SARA_OK) << host.error();
    EXPECT_EQ(ask(host, plugin, "a@d/pc", "secret"), SARA_OK);
    EXPECT_EQ(ask(host, plugin, "b@d", "x=y"), SARA_OK);
    for (const char* wrong : {"", "secre", "secret!", "x=y"}) {
        EXPECT_EQ(ask(host, plugin, "a@d/pc", wrong), SARA_E_DENIED) << wrong;
    }
    EXPECT_EQ(ask(host, plugin, "nobody@d", ""), SARA_E_DENIED);
}

TEST(TokenAuth, RefusesAListThatItCannotRead) {
    sara::testkit::FakeHost host({.config_json = R"({"tokens": "nonsense"})"});
    sara::testkit::PluginInstance plugin(host, example("token-auth"));
    EXPECT_EQ(plugin.start(), SARA_E_INVALID);
    EXPECT_THAT(host.error(), ::testing::HasSubstr("user@domain=token"));
}

class PacketExample : public ::testing::Test {
  protected:
    PacketExample() { host.provide(SARA_EXT_BUS, &bus.table); }
    sara_verdict send(const char* json) {
        sara_ev_packet ev{};
        ev.h.struct_size = sizeof ev;
        ev.raw = host.buffer(json);
        const sara_verdict v = bus.emit(SARA_HOOK_PACKET_IN, &ev.h);
        host.unref(ev.raw);
        return v;
    }
    sara::testkit::FakeHost host{{.config_json = R"({"refused_word": "plugh"})"}};
    sara::test::FakeBus bus;
};

TEST_F(PacketExample, HelloFilterRefusesTheWord) {
    sara::testkit::PluginInstance plugin(host, example("hello-filter"));
    ASSERT_EQ(plugin.start(), SARA_OK) << host.error();
    EXPECT_EQ(send(R"({"payload":"hello"})"), SARA_PASS);
    EXPECT_EQ(send(R"({"payload":"plugh"})"), SARA_REJECT);
    EXPECT_EQ(host.metric("hello_refused_total"), 1);
}

TEST_F(PacketExample, PacketCounterCounts) {
    sara::testkit::PluginInstance plugin(host, example("packet-counter"));
    ASSERT_EQ(plugin.start(), SARA_OK) << host.error();
    send("12345");
    send("123");
    EXPECT_EQ(host.metric("counted_packets_total"), 2);
    EXPECT_EQ(host.metric("counted_bytes_total"), 8);
}

}  // namespace
