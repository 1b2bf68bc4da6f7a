// Tokens: parked events, answers from anywhere, timeouts, and what happens to a token that nobody
// needs.
#include "bus_harness.h"
#include "loop/counters.h"

namespace sara::bus {
namespace {

class Suspend : public BusTest {
  protected:
    // A filter that parks every event and remembers token and event.
    Filter parks(TestPlugin& p, uint32_t timeout_ms = 3000, sara_verdict on_timeout = SARA_REJECT) {
        return [this, &p, timeout_ms, on_timeout](sara_event* ev) -> sara_verdict {
            token = p.suspend(ev, timeout_ms, on_timeout);
            event = ev;
            return token == 0 ? SARA_PASS : SARA_SUSPEND;
        };
    }
    sara_id token = 0;
    sara_event* event = nullptr;
};

TEST_F(Suspend, AnAnswerEndsTheWaitOnTheLoopThatEmitted) {
    TestPlugin& p = plugin("org.a");
    ASSERT_EQ(p.filter(kSessionLogin, parks(p)), SARA_OK);
    Outcome o;
    emit(kSessionLogin, login(), o, 1);
    EXPECT_EQ(o.now, SARA_SUSPEND);
    ASSERT_NE(token, 0U);
    EXPECT_EQ(p.resume(token, SARA_REJECT, "fail_token"), SARA_OK);
    EXPECT_EQ(o.completions, 0);  // never inside resume()
    turn(0);
    EXPECT_EQ(o.completions, 0);
    turn(1);
    EXPECT_EQ(o.completions, 1);
    EXPECT_EQ(o.later, SARA_REJECT);
    EXPECT_EQ(o.reason, "fail_token");
    EXPECT_EQ(o.jid, "a@test/x");
}

TEST_F(Suspend, OnlyTheFirstAnswerCounts) {
    TestPlugin& p = plugin("org.a");
    ASSERT_EQ(p.filter(kSessionLogin, parks(p)), SARA_OK);
    Outcome o;
    emit(kSessionLogin, login(), o);
    EXPECT_EQ(p.resume(token, SARA_ACCEPT), SARA_OK);
    EXPECT_EQ(p.resume(token, SARA_REJECT), SARA_E_STALE);
    turn();
    EXPECT_EQ(p.resume(token, SARA_REJECT), SARA_E_STALE);
    turn();
    EXPECT_EQ(o.completions, 1);
    EXPECT_EQ(o.later, SARA_ACCEPT);
}

TEST_F(Suspend, AnAnswerForAnEarlierTokenTouchesNobody) {
    TestPlugin& p = plugin("org.a");
    ASSERT_EQ(p.filter(kSessionLogin, parks(p)), SARA_OK);
    Outcome first, second;
    emit(kSessionLogin, login(), first);
    const sara_id old = token;
    ASSERT_EQ(p.resume(old, SARA_ACCEPT), SARA_OK);
    turn();
    emit(kSessionLogin, login("b@test"), second);
    ASSERT_NE(token, old);
    EXPECT_EQ(p.resume(old, SARA_REJECT), SARA_E_STALE);
    EXPECT_EQ(p.resume(0, SARA_REJECT), SARA_E_STALE);
    EXPECT_EQ(p.resume(UINT64_MAX, SARA_REJECT), SARA_E_STALE);
    turn();
    EXPECT_EQ(second.completions, 0);
}

TEST_F(Suspend, ATokenOfAnotherPluginIsStale) {
    TestPlugin& p = plugin("org.a");
    TestPlugin& thief = plugin("org.thief");
    ASSERT_EQ(p.filter(kSessionLogin, parks(p)), SARA_OK);
    Outcome o;
    emit(kSessionLogin, login(), o);
    EXPECT_EQ(thief.resume(token, SARA_ACCEPT), SARA_E_STALE);
    EXPECT_EQ(p.resume(token, SARA_REJECT), SARA_OK);
}

TEST_F(Suspend, AnAnswerThatIsNoVerdictIsRefusedAndTheTokenStays) {
    TestPlugin& p = plugin("org.a");
    ASSERT_EQ(p.filter(kSessionLogin, parks(p)), SARA_OK);
    Outcome o;
    emit(kSessionLogin, login(), o);
    EXPECT_EQ(p.resume(token, SARA_SUSPEND), SARA_E_INVALID);
    EXPECT_EQ(p.resume(token, -1), SARA_E_INVALID);
    EXPECT_EQ(p.resume(token, SARA_REJECT, std::string(257, 'x')), SARA_E_INVALID);
    EXPECT_EQ(p.resume(token, SARA_REJECT, std::string(256, 'x')), SARA_OK);
}

TEST_F(Suspend, AnAnswerInsideTheFilterCompletesOnTheNextTurn) {
    TestPlugin& p = plugin("org.a");
    ASSERT_EQ(p.filter(kPacketIn,
                       [&](sara_event* ev) {
                           const sara_id t = p.suspend(ev);
                           EXPECT_EQ(p.resume(t, SARA_ACCEPT), SARA_OK);
                           return SARA_SUSPEND;
                       }),
              SARA_OK);
    Outcome o;
    emit(kPacketIn, packet(), o);
    EXPECT_EQ(o.now, SARA_SUSPEND);
    EXPECT_EQ(o.completions, 0);
    turn();
    EXPECT_EQ(o.completions, 1);
    EXPECT_EQ(o.later, SARA_ACCEPT);
}

TEST_F(Suspend, PassGoesOnWithTheNextFilter) {
    TestPlugin& p = plugin("org.a");
    std::string order;
    ASSERT_EQ(p.filter(
                  kPacketIn,
                  [&](sara_event* ev) {
                      order += '1';
                      token = p.suspend(ev);
                      return SARA_SUSPEND;
                  },
                  900),
              SARA_OK);
    ASSERT_EQ(p.filter(
                  kPacketIn,
                  [&](sara_event*) {
                      order += '2';
                      return SARA_DONE;
                  },
                  100),
              SARA_OK);
    ASSERT_EQ(p.tap(kPacketIn, [&](const sara_event*) { order += 't'; }), SARA_OK);
    Outcome o;
    emit(kPacketIn, packet(), o);
    EXPECT_EQ(order, "1");  // taps wait for the end
    ASSERT_EQ(p.resume(token, SARA_PASS), SARA_OK);
    turn();
    EXPECT_EQ(order, "12t");
    EXPECT_EQ(o.later, SARA_DONE);
}

TEST_F(Suspend, TheSameEventCanWaitTwice) {
    TestPlugin& p = plugin("org.a");
    ASSERT_EQ(p.filter(kSessionLogin, parks(p), 900), SARA_OK);
    ASSERT_EQ(p.filter(kSessionLogin, parks(p), 100), SARA_OK);
    Outcome o;
    std::string jid = "somebody@with-a-long-domain.example/resource";
    emit(kSessionLogin, login(jid), o);
    jid.assign(jid.size(), '#');  // what the emitter had is gone
    const sara_id first = token;
    ASSERT_EQ(p.resume(first, SARA_PASS), SARA_OK);
    turn();
    EXPECT_EQ(o.completions, 0);
    EXPECT_NE(token, first);
    EXPECT_EQ(p.resume(first, SARA_REJECT), SARA_E_STALE);
    ASSERT_EQ(p.resume(token, SARA_PASS), SARA_OK);
    turn();
    EXPECT_EQ(o.later, SARA_PASS);
    EXPECT_EQ(o.jid, "somebody@with-a-long-domain.example/resource");
}

TEST_F(Suspend, TheEventThatTheFilterSawStaysGoodUntilTheAnswer) {
    TestPlugin& p = plugin("org.a");
    ASSERT_EQ(p.filter(kSessionLogin, parks(p)), SARA_OK);
    Outcome o;
    {
        const std::string jid = "short-lived@test/phone";
        emit(kSessionLogin, login(jid), o);
    }
    EXPECT_EQ(text(reinterpret_cast<sara_ev_login*>(event)->jid), "short-lived@test/phone");
    ASSERT_EQ(p.resume(token, SARA_ACCEPT), SARA_OK);
    turn();
    EXPECT_EQ(o.jid, "short-lived@test/phone");
}

TEST_F(Suspend, ThePacketOfAParkedEventIsKeptAndThenGivenBack) {
    TestPlugin& p = plugin("org.a");
    ASSERT_EQ(p.filter(kPacketIn, parks(p)), SARA_OK);
    loop::Buffer* raw = loop::newBuffer(10);
    std::copy_n("id7:b@test", 10, raw->bytes());
    sara_ev_packet ev = packet();
    ev.raw = reinterpret_cast<sara_buf*>(raw);
    ev.id = {reinterpret_cast<const char*>(raw->data), 3};
    Outcome o;
    emit(kPacketIn, ev, o);
    EXPECT_EQ(raw->refs.load(), 2U);
    const auto* parked = reinterpret_cast<sara_ev_packet*>(event);
    EXPECT_EQ(parked->id.ptr, ev.id.ptr);  // a view of the packet is not copied
    EXPECT_NE(parked->to.ptr, ev.to.ptr);
    ASSERT_EQ(p.resume(token, SARA_ACCEPT), SARA_OK);
    turn();
    EXPECT_EQ(raw->refs.load(), 1U);
    loop::unrefBuffer(raw);
}

// --- time ---

TEST_F(Suspend, NoAnswerInTimeGivesTheVerdictOfTheFilterAndTheOthersGoOn) {
    TestPlugin& p = plugin("org.silent");
    ASSERT_EQ(p.filter(kSessionLogin, parks(p, 3000, SARA_REJECT)), SARA_OK);
    Outcome silent, other;
    emit(kSessionLogin, login(), silent);
    const sara_id lost = token;
    advance(2900);
    emit(kSessionLogin, login("b@test"), other);
    EXPECT_EQ(silent.completions, 0);
    ASSERT_EQ(p.resume(token, SARA_ACCEPT), SARA_OK);
    advance(200);
    EXPECT_EQ(silent.completions, 1);
    EXPECT_EQ(silent.later, SARA_REJECT);
    EXPECT_EQ(silent.reason, "filter_timeout");
    EXPECT_EQ(other.later, SARA_ACCEPT);
    EXPECT_EQ(p.resume(lost, SARA_ACCEPT), SARA_E_STALE);
    advance(10'000);
    EXPECT_EQ(silent.completions, 1);
    EXPECT_EQ(other.completions, 1);
}

TEST_F(Suspend, TimeoutVerdictsOfOwnChoiceDoNotSwitchAFilterOff) {
    TestPlugin& p = plugin("org.slow");
    ASSERT_EQ(p.filter(kSessionLogin, parks(p, 100, SARA_REJECT), 500, SARA_ON_FAIL_CLOSED),
              SARA_OK);
    Outcome o;
    for (int i = 0; i < 10; ++i) {
        emit(kSessionLogin, login(), o);
        EXPECT_EQ(o.now, SARA_SUSPEND);
        advance(200);
    }
    EXPECT_EQ(o.completions, 10);
}

TEST_F(Suspend, ATimeoutWithoutVerdictFollowsTheFailurePolicy) {
    TestPlugin& p = plugin("org.a");
    ASSERT_EQ(p.filter(kPacketIn, parks(p, 100, SARA_PASS), 500, SARA_ON_FAIL_OPEN), SARA_OK);
    ASSERT_EQ(p.filter(kPacketRoute, parks(p, 100, SARA_PASS), 500, SARA_ON_FAIL_CLOSED), SARA_OK);
    Outcome open, closed;
    emit(kPacketIn, packet(), open);
    emit(kPacketRoute, packet(), closed);
    advance(200);
    EXPECT_EQ(open.later, SARA_PASS);
    EXPECT_EQ(closed.later, SARA_REJECT);
}

// --- what is refused ---

TEST_F(Suspend, IsRefusedByHooksThatRunPerRecipient) {
    TestPlugin& p = plugin("org.a");
    for (const Hook hook : {kPacketDeliver, kPacketOffline}) {
        token = 1;
        ASSERT_EQ(p.filter(hook, parks(p)), SARA_OK);
        Outcome o;
        emit(hook, packet(), o);
        EXPECT_EQ(token, 0U);
        EXPECT_EQ(o.now, SARA_PASS);
        EXPECT_EQ(o.flags & SARA_EV_CAN_SUSPEND, 0);
    }
}

TEST_F(Suspend, SuspendWithoutATokenIsAFailure) {
    TestPlugin& p = plugin("org.a");
    ASSERT_EQ(p.filter(
                  kPacketIn, [](sara_event*) { return SARA_SUSPEND; }, 500, SARA_ON_FAIL_CLOSED),
              SARA_OK);
    Outcome o;
    emit(kPacketIn, packet(), o);
    EXPECT_EQ(o.now, SARA_REJECT);
}

TEST_F(Suspend, TakesOneTokenPerCallWithSensibleArguments) {
    TestPlugin& p = plugin("org.a");
    TestPlugin& other = plugin("org.b");
    ASSERT_EQ(p.filter(kPacketIn,
                       [&](sara_event* ev) {
                           sara_event foreign{};
                           EXPECT_EQ(p.suspend(ev, 0), 0U);
                           EXPECT_EQ(p.suspend(ev, 60'001), 0U);
                           EXPECT_EQ(p.suspend(ev, 100, SARA_SUSPEND), 0U);
                           EXPECT_EQ(p.suspend(&foreign), 0U);
                           EXPECT_EQ(other.suspend(ev), 0U);  // not its filter
                           EXPECT_NE(p.suspend(ev), 0U);
                           EXPECT_EQ(p.suspend(ev), 0U);
                           return SARA_ACCEPT;
                       }),
              SARA_OK);
    Outcome o;
    emit(kPacketIn, packet(), o);
    EXPECT_EQ(o.now, SARA_ACCEPT);
    EXPECT_EQ(p.suspend(event), 0U);  // not inside a filter
}

TEST_F(Suspend, IsRefusedAtTheLimitOfTheProcess) {
    makeBus(2);
    TestPlugin& p = plugin("org.a");
    ASSERT_EQ(p.filter(kPacketIn, parks(p)), SARA_OK);
    Outcome o[3];
    const int64_t before = loop::Counters::instance().read("bus_suspend_refused_total");
    emit(kPacketIn, packet(), o[0]);
    emit(kPacketIn, packet(), o[1], 1);
    emit(kPacketIn, packet(), o[2]);
    EXPECT_EQ(o[1].now, SARA_SUSPEND);
    EXPECT_EQ(o[2].now, SARA_PASS);
    EXPECT_EQ(loop::Counters::instance().read("bus_suspend_refused_total"), before + 1);
    advance(3100);
    emit(kPacketIn, packet(), o[2]);
    EXPECT_EQ(o[2].now, SARA_SUSPEND);
}

// --- tokens that nobody needs any more ---

TEST_F(Suspend, ATokenThatTheFilterDidNotUseIsStaleAndLeavesNoTimer) {
    TestPlugin& p = plugin("org.a");
    ASSERT_EQ(p.filter(kSessionLogin,
                       [&](sara_event* ev) {
                           token = p.suspend(ev);
                           EXPECT_EQ(p.setStr(ev, SARA_F_REASON, "no"), SARA_OK);
                           return SARA_REJECT;
                       }),
              SARA_OK);
    Outcome o;
    emit(kSessionLogin, login(), o);
    EXPECT_EQ(o.now, SARA_REJECT);
    EXPECT_EQ(o.reason, "no");  // written into the parked copy, then handed over to the turn
    EXPECT_EQ(p.resume(token, SARA_ACCEPT), SARA_E_STALE);
    advance(5000);
    EXPECT_EQ(o.completions, 0);
}

TEST_F(Suspend, AnAnswerOnItsWayToAnUnusedTokenIsDropped) {
    TestPlugin& p = plugin("org.a");
    bool first = true;
    ASSERT_EQ(p.filter(kSessionLogin,
                       [&](sara_event* ev) -> sara_verdict {
                           token = p.suspend(ev);
                           if (!std::exchange(first, false)) return SARA_SUSPEND;
                           EXPECT_EQ(p.resume(token, SARA_REJECT), SARA_OK);
                           return SARA_ACCEPT;
                       }),
              SARA_OK);
    Outcome o, next;
    on(0, [&] {
        sara_ev_login ev = login();
        o.now = bus->hooks().emit(kSessionLogin, &ev.h, &BusTest::finished, &o, kSessionLogin);
        sara_ev_login other = login("b@test");
        next.now =
            bus->hooks().emit(kSessionLogin, &other.h, &BusTest::finished, &next, kSessionLogin);
    });
    EXPECT_EQ(o.now, SARA_ACCEPT);
    EXPECT_EQ(next.now, SARA_SUSPEND);
    turn();
    EXPECT_EQ(o.completions, 0);
    EXPECT_EQ(next.completions, 0);  // the dropped answer was not for this one
    EXPECT_EQ(p.resume(token, SARA_DONE), SARA_OK);
    turn();
    EXPECT_EQ(next.later, SARA_DONE);
}

TEST_F(Suspend, AnInstanceThatEndsGivesItsTimeoutVerdicts) {
    Outcome o;
    TestPlugin& keep = plugin("org.keep");
    int after = 0;
    ASSERT_EQ(keep.filter(
                  kPacketIn,
                  [&](sara_event*) {
                      ++after;
                      return SARA_PASS;
                  },
                  100),
              SARA_OK);
    {
        TestPlugin gone(*bus, identity("org.gone"));
        ASSERT_EQ(gone.filter(kPacketIn, parks(gone, 3000, SARA_PASS), 900), SARA_OK);
        emit(kPacketIn, packet(), o, 1);
    }
    EXPECT_EQ(o.completions, 1);
    EXPECT_EQ(o.later, SARA_PASS);
    EXPECT_EQ(after, 1);  // the chain went on behind the filter that is gone
}

TEST_F(Suspend, ShutDownAnswersEveryToken) {
    TestPlugin& p = plugin("org.a");
    ASSERT_EQ(p.filter(kSessionLogin, parks(p, 60'000, SARA_REJECT)), SARA_OK);
    Outcome o[3];
    emit(kSessionLogin, login(), o[0], 0);
    emit(kSessionLogin, login(), o[1], 1);
    bus->shutDown();
    EXPECT_EQ(o[0].later, SARA_REJECT);
    EXPECT_EQ(o[1].later, SARA_REJECT);
    EXPECT_EQ(p.resume(token, SARA_ACCEPT), SARA_E_STALE);
    emit(kSessionLogin, login(), o[2]);
    EXPECT_EQ(o[2].now, SARA_PASS);  // suspend() gives no token any more
    EXPECT_EQ(token, 0U);
}

}  // namespace
}  // namespace sara::bus
