// The fake host keeps the rules that plugins rely on.
#include "testkit/host/fake_host.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <string>
#include <thread>

namespace sara::testkit {
namespace {

const sara_loop* loopOf(const FakeHost& host) {
    return static_cast<const sara_loop*>(host.table()->get_extension(host.table(), SARA_EXT_LOOP));
}

void count(void* user) noexcept { ++*static_cast<int*>(user); }

TEST(FakeHost, FillsDefaultsOfTheManifestIntoTheConfig) {
    FakeHost host({.config_json = R"({"a": 5})",
                   .manifest_json = R"({"config": {"a": {"type": "integer", "default": 1},
                                        "b": {"type": "string", "default": "x"}}})"});
    const auto* config =
        static_cast<const sara_config*>(host.table()->get_extension(host.table(), SARA_EXT_CONFIG));
    int64_t a = 0;
    EXPECT_EQ(config->get_int(host.table(), "a", &a), SARA_OK);
    EXPECT_EQ(a, 5);
    sara_str b{};
    EXPECT_EQ(config->get_str(host.table(), "b", &b), SARA_OK);
    EXPECT_EQ(toView(b), "x");
    EXPECT_EQ(config->get_int(host.table(), "b", &a), SARA_E_INVALID);
    EXPECT_EQ(config->get_int(host.table(), "c", &a), SARA_E_NOTFOUND);
}

TEST(FakeHost, TimersFireWhenTheTestMovesTheClockAndNotBefore) {
    FakeHost host;
    int fired = 0;
    host.loop().run([&] { loopOf(host)->timer(host.table(), 100, 0, count, &fired); });
    host.advance(99);
    EXPECT_EQ(fired, 0);
    host.advance(1);
    EXPECT_EQ(fired, 1);
    host.advance(1000);
    EXPECT_EQ(fired, 1);
    EXPECT_EQ(host.loop().timers(), 0u);
}

TEST(FakeHost, PostsFromAnotherThreadRunOnTheLoop) {
    FakeHost host({.loops = 2});
    struct Seen {
        FakeHost* host;
        uint32_t loop = UINT32_MAX;
    } seen{&host};
    std::thread poster([&] {
        EXPECT_EQ(host.table()->this_loop(host.table()), UINT32_MAX);
        const auto status = loopOf(host)->post(
            host.table(), 1,
            [](void* user) noexcept {
                auto* s = static_cast<Seen*>(user);
                s->loop = s->host->table()->this_loop(s->host->table());
            },
            &seen);
        EXPECT_EQ(status, SARA_OK);
    });
    EXPECT_TRUE(host.runUntil([&] { return seen.loop == 1; }));
    poster.join();
}

TEST(FakeHost, AFullMailboxAndAStoppedLoopRefusePosts) {
    FakeHost host({.mailbox_max = 1});
    int ran = 0;
    EXPECT_EQ(loopOf(host)->post(host.table(), 0, count, &ran), SARA_OK);
    EXPECT_EQ(loopOf(host)->post(host.table(), 0, count, &ran), SARA_E_AGAIN);
    host.settle();
    host.loop().refusePosts(SARA_E_CLOSED);
    EXPECT_EQ(loopOf(host)->post(host.table(), 0, count, &ran), SARA_E_CLOSED);
    EXPECT_EQ(ran, 1);
}

TEST(FakeHost, TurnEndRunsAfterTheInputOfTheTurn) {
    FakeHost host;
    std::string order;
    host.loop().run([&] {
        loopOf(host)->at_turn_end(
            host.table(), [](void* user) noexcept { static_cast<std::string*>(user)->append("e"); },
            &order);
        order += "i";
    });
    EXPECT_EQ(order, "ie");
}

TEST(FakeHost, WatchesReportAReadablePipe) {
    FakeHost host;
    int fds[2];
    ASSERT_EQ(::pipe(fds), 0);
    uint32_t events = 0;
    sara_id id = 0;
    host.loop().run([&] {
        id = loopOf(host)->watch(
            host.table(), fds[0], SARA_IO_READ,
            [](void* user, uint32_t e) noexcept { *static_cast<uint32_t*>(user) = e; }, &events);
    });
    host.turn();
    EXPECT_EQ(events, 0u);
    ASSERT_EQ(::write(fds[1], "x", 1), 1);
    EXPECT_TRUE(host.runUntil([&] { return events == SARA_IO_READ; }));
    host.loop().run([&] { loopOf(host)->unwatch(host.table(), id); });
    EXPECT_EQ(host.loop().watches(), 0u);
    ::close(fds[0]);
    ::close(fds[1]);
}

TEST(FakeHost, CountsBuffersThatAreAlive) {
    FakeHost host;
    sara_buf* buf = host.buffer("hello");
    host.table()->buf_ref(host.table(), buf);
    host.unref(buf);
    EXPECT_EQ(host.buffersAlive(), 1);
    EXPECT_EQ(toView(buf), "hello");
    host.unref(buf);
    EXPECT_EQ(host.buffersAlive(), 0);
}

TEST(FakeHost, CallsCommandsAndAsksChecksAsTheServerDoes) {
    FakeHost host;
    const auto* rpc =
        static_cast<const sara_rpc*>(host.table()->get_extension(host.table(), SARA_EXT_RPC));
    const auto* health =
        static_cast<const sara_health*>(host.table()->get_extension(host.table(), SARA_EXT_HEALTH));
    struct Plugin {
        const sara_rpc* rpc;
        const sara_host* h;
    } plugin{rpc, host.table()};
    const auto echo = [](void* user, sara_id token, sara_buf* params) noexcept {
        auto& p = *static_cast<Plugin*>(user);
        const bool trusted = (p.rpc->call_flags(p.h, token) & SARA_RPC_TRUSTED) != 0;
        EXPECT_EQ(p.rpc->reply(p.h, token, trusted ? SARA_OK : SARA_E_DENIED, params), SARA_OK);
        EXPECT_EQ(p.rpc->reply(p.h, token, SARA_OK, nullptr), SARA_E_STALE);
    };
    ASSERT_EQ(rpc->command(host.table(), toStr("s"), toStr("m"), toStr(""), echo, &plugin, nullptr),
              SARA_OK);
    uint32_t flags = 1;
    EXPECT_EQ(rpc->find(host.table(), toStr("s"), toStr("m"), &flags), SARA_OK);
    EXPECT_EQ(rpc->find(host.table(), toStr("s"), toStr("x"), &flags), SARA_E_NOTFOUND);
    EXPECT_EQ(rpc->find(host.table(), toStr("x"), toStr("m"), &flags), SARA_E_UNSUPPORTED);
    EXPECT_EQ(host.command("s", "m", "{}").result, "{}");
    EXPECT_EQ(host.command("s", "m", "{}", false).status, SARA_E_DENIED);
    EXPECT_EQ(host.command("s", "x", "{}").answers, 0);

    sara_status st = 99;
    const auto done = [](void* user, sara_status s, sara_buf*) noexcept {
        *static_cast<sara_status*>(user) = s;
    };
    host.loop().run([&] {
        rpc->call(host.table(), toStr("s"), toStr("m"), toStr("t"), nullptr, 100, done, &st);
        EXPECT_EQ(st, 99);  // never inside the call
    });
    host.settle();
    EXPECT_EQ(st, SARA_E_DENIED);

    const auto ill = [](void*, sara_str* why) noexcept -> sara_status {
        *why = toStr("ill");
        return SARA_E_IO;
    };
    ASSERT_EQ(health->check(host.table(), toStr("x"), ill, nullptr), SARA_OK);
    EXPECT_EQ(host.check("x"), (std::pair<sara_status, std::string>(SARA_E_IO, "ill")));
    EXPECT_EQ(host.buffersAlive(), 0);
}

}  // namespace
}  // namespace sara::testkit
