// The door and the pages on a fake host: threads wait for loops that the test turns.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "form.h"
#include "rpc_door.h"
#include "status_pages.h"
#include "testkit/host/fake_host.h"

namespace sara::rpc_http {
namespace {

using ::testing::HasSubstr;
using testkit::FakeHost;
using testkit::toStr;

class RpcPages : public ::testing::Test {
  protected:
    RpcPages() : fake({.loops = 2}) {
        host.attach(fake.table());
        host.resolve();
        pages = std::make_unique<StatusPages>(host, calls);
        door = std::make_unique<RpcDoor>(host, guard, calls);
    }
    // Runs f on a thread of its own while the loops turn.
    template <class F>
    void aside(F f) {
        std::atomic<bool> done{false};
        std::thread thread([&] {
            f();
            done.store(true);
        });
        EXPECT_TRUE(fake.runUntil([&] { return done.load(); }));
        thread.join();
    }
    std::string ask(const std::string& json) {
        std::string body;
        aside([&] { body = door->answer("body=" + json, "", "192.0.2.1").body; });
        return body;
    }
    // Registers s.m, which answers with this.
    void command(sara_status st, const std::string& result, uint32_t flags = 0) {
        reply = {host.raw(), host.rpc, st, result};
        const auto run = [](void* user, sara_id token, sara_buf*) noexcept {
            auto& r = *static_cast<Reply*>(user);
            uint8_t* bytes = nullptr;
            sara_buf* buf = r.result.empty() ? nullptr : r.h->buf_new(r.h, r.result.size(), &bytes);
            if (buf != nullptr) std::copy(r.result.begin(), r.result.end(), bytes);
            EXPECT_EQ(r.rpc->reply(r.h, token, r.st, buf), SARA_OK);
            r.h->buf_unref(r.h, buf);
        };
        (void)host.rpc->command_with(host.raw(), toStr("s"), toStr("m"), toStr(""), flags, run,
                                     &reply, nullptr);
    }
    struct Reply {
        const sara_host* h;
        const sara_rpc* rpc;
        sara_status st;
        std::string result;
    } reply{};

    FakeHost fake;
    Host host;
    TokenGuard guard{"t", 3};
    LoopCalls calls{host, 300};
    std::unique_ptr<StatusPages> pages;
    std::unique_ptr<RpcDoor> door;
};

const std::string kCall = R"({"sn":"1","service":"s","method":"m","token":"t"})";

TEST_F(RpcPages, EveryEndOfACommandHasItsAnswer) {
    command(SARA_OK, "[1]");
    EXPECT_EQ(ask(kCall), R"({"sn":"1","success":true,"entity":[1]})");
    const auto with = [&](sara_status st, const std::string& result) {
        reply.st = st;
        reply.result = result;
        return ask(kCall);
    };
    EXPECT_EQ(with(SARA_OK, ""), R"({"sn":"1","success":true})");
    EXPECT_EQ(with(SARA_E_NOTFOUND, ""), R"({"sn":"1","success":false})");
    EXPECT_EQ(with(SARA_E_IO, ""),
              R"({"sn":"1","success":false,"entity":{"reason":"internal_error"}})");
    EXPECT_EQ(with(SARA_E_AGAIN, ""), R"({"sn":"1","success":false,"entity":{"reason":"busy"}})");
    EXPECT_EQ(with(SARA_E_DENIED, "\"filtered\""),
              R"({"sn":"1","success":false,"entity":{"reason":"filtered"}})");
    EXPECT_EQ(with(SARA_E_INVALID, R"({"reason":"x"})"),
              R"({"sn":"1","success":false,"entity":{"reason":"x"}})");
}

TEST_F(RpcPages, StrangersReachOnlyCommandsThatCheckThemselves) {
    command(SARA_E_DENIED, R"({"reason":"no_permission"})", SARA_RPC_SELF_CHECKED);
    const std::string stranger = R"({"service":"s","method":"m"})";
    const std::string no = R"({"success":false,"entity":{"reason":"no_permission"}})";
    for (int i = 0; i < 3; ++i) EXPECT_EQ(ask(stranger), no);
    EXPECT_THAT(ask(stranger), HasSubstr("error token"));  // a password is guessed no faster
    EXPECT_EQ(fake.metric("rpc_http_wrong_tokens_total"), 3);
    EXPECT_EQ(fake.metric("rpc_http_barred_total"), 1);
}

TEST_F(RpcPages, ALoopThatDoesNotTurnMakesHealthzRed) {
    Page page;
    aside([&] { page = pages->healthz(); });
    EXPECT_EQ(page.status, 200);
    // Nobody turns the loops: the answer is as old as it may be, then it is red.
    EXPECT_EQ(pages->healthz().status, 200);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    do {
        page = pages->healthz();
    } while (page.status == 200 && std::chrono::steady_clock::now() < deadline);
    EXPECT_EQ(page.status, 503);
    EXPECT_EQ(page.body, R"({"alive":false,"deaf_loops":[0,1]})");
    fake.settle();
}

TEST_F(RpcPages, ACallThatNobodyTakesUpEndsWithATimeout) {
    command(SARA_OK, "");
    // The loops stand still; the thread does not wait for ever, and the late answer finds nobody.
    EXPECT_EQ(door->answer("body=" + kCall, "", "192.0.2.1").body,
              R"({"sn":"1","success":false,"entity":{"reason":"timeout"}})");
    fake.settle();
    EXPECT_EQ(fake.buffersAlive(), 0);
}

TEST_F(RpcPages, ReadyzNamesWhatIsNotReadyAndWhy) {
    EXPECT_EQ(pages->readyz().body, R"({"ready":true,"checks":{}})");
    static bool good = false;
    const auto check = [](void*, sara_str* why) noexcept -> sara_status {
        if (good) return SARA_OK;
        *why = toStr("breaker \"open\"");
        return SARA_E_IO;
    };
    (void)host.health->check(host.raw(), toStr("callback"), check, nullptr);
    Page page = pages->readyz();
    EXPECT_EQ(page.status, 503);
    EXPECT_EQ(page.body,
              R"({"ready":false,"checks":{"callback":{"ok":false,"reason":"breaker \"open\""}}})");
    EXPECT_THAT(pages->metrics(), HasSubstr("sara_check{name=\"callback\"} 0\n"));
    EXPECT_THAT(pages->metrics(), HasSubstr("\nsara_ready 0\n"));
    good = true;
    EXPECT_EQ(pages->readyz().body, R"({"ready":true,"checks":{"callback":{"ok":true}}})");
}

TEST_F(RpcPages, HelpTextsCannotBreakTheLine) {
    (void)Metrics(host).gauge("odd", "two\nlines, a \\ and\ta tab");
    EXPECT_THAT(pages->metrics(), HasSubstr("# HELP sara_odd two\\nlines, a \\\\ and a tab\n"
                                            "# TYPE sara_odd gauge\nsara_odd 0\n"));
}

}  // namespace
}  // namespace sara::rpc_http
