// The host tables: identity, buffers, configuration, log, metrics, services, loops.
#include <sys/socket.h>
#include <unistd.h>

#include "bus_harness.h"
#include "loop/counters.h"

namespace sara::bus {
namespace {

using Tables = BusTest;

TEST_F(Tables, ThePluginReadsWhoAndWhereItIs) {
    TestPlugin& p = plugin("org.sara.transport-tcp");
    EXPECT_EQ(p.h->struct_size, sizeof(sara_host));
    EXPECT_STREQ(p.h->server_name, "sara");
    EXPECT_STREQ(p.h->server_version, "1.2.3");
    EXPECT_STREQ(p.h->node_id, "n07");
    EXPECT_STREQ(p.h->instance, "org.sara.transport-tcp" + 9);
    EXPECT_EQ(p.h->loop_count, kLoops);
    EXPECT_EQ(p.h->get_extension(p.h, "sara.nothing/9"), nullptr);
    EXPECT_EQ(p.h->get_extension(p.h, nullptr), nullptr);
    EXPECT_EQ(Bus::pluginOf(p.h), p.host.get());
    sara_host foreign{};
    EXPECT_EQ(Bus::pluginOf(&foreign), nullptr);
    EXPECT_EQ(Bus::pluginOf(nullptr), nullptr);
    EXPECT_EQ(p.h->this_loop(p.h), UINT32_MAX);
    on(1, [&] { EXPECT_EQ(p.h->this_loop(p.h), 1U); });
}

TEST_F(Tables, AnAddedExtensionIsFoundByEveryPlugin) {
    TestPlugin& p = plugin("org.a");
    static const int table = 0;
    bus->addExtension("sara.gate/1", &table);
    EXPECT_EQ(p.h->get_extension(p.h, "sara.gate/1"), &table);
}

TEST_F(Tables, BuffersAreCountedAndFreedOnce) {
    TestPlugin& p = plugin("org.a");
    uint8_t* bytes = nullptr;
    sara_buf* b = p.h->buf_new(p.h, 3, &bytes);
    ASSERT_NE(b, nullptr);
    bytes[0] = 'x';
    EXPECT_EQ(b->len, 3U);
    EXPECT_EQ(b->data[0], 'x');
    EXPECT_EQ(p.h->buf_ref(p.h, b), b);
    p.h->buf_unref(p.h, b);
    p.h->buf_unref(p.h, b);
    p.h->buf_unref(p.h, nullptr);
    int freed = 0;
    b = p.h->buf_wrap(
        p.h, "abc", 3, [](void* n) noexcept { ++*static_cast<int*>(n); }, &freed);
    p.h->buf_ref(p.h, b);
    p.h->buf_unref(p.h, b);
    EXPECT_EQ(freed, 0);
    p.h->buf_unref(p.h, b);
    EXPECT_EQ(freed, 1);
}

TEST_F(Tables, ConfigurationIsReadByTypeAndNothingElse) {
    PluginIdentity i = identity("org.a");
    i.config_json =
        R"({"s":"text","n":-5,"b":true,"big":18446744073709551615,"f":1.5,"a":[1],"z":null})";
    TestPlugin p(*bus, i);
    const auto* config = p.extension<sara_config>(SARA_EXT_CONFIG);
    sara_str s{};
    int64_t n = 0;
    int32_t b = 0;
    EXPECT_EQ(config->get_str(p.h, "s", &s), SARA_OK);
    EXPECT_EQ(text(s), "text");
    EXPECT_EQ(config->get_int(p.h, "n", &n), SARA_OK);
    EXPECT_EQ(n, -5);
    EXPECT_EQ(config->get_bool(p.h, "b", &b), SARA_OK);
    EXPECT_EQ(b, 1);
    for (const char* key : {"n", "b", "f", "a"}) {
        EXPECT_EQ(config->get_str(p.h, key, &s), SARA_E_INVALID) << key;
    }
    for (const char* key : {"s", "b", "f", "a", "big"}) {
        EXPECT_EQ(config->get_int(p.h, key, &n), SARA_E_INVALID) << key;
    }
    EXPECT_EQ(config->get_bool(p.h, "n", &b), SARA_E_INVALID);
    EXPECT_EQ(config->get_str(p.h, "z", &s), SARA_E_NOTFOUND);
    EXPECT_EQ(config->get_int(p.h, "absent", &n), SARA_E_NOTFOUND);
    EXPECT_EQ(config->get_int(p.h, nullptr, &n), SARA_E_INVALID);
    EXPECT_EQ(config->get_json(p.h, &s), SARA_OK);
    EXPECT_EQ(text(s), i.config_json);
}

TEST_F(Tables, AConfigurationThatIsNoObjectAdmitsNobody) {
    for (const char* bad : {"[1]", "{", "7", "nonsense"}) {
        PluginIdentity i = identity("org.a");
        i.config_json = bad;
        EXPECT_EQ(bus->admit(i), nullptr) << bad;
        EXPECT_NE(log.last().find("configuration"), std::string::npos);
    }
}

TEST_F(Tables, ALogLineIsOneLineOfBoundedLength) {
    TestPlugin& p = plugin("org.sara.x");
    const auto* table = p.extension<sara_log>(SARA_EXT_LOG);
    EXPECT_EQ(table->enabled(p.h, SARA_LOG_DEBUG), 1);
    table->write(p.h, SARA_LOG_WARN, str("one\ntwo\x1b[31m"));
    EXPECT_EQ(log.last(), "x: one\\ntwo\\x1b[31m");
    EXPECT_EQ(log.count(loop::LogLevel::kWarn), 1U);
    table->write(p.h, SARA_LOG_INFO, str(std::string(4095, 'a') + "\xc3\xa4 tail"));
    EXPECT_EQ(log.last(), "x: " + std::string(4095, 'a'));  // no half character
    table->write(p.h, 99, str("odd level"));
    EXPECT_EQ(log.count(loop::LogLevel::kDebug), 1U);
}

TEST_F(Tables, MetricsAreDefinedFromInitOnAndAdded) {
    TestPlugin& p = plugin("org.a");
    const auto* metrics = p.extension<sara_metrics>(SARA_EXT_METRICS);
    p.host->enter(PluginPhase::kCreate);
    EXPECT_EQ(metrics->define(p.h, SARA_COUNTER, str("bus_test_total"), str("")), UINT32_MAX);
    p.host->enter(PluginPhase::kInit);
    const uint32_t id = metrics->define(p.h, SARA_COUNTER, str("bus_test_total"), str("test"));
    ASSERT_NE(id, UINT32_MAX);
    EXPECT_EQ(metrics->define(p.h, SARA_COUNTER, str("bus_test_total"), str("test")), id);
    EXPECT_EQ(metrics->define(p.h, SARA_GAUGE, str("bus_test_total"), str("test")), UINT32_MAX);
    EXPECT_EQ(metrics->define(p.h, 7, str("bus_test_b_total"), str("test")), UINT32_MAX);
    EXPECT_EQ(metrics->define(p.h, SARA_COUNTER, str("Not Valid"), str("test")), UINT32_MAX);
    const int64_t before = loop::Counters::instance().read("bus_test_total");
    metrics->add(p.h, id, 5);
    metrics->add(p.h, UINT32_MAX, 5);
    metrics->add(p.h, 5000, 5);
    EXPECT_EQ(loop::Counters::instance().read("bus_test_total"), before + 5);
}

// --- services ---

TEST_F(Tables, AServiceHasOneProviderAndIsFoundByWhoRequiresIt) {
    PluginIdentity store = identity("org.store");
    store.provides = {"sara.store/1"};
    PluginIdentity user = identity("org.user");
    user.uses = {"sara.store/1"};
    TestPlugin a(*bus, store), b(*bus, store), u(*bus, user), stranger(*bus, identity("org.s"));
    const int api = 0, other_api = 0;
    int self = 0;
    const auto* services = u.extension<sara_services>(SARA_EXT_SERVICES);
    const sara_service* s = services->find(u.h, "sara.store/1");
    ASSERT_NE(s, nullptr);
    EXPECT_EQ(s->api, nullptr);
    EXPECT_EQ(services->find(stranger.h, "sara.store/1"), nullptr);
    EXPECT_EQ(services->find(u.h, "sara.auth/1"), nullptr);

    EXPECT_TRUE(bus->provide(*a.host, "sara.store/1", &api, &self));
    EXPECT_FALSE(bus->provide(*b.host, "sara.store/1", &other_api, &self));
    EXPECT_FALSE(bus->provide(*stranger.host, "sara.store/1", &other_api, &self));
    EXPECT_NE(log.last().find("provides"), std::string::npos);
    EXPECT_EQ(s->api, &api);
    EXPECT_EQ(s->self, &self);
    EXPECT_EQ(bus->services().handle("sara.store/1"), s);

    const uint32_t epoch = s->epoch;
    bus->withdraw(*a.host);
    EXPECT_EQ(s->api, nullptr);
    EXPECT_NE(s->epoch, epoch);
    EXPECT_TRUE(bus->provide(*b.host, "sara.store/1", &other_api, &self));
    b.host.reset();
    EXPECT_EQ(s->api, nullptr);
}

TEST_F(Tables, TransportsAreManyAndNeverConflict) {
    PluginIdentity tcp = identity("org.tcp");
    tcp.provides = {SARA_SVC_TRANSPORT};
    TestPlugin a(*bus, tcp), b(*bus, tcp);
    const int api = 0;
    EXPECT_TRUE(bus->provide(*a.host, SARA_SVC_TRANSPORT, &api, nullptr));
    EXPECT_TRUE(bus->provide(*b.host, SARA_SVC_TRANSPORT, &api, nullptr));
}

// --- loops ---

void count(void* n) noexcept { ++*static_cast<int*>(n); }

TEST_F(Tables, TimersRunOnTheirLoopAndAreCancelled) {
    TestPlugin& p = plugin("org.a");
    int once = 0, each = 0, never = 0;
    EXPECT_EQ(p.loop->timer(p.h, 10, 0, &count, &once), 0U);  // off the loops
    sara_id periodic = 0;
    on(0, [&] {
        EXPECT_NE(p.loop->timer(p.h, 10, 0, &count, &once), 0U);
        periodic = p.loop->timer(p.h, 10, 10, &count, &each);
        const sara_id id = p.loop->timer(p.h, 10, 0, &count, &never);
        p.loop->timer_cancel(p.h, id);
        p.loop->timer_cancel(p.h, id);
        EXPECT_EQ(p.loop->now_ms(p.h), clock.monotonicMs());
        EXPECT_EQ(p.loop->wall_ms(p.h), clock.wallMs());
    });
    for (int i = 0; i < 3; ++i) advance(20);
    EXPECT_EQ(once, 1);
    EXPECT_EQ(never, 0);
    EXPECT_GE(each, 3);
    on(1, [&] { p.loop->timer_cancel(p.h, periodic); });  // of another loop: stale there
    const int before = each;
    advance(20);
    EXPECT_GT(each, before);
    on(0, [&] { p.loop->timer_cancel(p.h, periodic); });
    const int after = each;
    advance(50);
    EXPECT_EQ(each, after);
}

TEST_F(Tables, AOneShotTimerThatHasRunCannotCancelTheNextOne) {
    TestPlugin& p = plugin("org.a");
    int first = 0, second = 0;
    sara_id old = 0;
    on(0, [&] { old = p.loop->timer(p.h, 1, 0, &count, &first); });
    advance(20);
    on(0, [&] {
        EXPECT_NE(p.loop->timer(p.h, 1, 0, &count, &second), 0U);
        p.loop->timer_cancel(p.h, old);
    });
    advance(20);
    EXPECT_EQ(second, 1);
}

TEST_F(Tables, WatchesReportAndStop) {
    TestPlugin& p = plugin("org.a");
    int fds[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    int reads = 0;
    const auto io = [](void* user, uint32_t events) noexcept {
        if (events & SARA_IO_READ) ++*static_cast<int*>(user);
    };
    sara_id id = 0;
    on(0, [&] {
        EXPECT_EQ(p.loop->watch(p.h, -1, SARA_IO_READ, io, &reads), 0U);
        id = p.loop->watch(p.h, fds[0], SARA_IO_READ, io, &reads);
        EXPECT_NE(id, 0U);
    });
    ASSERT_EQ(write(fds[1], "x", 1), 1);
    turn();
    EXPECT_EQ(reads, 1);
    on(0, [&] { EXPECT_EQ(p.loop->rewatch(p.h, id, 0), SARA_OK); });
    turn();
    const int before = reads;
    turn();
    EXPECT_EQ(reads, before);
    on(0, [&] {
        p.loop->unwatch(p.h, id);
        EXPECT_EQ(p.loop->rewatch(p.h, id, SARA_IO_READ), SARA_E_STALE);
    });
    EXPECT_EQ(p.loop->rewatch(p.h, id, 0), SARA_E_THREAD);
    turn();
    EXPECT_EQ(reads, before);
    close(fds[0]);
    close(fds[1]);
}

TEST_F(Tables, PostsAndTurnEndsRunOnTheLoopThatWasNamed) {
    TestPlugin& p = plugin("org.a");
    int posted = 0, ended = 0;
    EXPECT_EQ(p.loop->post(p.h, 1, &count, &posted), SARA_OK);
    EXPECT_EQ(p.loop->post(p.h, kLoops, &count, &posted), SARA_E_INVALID);
    turn(0);
    EXPECT_EQ(posted, 0);
    turn(1);
    EXPECT_EQ(posted, 1);
    on(0, [&] {
        p.loop->at_turn_end(p.h, &count, &ended);
        EXPECT_EQ(ended, 0);
    });
    EXPECT_EQ(ended, 1);
}

TEST_F(Tables, WhatAnInstanceLeavesOnTheLoopsIsRemoved) {
    int calls = 0;
    int fds[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    ASSERT_EQ(write(fds[1], "x", 1), 1);
    {
        TestPlugin gone(*bus, identity("org.gone"));
        for (uint32_t loop = 0; loop < kLoops; ++loop) {
            loops.at(loop).enter(
                [](void* user, uint32_t) {
                    auto& [plugin, n, fd] = *static_cast<std::tuple<TestPlugin*, int*, int>*>(user);
                    plugin->loop->timer(plugin->h, 1, 0, &count, n);
                    plugin->loop->timer(plugin->h, 1, 1, &count, n);
                    plugin->loop->at_turn_end(plugin->h, &count, n);
                    const auto io = [](void* u, uint32_t) noexcept { count(u); };
                    plugin->loop->watch(plugin->h, fd, SARA_IO_READ, io, n);
                },
                std::make_unique<std::tuple<TestPlugin*, int*, int>>(&gone, &calls, fds[0]).get());
        }
    }
    advance(100);
    advance(100);
    EXPECT_EQ(calls, 0);
    close(fds[0]);
    close(fds[1]);
}

}  // namespace
}  // namespace sara::bus
