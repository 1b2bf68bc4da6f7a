// Commands and calls: who answers, how often, and what a caller gets when nobody does.
#include "bus_harness.h"

namespace sara::bus {
namespace {

class Rpc : public BusTest {
  protected:
    struct Answer {
        int times = 0;
        sara_status st = 99;
        std::string result;
        uint32_t loop = UINT32_MAX;
    };
    static void done(void* user, sara_status st, sara_buf* result) noexcept {
        auto& a = *static_cast<Answer*>(user);
        ++a.times;
        a.st = st;
        a.result = result == nullptr
                       ? "-"
                       : std::string(reinterpret_cast<const char*>(result->data), result->len);
        const loop::EventLoop* loop = loop::EventLoop::current();
        a.loop = loop == nullptr ? UINT32_MAX : loop->index();
    }
    // A command that remembers its token, or answers at once with what it was given.
    struct Command {
        TestPlugin* plugin = nullptr;
        bool at_once = false;
        int calls = 0;
        sara_id token = 0;
        std::string params;
        static void run(void* user, sara_id token, sara_buf* params) noexcept {
            auto& c = *static_cast<Command*>(user);
            ++c.calls;
            c.token = token;
            c.params.assign(reinterpret_cast<const char*>(params->data), params->len);
            if (c.at_once) {
                EXPECT_EQ(c.plugin->rpc->reply(c.plugin->h, token, SARA_OK, params), SARA_OK);
            }
        }
    };
    sara_status add(TestPlugin& p, Command& c, std::string_view method = "kick") {
        c.plugin = &p;
        return p.rpc->command(p.h, str("user"), str(method), str("ends a session"), &Command::run,
                              &c, &p.handle);
    }
    void call(TestPlugin& p, Answer& a, uint32_t loop = 0, uint32_t timeout_ms = 500,
              std::string_view method = "kick") {
        on(loop, [&] {
            p.rpc->call(p.h, str("user"), str(method), str("test"), nullptr, timeout_ms, &Rpc::done,
                        &a);
            EXPECT_EQ(a.times, 0);  // never inside the call
        });
    }
};

TEST_F(Rpc, AnAnswerReachesTheCallerOnHisLoop) {
    TestPlugin& p = plugin("org.a");
    TestPlugin& caller = plugin("org.b");
    Command c;
    ASSERT_EQ(add(p, c), SARA_OK);
    Answer a;
    call(caller, a, 1);
    EXPECT_EQ(c.calls, 1);
    EXPECT_EQ(c.params, "{}");
    uint8_t* bytes = nullptr;
    sara_buf* result = p.h->buf_new(p.h, 4, &bytes);
    std::copy_n("true", 4, bytes);
    EXPECT_EQ(p.rpc->reply(p.h, c.token, SARA_OK, result), SARA_OK);
    p.h->buf_unref(p.h, result);
    turn(0);
    EXPECT_EQ(a.times, 0);
    turn(1);
    EXPECT_EQ(a.times, 1);
    EXPECT_EQ(a.st, SARA_OK);
    EXPECT_EQ(a.result, "true");
    EXPECT_EQ(a.loop, 1U);
}

TEST_F(Rpc, ACommandMayAnswerAtOnceAndTheCallerStillHearsLater) {
    TestPlugin& p = plugin("org.a");
    Command c;
    c.at_once = true;
    ASSERT_EQ(add(p, c), SARA_OK);
    Answer a;
    call(p, a);
    turn();
    EXPECT_EQ(a.times, 1);
    EXPECT_EQ(a.result, "{}");
}

TEST_F(Rpc, TheSecondAnswerAndTheLateOneAreStale) {
    TestPlugin& p = plugin("org.a");
    TestPlugin& other = plugin("org.b");
    Command c;
    ASSERT_EQ(add(p, c), SARA_OK);
    Answer a, late;
    call(p, a);
    EXPECT_EQ(other.rpc->reply(other.h, c.token, SARA_OK, nullptr), SARA_E_STALE);
    EXPECT_EQ(p.rpc->reply(p.h, c.token, SARA_E_DENIED, nullptr), SARA_OK);
    EXPECT_EQ(p.rpc->reply(p.h, c.token, SARA_OK, nullptr), SARA_E_STALE);
    turn();
    EXPECT_EQ(a.st, SARA_E_DENIED);
    call(p, late);
    advance(600);
    EXPECT_EQ(late.times, 1);
    EXPECT_EQ(late.st, SARA_E_TIMEOUT);
    EXPECT_EQ(p.rpc->reply(p.h, c.token, SARA_OK, nullptr), SARA_E_STALE);
    advance(600);
    EXPECT_EQ(late.times, 1);
    EXPECT_EQ(a.times, 1);
}

TEST_F(Rpc, ACallThatCannotBeMadeCompletesWithTheReason) {
    TestPlugin& p = plugin("org.a");
    Command c;
    ASSERT_EQ(add(p, c), SARA_OK);
    Answer unknown, no_time, long_name;
    call(p, unknown, 0, 500, "nosuch");
    call(p, no_time, 0, 0);
    call(p, long_name, 0, 500, std::string(65, 'x'));
    turn();
    EXPECT_EQ(unknown.st, SARA_E_NOTFOUND);
    EXPECT_EQ(no_time.st, SARA_E_INVALID);
    EXPECT_EQ(long_name.st, SARA_E_NOTFOUND);
    EXPECT_EQ(unknown.times + no_time.times + long_name.times, 3);
    EXPECT_EQ(c.calls, 0);
}

TEST_F(Rpc, NamesAreUniqueAndInitIsTheTime) {
    TestPlugin& p = plugin("org.a");
    TestPlugin& q = plugin("org.b");
    Command c, d;
    ASSERT_EQ(add(p, c), SARA_OK);
    EXPECT_EQ(add(q, d), SARA_E_EXISTS);
    EXPECT_EQ(add(q, d, "with space"), SARA_E_INVALID);
    EXPECT_EQ(add(q, d, ""), SARA_E_INVALID);
    EXPECT_FALSE(bus->commands().add("user", "kick", "", &Command::run, &d));
    EXPECT_TRUE(bus->commands().add("sara", "stats", "counters", &Command::run, &d));
    ASSERT_EQ(bus->commands().list().size(), 2U);
    EXPECT_EQ(bus->commands().list()[1].plugin, "a");
    q.host->enter(PluginPhase::kRunning);
    EXPECT_EQ(add(q, d, "late"), SARA_E_INVALID);
    EXPECT_EQ(p.bus_table->unsubscribe(p.h, p.handle), SARA_OK);
    EXPECT_EQ(bus->commands().list().size(), 1U);
}

TEST_F(Rpc, AFilterRefusesWithItsReason) {
    TestPlugin& p = plugin("org.a");
    Command c;
    ASSERT_EQ(add(p, c), SARA_OK);
    ASSERT_EQ(p.filter(kRpcCall,
                       [&](sara_event* ev) {
                           const auto* rpc = reinterpret_cast<sara_ev_rpc*>(ev);
                           EXPECT_EQ(text(rpc->service) + "." + text(rpc->method), "user.kick");
                           EXPECT_EQ(text(rpc->peer), "test");
                           EXPECT_EQ(p.setStr(ev, SARA_F_REASON, "error \"token\""), SARA_OK);
                           return SARA_REJECT;
                       }),
              SARA_OK);
    Answer a;
    call(p, a);
    turn();
    EXPECT_EQ(a.st, SARA_E_DENIED);
    EXPECT_EQ(a.result, R"("error \"token\"")");
    EXPECT_EQ(c.calls, 0);
}

TEST_F(Rpc, AFilterThatWaitsHoldsTheCallAndItsTimeoutStillCounts) {
    TestPlugin& p = plugin("org.a");
    Command c;
    c.at_once = true;
    ASSERT_EQ(add(p, c), SARA_OK);
    sara_id token = 0;
    ASSERT_EQ(p.filter(kRpcCall,
                       [&](sara_event* ev) {
                           token = p.suspend(ev, 3000, SARA_REJECT);
                           return SARA_SUSPEND;
                       }),
              SARA_OK);
    Answer let_in, too_late;
    call(p, let_in);
    EXPECT_EQ(c.calls, 0);
    EXPECT_EQ(p.resume(token, SARA_PASS), SARA_OK);
    turn();
    turn();
    EXPECT_EQ(c.calls, 1);
    EXPECT_EQ(let_in.st, SARA_OK);
    call(p, too_late, 0, 100);
    advance(200);
    EXPECT_EQ(too_late.st, SARA_E_TIMEOUT);
    EXPECT_EQ(p.resume(token, SARA_PASS), SARA_OK);  // the filter's token is alive, the call is not
    turn();
    turn();
    EXPECT_EQ(too_late.times, 1);
    EXPECT_EQ(c.calls, 1);
}

TEST_F(Rpc, CallsEndWithThePluginThatAskedOrShouldAnswer) {
    TestPlugin& p = plugin("org.a");
    Command mine, theirs;
    Answer asked_by_gone, answered_by_gone;
    ASSERT_EQ(add(p, mine), SARA_OK);
    {
        TestPlugin gone(*bus, identity("org.gone"));
        ASSERT_EQ(add(gone, theirs, "other"), SARA_OK);
        call(gone, asked_by_gone);
        call(p, answered_by_gone, 1, 500, "other");
    }
    EXPECT_EQ(asked_by_gone.st, SARA_E_CLOSED);
    EXPECT_EQ(answered_by_gone.st, SARA_E_CLOSED);
    EXPECT_EQ(p.rpc->reply(p.h, mine.token, SARA_OK, nullptr), SARA_E_STALE);
    advance(1000);
    EXPECT_EQ(asked_by_gone.times, 1);
    EXPECT_EQ(answered_by_gone.times, 1);
}

TEST_F(Rpc, ShutDownEndsEveryCallAndTakesNoMore) {
    TestPlugin& p = plugin("org.a");
    Command c;
    ASSERT_EQ(add(p, c), SARA_OK);
    Answer open, after;
    call(p, open);
    bus->shutDown();
    EXPECT_EQ(open.st, SARA_E_CLOSED);
    call(p, after);
    turn();
    EXPECT_EQ(after.st, SARA_E_CLOSED);
    EXPECT_EQ(after.times, 1);
}

TEST_F(Rpc, FindTellsAServiceWithoutTheMethodFromNoServiceAtAll) {
    TestPlugin& p = plugin("org.a");
    Command c;
    ASSERT_EQ(add(p, c), SARA_OK);
    uint32_t flags = 99;
    EXPECT_EQ(p.rpc->find(p.h, str("user"), str("kick"), &flags), SARA_OK);
    EXPECT_EQ(flags, 0U);
    EXPECT_EQ(p.rpc->find(p.h, str("user"), str("kic"), &flags), SARA_E_NOTFOUND);
    EXPECT_EQ(p.rpc->find(p.h, str("user"), str(""), &flags), SARA_E_NOTFOUND);
    EXPECT_EQ(p.rpc->find(p.h, str("use"), str("kick"), &flags), SARA_E_UNSUPPORTED);
    EXPECT_EQ(p.rpc->find(p.h, str("users"), str("kick"), nullptr), SARA_E_UNSUPPORTED);
    EXPECT_EQ(p.rpc->find(p.h, str(""), str("kick"), nullptr), SARA_E_UNSUPPORTED);
    EXPECT_EQ(p.rpc->find(p.h, str("user\nkick"), str("x"), nullptr), SARA_E_UNSUPPORTED);
}

TEST_F(Rpc, ASelfCheckedCommandLearnsWhetherItsCallerIsTrusted) {
    TestPlugin& p = plugin("org.a");
    struct Seen {
        TestPlugin* plugin;
        std::vector<uint32_t> flags;
    } seen{&p, {}};
    const auto run = [](void* user, sara_id token, sara_buf*) noexcept {
        auto& s = *static_cast<Seen*>(user);
        s.flags.push_back(s.plugin->rpc->call_flags(s.plugin->h, token));
        // The token of another call is not this one.
        EXPECT_EQ(s.plugin->rpc->call_flags(s.plugin->h, token + 1), 0U);
        EXPECT_EQ(s.plugin->rpc->reply(s.plugin->h, token, SARA_OK, nullptr), SARA_OK);
    };
    EXPECT_EQ(p.rpc->command_with(p.h, str("list"), str("add"), str(""), 2, run, &seen, nullptr),
              SARA_E_INVALID);
    ASSERT_EQ(p.rpc->command_with(p.h, str("list"), str("add"), str(""), SARA_RPC_SELF_CHECKED, run,
                                  &seen, nullptr),
              SARA_OK);
    uint32_t flags = 0;
    EXPECT_EQ(p.rpc->find(p.h, str("list"), str("add"), &flags), SARA_OK);
    EXPECT_EQ(flags, uint32_t{SARA_RPC_SELF_CHECKED});
    Answer a;
    on(0, [&] {
        p.rpc->call_with(p.h, str("list"), str("add"), str("t"), nullptr, SARA_RPC_TRUSTED, 500,
                         &Rpc::done, &a);
        p.rpc->call_with(p.h, str("list"), str("add"), str("t"), nullptr, 0, 500, &Rpc::done, &a);
        p.rpc->call(p.h, str("list"), str("add"), str("t"), nullptr, 500, &Rpc::done, &a);
    });
    turn(0);
    EXPECT_EQ(a.times, 3);
    EXPECT_EQ(seen.flags, (std::vector<uint32_t>{SARA_RPC_TRUSTED, 0, 0}));
    EXPECT_EQ(p.rpc->call_flags(p.h, 1), 0U);
}

TEST_F(Rpc, AFailureMayCarryAResult) {
    TestPlugin& p = plugin("org.a");
    Command c;
    ASSERT_EQ(add(p, c), SARA_OK);
    Answer a;
    call(p, a);
    uint8_t* bytes = nullptr;
    sara_buf* result = p.h->buf_new(p.h, 4, &bytes);
    std::copy_n("\"no\"", 4, bytes);
    EXPECT_EQ(p.rpc->reply(p.h, c.token, SARA_E_NOTFOUND, result), SARA_OK);
    p.h->buf_unref(p.h, result);
    turn(0);
    EXPECT_EQ(a.st, SARA_E_NOTFOUND);
    EXPECT_EQ(a.result, "\"no\"");
}

}  // namespace
}  // namespace sara::bus
