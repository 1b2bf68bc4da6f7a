// Order, verdicts and failures of filters; what may be subscribed to, and when.
#include <sara/plugin.hpp>
#include <stdexcept>

#include "bus_harness.h"

namespace sara::bus {
namespace {

using Filters = BusTest;

Filter says(sara_verdict v) {
    return [v](sara_event*) { return v; };
}

TEST_F(Filters, NobodyListeningIsSeenBeforeAnEventIsBuilt) {
    EXPECT_FALSE(bus->hooks().any(kPacketIn));
    TestPlugin& p = plugin("org.a");
    ASSERT_EQ(p.filter(kPacketIn, says(SARA_PASS)), SARA_OK);
    EXPECT_TRUE(bus->hooks().any(kPacketIn));
    EXPECT_FALSE(bus->hooks().any(kPacketRoute));
}

TEST_F(Filters, RunByPriorityThenByPluginIdThenByRegistration) {
    std::string order;
    TestPlugin& z = plugin("org.z");
    TestPlugin& a = plugin("org.a");
    const auto note = [&](char c) {
        return [&order, c](sara_event*) {
            order += c;
            return SARA_PASS;
        };
    };
    ASSERT_EQ(z.filter(kPacketIn, note('3')), SARA_OK);
    ASSERT_EQ(z.filter(kPacketIn, note('4')), SARA_OK);
    ASSERT_EQ(z.filter(kPacketIn, note('5'), 0), SARA_OK);
    ASSERT_EQ(a.filter(kPacketIn, note('2')), SARA_OK);
    ASSERT_EQ(a.filter(kPacketIn, note('1'), 1000), SARA_OK);
    Outcome o;
    emit(kPacketIn, packet(), o);
    EXPECT_EQ(o.now, SARA_PASS);
    EXPECT_EQ(order, "12345");
}

TEST_F(Filters, AVerdictOtherThanPassEndsTheChain) {
    for (const sara_verdict v : {SARA_ACCEPT, SARA_DONE, SARA_REJECT}) {
        makeBus(64);
        TestPlugin& p = plugin("org.a");
        bool second = false;
        ASSERT_EQ(p.filter(kPacketRoute, says(v)), SARA_OK);
        ASSERT_EQ(p.filter(kPacketRoute,
                           [&](sara_event*) {
                               second = true;
                               return SARA_PASS;
                           }),
                  SARA_OK);
        Outcome o;
        emit(kPacketRoute, packet(), o);
        EXPECT_EQ(o.now, v);
        EXPECT_FALSE(second);
    }
}

TEST_F(Filters, SeeOnlyTheTypesTheyAskedFor) {
    TestPlugin& p = plugin("org.a");
    int seen = 0;
    const auto count = [&](sara_event*) {
        ++seen;
        return SARA_PASS;
    };
    ASSERT_EQ(p.filter(kPacketIn, count, 500, SARA_ON_FAIL_OPEN, 1u << 1 | 1u << 31), SARA_OK);
    Outcome o;
    for (const uint32_t type : {0u, 1u, 2u, 31u, 32u, 33u}) emit(kPacketIn, packet(type), o);
    EXPECT_EQ(seen, 2);
}

TEST_F(Filters, TapsRunAfterTheChainWhateverTheVerdictWas) {
    TestPlugin& p = plugin("org.a");
    std::string order;
    ASSERT_EQ(p.tap(kPacketIn, [&](const sara_event*) { order += 't'; }), SARA_OK);
    ASSERT_EQ(p.filter(kPacketIn,
                       [&](sara_event*) {
                           order += 'f';
                           return SARA_REJECT;
                       }),
              SARA_OK);
    Outcome o;
    emit(kPacketIn, packet(), o);
    EXPECT_EQ(order, "ft");
}

TEST_F(Filters, TheHeadOfTheEventIsFilledByTheBus) {
    TestPlugin& p = plugin("org.a");
    sara_event seen{};
    ASSERT_EQ(p.filter(kPacketIn,
                       [&](sara_event* ev) {
                           seen = *ev;
                           return SARA_PASS;
                       }),
              SARA_OK);
    Outcome o;
    emit(kPacketIn, packet(), o, 1);
    EXPECT_EQ(seen.struct_size, sizeof(sara_ev_packet));
    EXPECT_EQ(seen.hook, kPacketIn);
    EXPECT_EQ(seen.loop, 1U);
    EXPECT_EQ(seen.flags, SARA_EV_CAN_SUSPEND);
    EXPECT_EQ(seen.t_ms, clock.monotonicMs());
}

// --- failures ---

TEST_F(Filters, ABadVerdictFollowsTheFailurePolicy) {
    for (const sara_verdict bad : {-1, 4, 5, 77, int{SARA_E_PLUGIN}}) {
        makeBus(64);
        TestPlugin& p = plugin("org.a");
        ASSERT_EQ(p.filter(kPacketIn, says(bad), 500, SARA_ON_FAIL_OPEN), SARA_OK);
        ASSERT_EQ(p.filter(kPacketRoute, says(bad), 500, SARA_ON_FAIL_CLOSED), SARA_OK);
        Outcome open, closed;
        emit(kPacketIn, packet(), open);
        emit(kPacketRoute, packet(), closed);
        EXPECT_EQ(open.now, SARA_PASS) << bad;
        EXPECT_EQ(closed.now, SARA_REJECT) << bad;
        EXPECT_EQ(closed.reason, "filter_failed");
    }
}

TEST_F(Filters, AFilterThatFailsTooOftenIsSwitchedOffWithOneErrorLine) {
    TestPlugin& p = plugin("org.bad");
    TestPlugin& good = plugin("org.good");
    int calls = 0, others = 0;
    ASSERT_EQ(p.filter(kPacketIn,
                       [&](sara_event*) {
                           ++calls;
                           return SARA_E_PLUGIN;
                       }),
              SARA_OK);
    ASSERT_EQ(good.filter(kPacketIn,
                          [&](sara_event*) {
                              ++others;
                              return SARA_PASS;
                          }),
              SARA_OK);
    Outcome o;
    for (int i = 0; i < 10; ++i) emit(kPacketIn, packet(), o);
    EXPECT_EQ(calls, 3);
    EXPECT_EQ(others, 10);  // the others go on
    EXPECT_EQ(o.now, SARA_PASS);
    EXPECT_EQ(log.count(loop::LogLevel::kError), 1U);
    EXPECT_NE(log.last().find("'bad'"), std::string::npos) << log.last();
    EXPECT_NE(log.last().find("packet.in"), std::string::npos) << log.last();
}

TEST_F(Filters, ASwitchedOffClosedFilterRejectsLogins) {
    TestPlugin& p = plugin("org.auth");
    ASSERT_EQ(p.filter(kSessionLogin, says(SARA_E_PLUGIN), 500, SARA_ON_FAIL_CLOSED), SARA_OK);
    Outcome o;
    for (int i = 0; i < 5; ++i) emit(kSessionLogin, login(), o);
    EXPECT_EQ(o.now, SARA_REJECT);
    EXPECT_EQ(o.reason, "filter_failed");
}

TEST_F(Filters, FailuresThatAreFarApartDoNotAddUp) {
    TestPlugin& p = plugin("org.a");
    int calls = 0;
    ASSERT_EQ(p.filter(kPacketIn,
                       [&](sara_event*) {
                           ++calls;
                           return -1;
                       }),
              SARA_OK);
    Outcome o;
    for (int i = 0; i < 10; ++i) {
        emit(kPacketIn, packet(), o);
        advance(60'001);
    }
    EXPECT_EQ(calls, 10);
    EXPECT_EQ(log.count(loop::LogLevel::kError), 0U);
}

TEST_F(Filters, AThrowBehindTheCppFaceCountsAsFailure) {
    TestPlugin& p = plugin("org.a");
    Host host;
    host.attach(p.h);
    host.resolve();
    sara::Hooks hooks(host);
    const auto throws = [](LoginEvent&) -> Verdict { throw std::runtime_error("oops"); };
    ASSERT_TRUE(ok(hooks.onSessionLogin(throws)));
    const auto throws_open = [](PacketEvent&) -> Verdict { throw 42; };
    ASSERT_TRUE(ok(hooks.onPacketIn(throws_open)));
    Outcome closed, open;
    emit(kSessionLogin, login(), closed);
    emit(kPacketIn, packet(), open);
    EXPECT_EQ(closed.now, SARA_REJECT);
    EXPECT_EQ(open.now, SARA_PASS);
}

// --- subscribing ---

TEST_F(Filters, AHookThatIsNotInTheManifestIsDenied) {
    PluginIdentity i = identity("org.a");
    i.hooks = {"packet.in"};
    TestPlugin p(*bus, i);
    EXPECT_EQ(p.filter(kSessionLogin, says(SARA_PASS)), SARA_E_DENIED);
    EXPECT_EQ(p.tap(kConnClose, [](const sara_event*) {}), SARA_E_DENIED);
    EXPECT_NE(p.host->takeError().find("conn.close"), std::string::npos);
    EXPECT_EQ(p.host->takeError(), "");
    EXPECT_EQ(p.filter(kPacketIn, says(SARA_PASS)), SARA_OK);
}

TEST_F(Filters, SubscribingIsForInitOnly) {
    TestPlugin& p = plugin("org.a");
    for (const PluginPhase phase : {PluginPhase::kCreate, PluginPhase::kStarting,
                                    PluginPhase::kRunning, PluginPhase::kStopping}) {
        p.host->enter(phase);
        EXPECT_EQ(p.filter(kPacketIn, says(SARA_PASS)), SARA_E_INVALID);
        EXPECT_EQ(p.tap(kPacketIn, [](const sara_event*) {}), SARA_E_INVALID);
        EXPECT_EQ(p.handle, 0U);
    }
}

TEST_F(Filters, HooksOfWhatHasHappenedTakeTapsOnly) {
    TestPlugin& p = plugin("org.a");
    for (const Hook hook : {kConnClose, kSessionOnline, kPacketAck}) {
        EXPECT_EQ(p.filter(hook, says(SARA_PASS)), SARA_E_UNSUPPORTED);
        EXPECT_EQ(p.tap(hook, [](const sara_event*) {}), SARA_OK);
    }
}

TEST_F(Filters, WrongTablesAndHooksAreRefused) {
    TestPlugin& p = plugin("org.a");
    EXPECT_EQ(p.filter(static_cast<Hook>(99), says(SARA_PASS)), SARA_E_INVALID);
    EXPECT_EQ(p.filter(kPacketIn, says(SARA_PASS), 1001), SARA_E_INVALID);
    EXPECT_EQ(p.filter(kPacketIn, says(SARA_PASS), -1), SARA_E_INVALID);
    EXPECT_EQ(p.filter(kPacketIn, says(SARA_PASS), 1, 2), SARA_E_INVALID);
    sara_filter shorter{};
    shorter.struct_size = sizeof shorter - 8;
    sara_id handle = 7;
    EXPECT_EQ(p.bus_table->filter(p.h, kPacketIn, &shorter, &handle), SARA_E_INVALID);
    EXPECT_EQ(handle, 0U);
    EXPECT_EQ(p.bus_table->hook_id(p.h, str("packet.in")), kPacketIn);
    EXPECT_EQ(p.bus_table->hook_id(p.h, str("packet.out")), SARA_E_NOTFOUND);
}

TEST_F(Filters, AHookHasRoomForSixtyFourAndNoMore) {
    TestPlugin& p = plugin("org.a");
    for (int i = 0; i < 64; ++i) ASSERT_EQ(p.filter(kPacketIn, says(SARA_PASS)), SARA_OK);
    EXPECT_EQ(p.filter(kPacketIn, says(SARA_PASS)), SARA_E_FULL);
}

TEST_F(Filters, UnsubscribeTakesTheOwnHandleAndNoOther) {
    TestPlugin& a = plugin("org.a");
    TestPlugin& b = plugin("org.b");
    ASSERT_EQ(a.filter(kPacketIn, says(SARA_REJECT)), SARA_OK);
    EXPECT_EQ(b.bus_table->unsubscribe(b.h, a.handle), SARA_E_STALE);
    a.host->enter(PluginPhase::kRunning);
    EXPECT_EQ(a.bus_table->unsubscribe(a.h, a.handle), SARA_E_INVALID);
    a.host->enter(PluginPhase::kDraining);
    EXPECT_EQ(a.bus_table->unsubscribe(a.h, a.handle), SARA_OK);
    EXPECT_EQ(a.bus_table->unsubscribe(a.h, a.handle), SARA_E_STALE);
    EXPECT_FALSE(bus->hooks().any(kPacketIn));
}

TEST_F(Filters, AnInstanceThatEndsLeavesNothingBehind) {
    TestPlugin& keep = plugin("org.keep");
    int seen = 0;
    ASSERT_EQ(keep.filter(kPacketIn,
                          [&](sara_event*) {
                              ++seen;
                              return SARA_PASS;
                          }),
              SARA_OK);
    {
        TestPlugin gone(*bus, identity("org.gone"));
        ASSERT_EQ(gone.filter(kPacketIn, says(SARA_REJECT), 900), SARA_OK);
        ASSERT_EQ(gone.tap(kConnClose, [](const sara_event*) {}), SARA_OK);
    }
    EXPECT_FALSE(bus->hooks().any(kConnClose));
    Outcome o;
    emit(kPacketIn, packet(), o);
    EXPECT_EQ(o.now, SARA_PASS);
    EXPECT_EQ(seen, 1);
}

TEST_F(Filters, AFilterMayCauseAnotherEventAndGoOnWithItsOwn) {
    TestPlugin& p = plugin("org.a");
    Outcome inner;
    ASSERT_EQ(p.filter(kPacketRoute, says(SARA_DONE)), SARA_OK);
    ASSERT_EQ(p.filter(kPacketIn,
                       [&](sara_event* ev) {
                           sara_ev_packet other = packet();
                           inner.now = bus->hooks().emit(kPacketRoute, &other.h, &BusTest::finished,
                                                         &inner, kPacketRoute);
                           EXPECT_EQ(p.setStr(ev, SARA_F_TO, "c@test"), SARA_OK);
                           return SARA_ACCEPT;
                       }),
              SARA_OK);
    Outcome o;
    emit(kPacketIn, packet(), o);
    EXPECT_EQ(inner.now, SARA_DONE);
    EXPECT_EQ(o.now, SARA_ACCEPT);
    EXPECT_EQ(o.to, "c@test");
}

}  // namespace
}  // namespace sara::bus
