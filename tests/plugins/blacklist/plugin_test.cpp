// The built plugin on a fake host: who may change a list.
#include <gtest/gtest.h>

#include <filesystem>

#include "list_folder.h"
#include "testkit/host/fake_host.h"
#include "testkit/host/plugin_instance.h"

namespace sara::blacklist {
namespace {

using testkit::FakeHost;
using testkit::PluginInstance;
using testkit::toStr;
using testkit::toView;

// Takes any subscription: the filter itself is tested with the real server.
int32_t hookId(const sara_host*, sara_str) noexcept { return 1; }
sara_status takeFilter(const sara_host*, int32_t, const sara_filter*, sara_id* handle) noexcept {
    *handle = 1;
    return SARA_OK;
}

sara_bus fakeBus() {
    sara_bus bus{};
    bus.struct_size = sizeof bus;
    bus.hook_id = &hookId;
    bus.filter = &takeFilter;
    return bus;
}

// Says yes to the password "right".
struct FakeAuth {
    static void check(void* self, const sara_auth_request* r, sara_done done, void* user) noexcept {
        auto& a = *static_cast<FakeAuth*>(self);
        ++a.asked;
        a.jid = std::string(toView(r->jid));
        const sara_status st = a.broken                         ? SARA_E_TIMEOUT
                               : toView(r->password) == "right" ? SARA_OK
                                                                : SARA_E_DENIED;
        done(user, st, nullptr);  // at once is early, but nobody here depends on it
    }
    sara_auth table{sizeof(sara_auth), 0, &check};
    int asked = 0;
    bool broken = false;
    std::string jid;
};

class BlacklistPluginTest : public ::testing::Test {
  protected:
    void start(bool enable_auth, bool with_auth) {
        plugin.reset();
        host.reset();
        host = std::make_unique<FakeHost>(testkit::FakeHostOptions{
            .loops = 2,
            .config_json = R"({"datadir":")" + folder.path() + R"(","enable_auth":)" +
                           (enable_auth ? "true" : "false") +
                           R"(,"blocked_per_user_max":2,"blocking_users_max":10})"});
        host->provide(SARA_EXT_BUS, &bus);
        if (with_auth) host->provideService(SARA_SVC_AUTH, &auth.table, &auth);
        std::string error;
        const auto* desc = testkit::loadPlugin(SARA_BLACKLIST_PLUGIN, &error);
        ASSERT_NE(desc, nullptr) << error;
        plugin = std::make_unique<PluginInstance>(*host, desc);
        ASSERT_EQ(plugin->start(), SARA_OK) << host->error();
    }
    std::string ask(const std::string& method, const std::string& params, bool trusted = false) {
        const auto answer = host->command("emsg_black_list", method, params, trusted);
        EXPECT_EQ(answer.answers, 1);
        return (answer.status == SARA_OK ? "yes " : "no ") + answer.result;
    }
    static std::string params(const std::string& pwd, const std::string& from = "a@t.com") {
        return R"({"from":")" + from + R"(","to":"b@t.com/pc","pwd":")" + pwd + R"("})";
    }

    ListFolder folder;
    sara_bus bus = fakeBus();
    FakeAuth auth;
    std::unique_ptr<FakeHost> host;
    std::unique_ptr<PluginInstance> plugin;
};

TEST_F(BlacklistPluginTest, TheOwnersPasswordOpensHisListAndOnlyThat) {
    start(true, true);
    EXPECT_EQ(ask("append", params("wrong")), R"(no {"reason":"no_permission"})");
    EXPECT_EQ(ask("append", params("")), R"(no {"reason":"no_permission"})");
    EXPECT_EQ(auth.asked, 1);  // nobody is asked about no password
    EXPECT_EQ(ask("append", params("right")), "yes ");
    EXPECT_EQ(auth.jid, "b@t.com/pc");
    EXPECT_EQ(ask("fetch", params("wrong")), R"(no {"reason":"no_permission"})");
    EXPECT_EQ(ask("fetch", params("right")), R"(yes [{"jid":"a@t.com"}])");
    EXPECT_EQ(ask("remove", params("right")), "yes ");
    EXPECT_EQ(ask("fetch", params("right")), "yes []");
    auth.broken = true;
    EXPECT_EQ(ask("append", params("right")), R"(no {"reason":"auth_failed"})");
}

TEST_F(BlacklistPluginTest, WithoutAuthOnlyTheTokenOpensLists) {
    start(false, true);
    EXPECT_EQ(ask("append", params("right")), R"(no {"reason":"no_permission"})");
    EXPECT_EQ(auth.asked, 0);
    EXPECT_EQ(ask("append", params(""), true), "yes ");
    EXPECT_EQ(ask("fetch", params(""), true), R"(yes [{"jid":"a@t.com"}])");
    start(true, false);
    EXPECT_EQ(ask("append", params("right")), R"(no {"reason":"no_auth_service"})");
}

TEST_F(BlacklistPluginTest, ListsSurviveARestartAndLimitsHaveWords) {
    start(false, false);
    EXPECT_EQ(ask("append", params("", "a@t.com"), true), "yes ");
    EXPECT_EQ(ask("append", params("", "\xC3\xA4@t.com"), true), "yes ");
    EXPECT_EQ(ask("append", params("", "c@t.com"), true), R"(no {"reason":"list_full"})");
    EXPECT_EQ(ask("append", R"({"to":"b@t.com"})", true), R"(no {"reason":"from_invalid"})");
    start(false, false);
    EXPECT_EQ(ask("fetch", params(""), true),
              "yes [{\"jid\":\"a@t.com\"},{\"jid\":\"\xC3\xA4@t.com\"}]");
}

TEST_F(BlacklistPluginTest, AChangeThatCannotBeKeptIsRefusedAndLogged) {
    start(false, false);
    std::filesystem::create_directories(folder.file());  // a folder where the file should be
    EXPECT_EQ(ask("append", params(""), true), R"(no {"reason":"not_stored"})");
    EXPECT_TRUE(host->logged("blacklist.log"));
    EXPECT_EQ(host->metric("blacklist_write_failures_total"), 1);
    EXPECT_EQ(ask("fetch", params(""), true), "yes []");
}

}  // namespace
}  // namespace sara::blacklist
