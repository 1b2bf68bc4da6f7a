// The C++ face against a fake host: what it promises to authors of plugins.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <sara/plugin.hpp>
#include <stdexcept>
#include <string>

#include "fake_bus.h"
#include "testkit/host/fake_host.h"
#include "testkit/host/plugin_instance.h"

namespace {

using sara::PacketEvent;
using sara::Result;
using sara::Status;
using sara::Verdict;

// What the test wants the plugin to do; the plugin is made by the host and cannot take arguments.
struct Script {
    std::function<void()> construct = [] {};
    std::function<Result<void>(sara::Plugin&)> init = [](sara::Plugin&) { return Result<void>(); };
    std::function<Result<void>(sara::Plugin&)> loop_start = [](sara::Plugin&) {
        return Result<void>();
    };
    std::function<void()> drain = [] {};
    std::function<void(const sara::AuthRequest&, sara::AuthAnswer)> check;
};
Script script;

class Scripted : public sara::Plugin {
  public:
    Scripted() { script.construct(); }
    void check(const sara::AuthRequest& who, sara::AuthAnswer answer) {
        script.check(who, std::move(answer));
    }
    Result<void> init() override { return script.init(*this); }
    Result<void> loopStart(uint32_t) override { return script.loop_start(*this); }
    void drain(uint32_t) override { script.drain(); }
    const void* service(std::string_view id) override {
        return id == SARA_SVC_AUTH ? sara::authTable<Scripted>() : nullptr;
    }
    std::string_view statusLine() override { return "scripted"; }
    sara::Timer timer;
    sara::Suspension suspension;
};

#define SARA_MANIFEST_JSON "{\"id\": \"org.sara.scripted\"}"
#define SARA_PLUGIN_ID "org.sara.scripted"
#define SARA_PLUGIN_VERSION "1.0.0"
SARA_PLUGIN(Scripted)

class PluginFace : public ::testing::Test {
  protected:
    PluginFace() {
        script = Script();
        host.provide(SARA_EXT_BUS, &bus.table);
    }
    sara_status start() { return plugin.start(); }
    sara_verdict packet(const char* hook = SARA_HOOK_PACKET_IN) {
        sara_ev_packet ev{};
        ev.h.struct_size = sizeof ev;
        ev.type = 1;
        ev.from = sara::str("a@d/pc");
        return bus.emit(hook, &ev.h);
    }
    // Subscribes f to packet.in and starts.
    template <class F>
    void startWithFilter(F f) {
        script.init = [f](sara::Plugin& p) -> Result<void> { return p.hooks().onPacketIn(f); };
        ASSERT_EQ(start(), SARA_OK) << host.error();
    }

