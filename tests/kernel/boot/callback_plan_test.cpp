// Which plugin answers for the operator's backend, and what the check says about its texts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "boot/plugin_plan.h"
#include "boot/text_format.h"
#include "boot_fixture.h"

namespace sara::boot {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

Conf parsed(const std::string& text) {
    Problems problems;
    auto conf = Conf::parse(text, "conf.json", &problems);
    EXPECT_THAT(problems, IsEmpty()) << text;
    return std::move(*conf);
}

class CallbackPlan : public testing::Test {
  protected:
    static PluginFile file(const std::string& name, std::vector<std::string> provides) {
        PluginFile made;
        made.name = name;
        made.manifest.id = "org.sara." + name;
        made.manifest.provides = std::move(provides);
        return made;
    }
    static PluginPlan planned(const std::string& members, const std::string& sections,
                              const std::vector<PluginFile>& files) {
        const Conf conf =
            parsed("{" + members + R"("enable_ws": false, "plugins": {"transport-tcp": false, )" +
                   R"("store-embedded": false)" + sections + "}}");
        return planPlugins(conf, files, {"/x"});
    }
    const PluginFile callback_ = file("auth-callback", {"sara.auth/1", "sara.callback/1"});
    const std::string url_ = R"("callback": "http://h/", )";
};

TEST_F(CallbackPlan, RunsWhereItIsInstalledAndIsMissedOnlyWithAUrl) {
    EXPECT_EQ(planned("", "", {callback_}).order.size(), 1u);
    EXPECT_FALSE(planned("", "", {callback_}).order.front().required);
    EXPECT_TRUE(planned(url_, "", {callback_}).order.front().required);
    const PluginPlan without = planned("", "", {});
    EXPECT_THAT(without.errors, IsEmpty());
    EXPECT_THAT(without.warnings, IsEmpty());
    EXPECT_THAT(planned(url_, "", {}).errors.front(),
                HasSubstr("(key \"callback\" names a backend)"));
    EXPECT_THAT(planned(url_, R"(, "auth-callback": false)", {callback_}).order, IsEmpty());
}

TEST_F(CallbackPlan, MakesRoomForAPluginThatTheFileNames) {
    const PluginFile mine = file("my-auth", {"sara.auth/1"});
    const PluginPlan plan = planned(url_, R"(, "my-auth": {})", {callback_, mine});
    EXPECT_THAT(plan.errors, IsEmpty());
    ASSERT_EQ(plan.order.size(), 2u);
    for (const PlannedPlugin& p : plan.order) {
        const bool is_mine = p.instance == "my-auth";
        EXPECT_EQ(p.plugin.manifest.offers("sara.auth/1"), is_mine);
        EXPECT_EQ(p.plugin.manifest.offers("sara.callback/1"), !is_mine);
    }
    EXPECT_THAT(plan.warnings, testing::ElementsAre(HasSubstr("'my-auth' is asked")));
    EXPECT_TRUE(
        planned("", "", {callback_, mine}).order.front().plugin.manifest.offers("sara.auth/1"))
        << "a plugin that lies there unnamed takes nothing away";
}

TEST(TextFormat, HttpUrlHasASchemeAHostAndNoSpace) {
    for (const char* text :
         {"", "http://h", "https://h:8443/a?b=c", "http://127.0.0.1:80/x", "http://[::1]:80/"}) {
        EXPECT_EQ(expectedFormat("http-url", text), "") << text;
    }
    for (const char* text : {"h", "h:80/x", "ftp://h/", "http://", "http:///x", "http://h/ x",
                             "HTTP", "http://h/\n"}) {
        EXPECT_THAT(expectedFormat("http-url", text), HasSubstr("http://host")) << text;
    }
    EXPECT_EQ(expectedFormat("of-tomorrow", "anything"), "");
}

TEST(TextFormat, ReadableFileIsAbsoluteAndThere) {
    const TempFolder folder;
    EXPECT_EQ(expectedFormat("readable-file", folder.write("ca.pem", "x")), "");
    EXPECT_THAT(expectedFormat("readable-file", "ca.pem"), HasSubstr("absolute path"));
    EXPECT_THAT(expectedFormat("readable-file", folder / "none"), HasSubstr("No such file"));
    EXPECT_THAT(expectedFormat("readable-file", folder.write("empty", "")),
                HasSubstr("can be read"));
    EXPECT_THAT(expectedFormat("readable-file", folder.text()), HasSubstr("can be read"));
}

}  // namespace
}  // namespace sara::boot
