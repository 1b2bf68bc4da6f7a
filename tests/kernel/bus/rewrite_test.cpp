// What filters may change, how long the change lives, and who checks a replaced packet.
#include "bus_harness.h"

namespace sara::bus {
namespace {

using Rewrite = BusTest;

// Accepts everything that begins with '{' and finds the recipient behind it.
bool checkPacket(const sara_ev_packet& before, const uint8_t* data, uint64_t len,
                 sara_ev_packet* after) noexcept {
    if (len < 2 || data[0] != '{' || before.type != after->type) return false;
    after->to = {reinterpret_cast<const char*>(data) + 1, len - 1};
    return true;
}

sara_buf* bufferOf(const TestPlugin& p, std::string_view s) {
    uint8_t* bytes = nullptr;
    sara_buf* b = p.h->buf_new(p.h, s.size(), &bytes);
    std::copy(s.begin(), s.end(), bytes);
    return b;
}

uint32_t refsOf(const sara_buf* b) { return reinterpret_cast<const loop::Buffer*>(b)->refs.load(); }

TEST_F(Rewrite, TheNextFilterAndTheCallerSeeTheNewValue) {
    TestPlugin& p = plugin("org.a");
    std::string seen;
    ASSERT_EQ(p.filter(
                  kPacketIn,
                  [&](sara_event* ev) {
                      std::string to = "redirected@test";
                      EXPECT_EQ(p.setStr(ev, SARA_F_TO, to), SARA_OK);
                      to.assign(to.size(), '#');  // it was copied
                      return SARA_PASS;
                  },
                  900),
              SARA_OK);
    ASSERT_EQ(p.filter(
                  kPacketIn,
                  [&](sara_event* ev) {
                      seen = text(reinterpret_cast<sara_ev_packet*>(ev)->to);
                      return SARA_PASS;
                  },
                  100),
              SARA_OK);
    Outcome o;
    emit(kPacketIn, packet(), o);
    EXPECT_EQ(seen, "redirected@test");
    EXPECT_EQ(o.to, "redirected@test");
    EXPECT_TRUE(o.flags & SARA_EV_DIRTY);
}

TEST_F(Rewrite, AnUntouchedEventIsNotDirty) {
    TestPlugin& p = plugin("org.a");
    ASSERT_EQ(p.filter(kPacketIn, [](sara_event*) { return SARA_PASS; }), SARA_OK);
    Outcome o;
    emit(kPacketIn, packet(), o);
    EXPECT_FALSE(o.flags & SARA_EV_DIRTY);
    EXPECT_EQ(o.to, "b@test");
}

TEST_F(Rewrite, EachHookHasItsOwnFields) {
    TestPlugin& p = plugin("org.a");
    const auto tries = [&](sara_status to, sara_status members) {
        return [&p, to, members](sara_event* ev) {
            EXPECT_EQ(p.setStr(ev, SARA_F_REASON, "because"), SARA_OK);
            EXPECT_EQ(p.setStr(ev, SARA_F_TO, "c@test"), to);
            EXPECT_EQ(p.setStr(ev, SARA_F_MEMBERS, "a@test,b@test"), members);
            EXPECT_EQ(p.setStr(ev, 99, "x"), SARA_E_UNSUPPORTED);
            return SARA_ACCEPT;
        };
    };
    constexpr sara_status kNo = SARA_E_UNSUPPORTED;
    ASSERT_EQ(p.filter(kPacketIn, tries(SARA_OK, kNo)), SARA_OK);
    ASSERT_EQ(p.filter(kPacketRoute, tries(SARA_OK, kNo)), SARA_OK);
    ASSERT_EQ(p.filter(kPacketDeliver, tries(kNo, kNo)), SARA_OK);
    ASSERT_EQ(p.filter(kGroupExpand, tries(kNo, SARA_OK)), SARA_OK);
    ASSERT_EQ(p.filter(kSessionLogin, tries(kNo, kNo)), SARA_OK);
    ASSERT_EQ(p.filter(kConnOpen, tries(kNo, kNo)), SARA_OK);
    Outcome in, route, deliver, group, session, conn;
    emit(kPacketIn, packet(), in);
    emit(kPacketRoute, packet(), route);
    emit(kPacketDeliver, packet(), deliver);
    emit(kGroupExpand, sara_ev_group{}, group);
    emit(kSessionLogin, login(), session);
    emit(kConnOpen, sara_ev_conn{}, conn);
    EXPECT_EQ(deliver.reason, "because");
    EXPECT_EQ(group.members, "a@test,b@test");
    EXPECT_EQ(session.reason, "because");
}

TEST_F(Rewrite, OnlyTheFilterThatRunsMayWrite) {
    TestPlugin& p = plugin("org.a");
    TestPlugin& other = plugin("org.b");
    sara_event* kept = nullptr;
    ASSERT_EQ(p.filter(kPacketIn,
                       [&](sara_event* ev) {
                           kept = ev;
                           EXPECT_EQ(other.setStr(ev, SARA_F_TO, "x@test"), SARA_E_INVALID);
                           return SARA_PASS;
                       }),
              SARA_OK);
    ASSERT_EQ(p.tap(kPacketIn,
                    [&](const sara_event* ev) {
                        EXPECT_EQ(p.setStr(const_cast<sara_event*>(ev), SARA_F_TO, "x@test"),
                                  SARA_E_INVALID);
                    }),
              SARA_OK);
    Outcome o;
    emit(kPacketIn, packet(), o);
    on(0, [&] { EXPECT_EQ(p.setStr(kept, SARA_F_TO, "late@test"), SARA_E_INVALID); });
    EXPECT_EQ(o.to, "b@test");
}

TEST_F(Rewrite, AValueAboveTheLimitIsRefused) {
    TestPlugin& p = plugin("org.a");
    const std::string big(1 << 20, 'x');
    ASSERT_EQ(p.filter(kGroupExpand,
                       [&](sara_event* ev) {
                           EXPECT_EQ(p.setStr(ev, SARA_F_MEMBERS, big + "x"), SARA_E_FULL);
                           EXPECT_EQ(p.setStr(ev, SARA_F_MEMBERS, big), SARA_OK);
                           return SARA_ACCEPT;
                       }),
              SARA_OK);
    Outcome o;
    emit(kGroupExpand, sara_ev_group{}, o);
    EXPECT_EQ(o.members, big);
}

TEST_F(Rewrite, AParkedEventTakesMembersBeforeItsAnswer) {
    TestPlugin& p = plugin("org.a");
    TestPlugin& other = plugin("org.b");
    sara_id token = 0;
    sara_event* parked = nullptr;
    ASSERT_EQ(p.filter(kGroupExpand,
                       [&](sara_event* ev) {
                           parked = ev;
                           token = p.suspend(ev);
                           return SARA_SUSPEND;
                       }),
              SARA_OK);
    Outcome o;
    emit(kGroupExpand, sara_ev_group{}, o);
    turn();
    on(0, [&] {
        EXPECT_EQ(other.setStr(parked, SARA_F_MEMBERS, "x@test"), SARA_E_INVALID);
        EXPECT_EQ(p.setStr(parked, SARA_F_MEMBERS, "a@test,b@test"), SARA_OK);
    });
    on(1, [&] { EXPECT_EQ(p.setStr(parked, SARA_F_MEMBERS, "x@test"), SARA_E_INVALID); });
    EXPECT_EQ(p.setStr(parked, SARA_F_MEMBERS, "x@test"), SARA_E_THREAD);
    ASSERT_EQ(p.resume(token, SARA_ACCEPT), SARA_OK);
    on(0, [&] { EXPECT_EQ(p.setStr(parked, SARA_F_MEMBERS, "x@test"), SARA_E_INVALID); });
    EXPECT_EQ(o.members, "a@test,b@test");
}

// --- whole packets ---

TEST_F(Rewrite, APacketIsReplacedWhenTheCheckAgrees) {
    bus->hooks().setPacketCheck(&checkPacket);
    TestPlugin& p = plugin("org.a");
    sara_buf* raw = bufferOf(p, "{c@test");
    sara_buf* bad = bufferOf(p, "no");
    std::string seen;
    ASSERT_EQ(p.filter(
                  kPacketIn,
                  [&](sara_event* ev) {
                      EXPECT_EQ(p.bus_table->set_raw(p.h, ev, bad), SARA_E_INVALID);
                      EXPECT_EQ(p.bus_table->set_raw(p.h, ev, nullptr), SARA_E_INVALID);
                      EXPECT_EQ(p.bus_table->set_raw(p.h, ev, raw), SARA_OK);
                      return SARA_PASS;
                  },
                  900),
              SARA_OK);
    ASSERT_EQ(p.filter(
                  kPacketIn,
                  [&](sara_event* ev) {
                      const auto* now = reinterpret_cast<sara_ev_packet*>(ev);
                      EXPECT_EQ(now->raw, raw);
                      seen = text(now->to);
                      return SARA_PASS;
                  },
                  100),
              SARA_OK);
    on(0, [&] {
        sara_ev_packet ev = packet();
        (void)bus->hooks().emit(kPacketIn, &ev.h, nullptr, nullptr, 0);
        EXPECT_EQ(ev.raw, raw);
        EXPECT_TRUE(ev.h.flags & SARA_EV_DIRTY);
        EXPECT_EQ(refsOf(raw), 2U);
    });
    EXPECT_EQ(seen, "c@test");
    EXPECT_EQ(refsOf(raw), 1U);  // the turn has ended
    EXPECT_EQ(refsOf(bad), 1U);
    p.h->buf_unref(p.h, raw);
    p.h->buf_unref(p.h, bad);
}

TEST_F(Rewrite, APacketIsNotReplacedWithoutACheckOrInOtherHooks) {
    TestPlugin& p = plugin("org.a");
    sara_buf* raw = bufferOf(p, "{c@test");
    sara_status want = SARA_E_INVALID;
    const auto replaces = [&](sara_event* ev) {
        EXPECT_EQ(p.bus_table->set_raw(p.h, ev, raw), want);
        return SARA_PASS;
    };
    ASSERT_EQ(p.filter(kPacketDeliver, replaces), SARA_OK);
    ASSERT_EQ(p.filter(kPacketRoute, replaces), SARA_OK);
    Outcome o;
    emit(kPacketDeliver, packet(), o);
    bus->hooks().setPacketCheck(&checkPacket);
    want = SARA_E_UNSUPPORTED;
    emit(kPacketRoute, packet(), o);
    want = SARA_OK;
    emit(kPacketDeliver, packet(), o);
    EXPECT_EQ(o.to, "c@test");
    p.h->buf_unref(p.h, raw);
}

TEST_F(Rewrite, MemoryOfThePluginIsCopiedBeforeItIsChecked) {
    bus->hooks().setPacketCheck(&checkPacket);
    TestPlugin& p = plugin("org.a");
    char memory[] = "{c@test";
    int freed = 0;
    const auto free_fn = [](void* user) noexcept { ++*static_cast<int*>(user); };
    ASSERT_EQ(p.filter(kPacketIn,
                       [&](sara_event* ev) {
                           sara_buf* b = p.h->buf_wrap(p.h, memory, 7, free_fn, &freed);
                           EXPECT_EQ(p.bus_table->set_raw(p.h, ev, b), SARA_OK);
                           p.h->buf_unref(p.h, b);
                           EXPECT_EQ(freed, 1);
                           memory[1] = '#';
                           return SARA_PASS;
                       }),
              SARA_OK);
    Outcome o;
    emit(kPacketIn, packet(), o);
    EXPECT_EQ(o.to, "c@test");
}

TEST_F(Rewrite, AReplacedPacketLivesAsLongAsTheParkedEvent) {
    bus->hooks().setPacketCheck(&checkPacket);
    TestPlugin& p = plugin("org.a");
    sara_buf* raw = bufferOf(p, "{c@test");
    sara_id token = 0;
    ASSERT_EQ(p.filter(kPacketIn,
                       [&](sara_event* ev) {
                           EXPECT_EQ(p.bus_table->set_raw(p.h, ev, raw), SARA_OK);
                           token = p.suspend(ev);
                           return SARA_SUSPEND;
                       }),
              SARA_OK);
    Outcome o;
    emit(kPacketIn, packet(), o);
    turn();
    EXPECT_EQ(refsOf(raw), 2U);
    ASSERT_EQ(p.resume(token, SARA_PASS), SARA_OK);
    turn();
    EXPECT_EQ(o.to, "c@test");
    EXPECT_EQ(refsOf(raw), 1U);
    p.h->buf_unref(p.h, raw);
}

}  // namespace
}  // namespace sara::bus