    sara::testkit::FakeHost host;
    sara::test::FakeBus bus;
    sara::testkit::PluginInstance plugin{host, sara_plugin_entry_v1(0)};
};

TEST_F(PluginFace, DescriptorNamesThePluginAndTheListEndsAfterIt) {
    const sara_plugin_desc* desc = sara_plugin_entry_v1(0);
    EXPECT_STREQ(desc->id, "org.sara.scripted");
    EXPECT_STREQ(desc->manifest, SARA_MANIFEST_JSON);
    EXPECT_EQ(desc->struct_size, sizeof(sara_plugin_desc));
    EXPECT_EQ(sara_plugin_entry_v1(1), nullptr);
}

TEST_F(PluginFace, AThrowInTheConstructorIsAPluginFaultWithItsText) {
    script.construct = [] { throw std::runtime_error("no memory for me"); };
    EXPECT_EQ(start(), SARA_E_PLUGIN);
    EXPECT_EQ(host.error(), "no memory for me");
}

TEST_F(PluginFace, AThrowInInitIsAPluginFaultWithItsText) {
    script.init = [](sara::Plugin&) -> Result<void> { throw std::runtime_error("bad day"); };
    EXPECT_EQ(start(), SARA_E_PLUGIN);
    EXPECT_EQ(host.error(), "bad day");
}

TEST_F(PluginFace, AThrowOfSomethingOddIsStopped) {
    script.init = [](sara::Plugin&) -> Result<void> { throw 7; };
    EXPECT_EQ(start(), SARA_E_PLUGIN);
    EXPECT_THAT(host.error(), ::testing::HasSubstr("no std::exception"));
}

TEST_F(PluginFace, AnErrorOfInitReachesTheOperatorWithStatusAndText) {
    script.init = [](sara::Plugin&) -> Result<void> {
        return sara::Error{Status::kInvalid, "port is taken"};
    };
    EXPECT_EQ(start(), SARA_E_INVALID);
    EXPECT_EQ(host.error(), "port is taken");
}

TEST_F(PluginFace, AThrowOnALoopGoesToTheLog) {
    script.loop_start = [](sara::Plugin&) -> Result<void> {
        throw std::runtime_error("loop trouble");
    };
    EXPECT_EQ(start(), SARA_E_PLUGIN);
    EXPECT_TRUE(host.logged("loop trouble"));
}

TEST_F(PluginFace, AThrowInDrainDoesNotStopTheEnd) {
    script.drain = [] { throw std::runtime_error("will not end"); };
    ASSERT_EQ(start(), SARA_OK);
    plugin.stop();
    EXPECT_TRUE(host.logged("will not end"));
}

TEST_F(PluginFace, FilterSeesTypedFieldsAndItsVerdictCounts) {
    std::string from;
    startWithFilter([&](PacketEvent& e) {
        from = e.from();
        return e.reject("not_today");
    });
    EXPECT_EQ(packet(), SARA_REJECT);
    EXPECT_EQ(from, "a@d/pc");
    EXPECT_THAT(bus.set, ::testing::ElementsAre(::testing::Pair(SARA_F_REASON, "not_today")));
}

TEST_F(PluginFace, FilterOptionsReachTheHost) {
    script.init = [](sara::Plugin& p) -> Result<void> {
        return p.hooks().onPacketIn(
            [](PacketEvent&) { return Verdict::kPass; },
            sara::FilterOptions().withPriority(900).failClosed().onlyType(5));
    };
    ASSERT_EQ(start(), SARA_OK);
    const sara_filter& f = bus.filters.at(0).filter;
    EXPECT_EQ(f.priority, 900);
    EXPECT_EQ(f.on_failure, SARA_ON_FAIL_CLOSED);
    EXPECT_EQ(f.type_mask, 1u << 5);
}

// An auth filter that fails must not let anybody in.
TEST_F(PluginFace, ALoginFilterFailsClosedUnlessToldOtherwise) {
    script.init = [](sara::Plugin& p) -> Result<void> {
        return p.hooks().onSessionLogin([](sara::LoginEvent&) { return Verdict::kPass; });
    };
    ASSERT_EQ(start(), SARA_OK);
    EXPECT_EQ(bus.filters.at(0).filter.on_failure, SARA_ON_FAIL_CLOSED);
}

TEST_F(PluginFace, AThrowInAFilterIsItsFailureAndOneLine) {
    startWithFilter([](PacketEvent&) -> Verdict { throw std::runtime_error("filter broke"); });
    EXPECT_EQ(packet(), SARA_E_PLUGIN);
    EXPECT_TRUE(host.logged("filter broke"));
}

TEST_F(PluginFace, AThrowInATapHarmsNobody) {
    script.init = [](sara::Plugin& p) -> Result<void> {
        return p.hooks().afterPacketAck([](const sara::PacketView&) { throw 1; });
    };
    ASSERT_EQ(start(), SARA_OK);
    packet(SARA_HOOK_PACKET_ACK);
    EXPECT_TRUE(host.logged("tap"));
}

TEST_F(PluginFace, AnUndeclaredHookFailsInitWithItsName) {
    script.init = [](sara::Plugin& p) -> Result<void> {
        return p.hooks().filter<PacketEvent>("hook.undeclared",
                                             [](PacketEvent&) { return Verdict::kPass; });
    };
    EXPECT_EQ(start(), SARA_E_DENIED);
    EXPECT_THAT(host.error(), ::testing::HasSubstr("hook.undeclared"));
}

TEST_F(PluginFace, ASuspensionResumesOnceWithVerdictAndReason) {
    sara::Suspension parked;
    startWithFilter([&](PacketEvent& e) {
        parked = e.suspend(1000);
        return Verdict::kSuspend;
    });
    EXPECT_EQ(packet(), SARA_SUSPEND);
    EXPECT_EQ(parked.resume(Verdict::kReject, "late"), Status::kOk);
    EXPECT_EQ(parked.resume(Verdict::kAccept), Status::kStale);
    ASSERT_EQ(bus.resumed.size(), 1u);
    EXPECT_EQ(bus.resumed[0].verdict, SARA_REJECT);
    EXPECT_EQ(bus.resumed[0].reason, "late");
}

TEST_F(PluginFace, AForgottenSuspensionGivesTheTimeoutsVerdictAtOnce) {
    startWithFilter([](PacketEvent& e) {
        { const sara::Suspension dropped = e.suspend(1000, Verdict::kAccept); }
        return Verdict::kSuspend;
    });
    packet();
    ASSERT_EQ(bus.resumed.size(), 1u);
    EXPECT_EQ(bus.resumed[0].verdict, SARA_ACCEPT);
}

TEST_F(PluginFace, ARefusedSuspensionIsFalseAndOwesNothing) {
    bus.suspended_max = 0;
    startWithFilter([](PacketEvent& e) {
        const sara::Suspension s = e.suspend(1000);
        return s ? Verdict::kSuspend : Verdict::kAccept;
    });
    EXPECT_EQ(packet(), SARA_ACCEPT);
    EXPECT_TRUE(bus.resumed.empty());
}

TEST_F(PluginFace, MembersThatTheHostRefusesAreAFailureOfTheFilter) {
    bus.set_status = SARA_E_UNSUPPORTED;
    script.init = [](sara::Plugin& p) -> Result<void> {
        return p.hooks().onGroupExpand([](sara::GroupEvent& e) { return e.members("a@d"); });
    };
    ASSERT_EQ(start(), SARA_OK);
    sara_ev_group ev{};
    EXPECT_EQ(bus.emit(SARA_HOOK_GROUP_EXPAND, &ev.h), SARA_E_UNSUPPORTED);
}

TEST_F(PluginFace, ObjectsLeftInThePluginDoNotCallTheHostAtItsEnd) {
    script.loop_start = [](sara::Plugin& p) -> Result<void> {
        auto& self = static_cast<Scripted&>(p);
        self.timer = p.loop().every(10, [] {});
        self.suspension = sara::Suspension(p.host(), 5, Verdict::kReject);
        return {};
    };
    ASSERT_EQ(start(), SARA_OK);
    plugin.stop();
    EXPECT_TRUE(bus.resumed.empty()) << "destroy() may call nothing but buf_unref()";
}

const sara_auth_request kRequest = [] {
    sara_auth_request r{};
    r.struct_size = sizeof r;
    r.user = sara::str("a");
    return r;
}();

// Asks the plugin on its loop; answers tells what came back and whether it came inside the call.
class AuthFace : public PluginFace {
  protected:
    void ask() {
        ASSERT_EQ(start(), SARA_OK);
        const auto* auth = plugin.service<sara_auth>(SARA_SVC_AUTH);
        host.loop().run([&] {
            auth->check(
                plugin.self(), &kRequest,
                [](void* user, sara_status st, sara_buf*) noexcept {
                    static_cast<AuthFace*>(user)->answers.push_back(st);
                },
                this);
            answers_inside_the_call = answers.size();
        });
        host.settle();
    }
    std::vector<sara_status> answers;
    std::size_t answers_inside_the_call = 0;
};

TEST_F(AuthFace, AnAnswerGivenAtOnceArrivesAfterTheCall) {
    script.check = [](const sara::AuthRequest& who, sara::AuthAnswer a) {
        EXPECT_EQ(who.user(), "a");
        EXPECT_EQ(a.allow(), Status::kOk);
        EXPECT_EQ(a.deny(), Status::kStale);
    };
    ask();
    EXPECT_EQ(answers_inside_the_call, 0u);
    EXPECT_THAT(answers, ::testing::ElementsAre(SARA_OK));
}

TEST_F(AuthFace, AForgottenAnswerIsARefusal) {
    script.check = [](const sara::AuthRequest&, sara::AuthAnswer) {};
    ask();
    EXPECT_THAT(answers, ::testing::ElementsAre(SARA_E_PLUGIN));
}

TEST_F(AuthFace, AThrowInCheckIsARefusal) {
    script.check = [](const sara::AuthRequest&, sara::AuthAnswer) {
        throw std::runtime_error("oops");
    };
    ask();
    EXPECT_THAT(answers, ::testing::ElementsAre(SARA_E_PLUGIN));
    EXPECT_TRUE(host.logged("oops"));
}

TEST_F(AuthFace, AnAnswerFromOutsideTheLoopsReachesTheLoopThatAsked) {
    sara::AuthAnswer later;
    script.check = [&](const sara::AuthRequest&, sara::AuthAnswer a) { later = std::move(a); };
    ask();
    EXPECT_TRUE(answers.empty());
    host.loop().refusePosts(SARA_E_AGAIN);
    EXPECT_EQ(later.deny(), Status::kAgain);
    host.loop().refusePosts(SARA_OK);
    EXPECT_EQ(later.deny(), Status::kOk) << "a full mailbox must not lose the answer";
    host.settle();
    EXPECT_THAT(answers, ::testing::ElementsAre(SARA_E_DENIED));
}

}  // namespace
