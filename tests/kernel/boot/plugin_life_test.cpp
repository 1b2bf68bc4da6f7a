// The order of plugins' lives, and what their sections become.
#include "boot/plugin_config.h"
#include "boot_fixture.h"

namespace sara::boot {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string withoutLoads(const std::string& marks) {
    std::istringstream in(marks);
    std::string line, out;
    while (std::getline(in, line)) {
        // Constructors run once per process, so their marks depend on the tests before.
        if (line.find(" loaded") == std::string::npos) out += line + "\n";
    }
    return out;
}

TEST(PluginSet, StartsProvidersBeforeUsersAndTransportsLastAndEndsInReverse) {
    PluginWorld world(R"("gatekeeper": {}, "user": {}, "zz-provider": {})");
    ASSERT_EQ(world.start(), "");
    EXPECT_THAT(world.plugins->names(), ElementsAre("gatekeeper", "zz-provider", "user"));
    world.plugins->drain(100);
    world.plugins->stop();
    world.loops->stop();
    world.plugins->destroy();
    EXPECT_EQ(withoutLoads(world.marks()),
              "gatekeeper create\ngatekeeper init\n"
              "zz-provider create\nzz-provider init\n"
              "user create\nuser init\n"
              "zz-provider start\nuser start\ngatekeeper start\n"
              "gatekeeper drain\nuser drain\nzz-provider drain\n"
              "gatekeeper loop_stop\ngatekeeper stop\n"
              "user loop_stop\nuser stop\n"
              "zz-provider loop_stop\nzz-provider stop\n"
              "user destroy\nzz-provider destroy\ngatekeeper destroy\n");
}

TEST(PluginSet, UndoesExactlyTheStepsThatWereDone) {
    {
        PluginWorld world(R"("init-fails": {"required": false})");
        ASSERT_EQ(world.start(), "");
        EXPECT_EQ(withoutLoads(world.marks()),
                  "init-fails create\ninit-fails init\ninit-fails destroy\n");
    }
    {
        PluginWorld world(R"("create-fails": {"required": false})");
        ASSERT_EQ(world.start(), "");
        EXPECT_EQ(withoutLoads(world.marks()), "create-fails create\n");
    }
    {
        PluginWorld world(R"("start-fails": {"required": false})");
        ASSERT_EQ(world.start(), "");
        EXPECT_EQ(withoutLoads(world.marks()),
                  "start-fails create\nstart-fails init\nstart-fails start\nstart-fails loop_stop\n"
                  "start-fails stop\nstart-fails destroy\n");
    }
}

TEST(PluginSet, EndsWhatRunsWhenARequiredOneFails) {
    PluginWorld world(R"("good": {}, "start-fails": {})");
    EXPECT_THAT(world.start(), HasSubstr("port 4222 is in use"));
    world.plugins->stop();
    world.loops->stop();
    world.plugins->destroy();
    EXPECT_THAT(world.marks(), HasSubstr("good loop_stop\ngood stop\n"));
    EXPECT_THAT(world.marks(), HasSubstr("good destroy\n"));
}

// Config of the plugin "picky" for a whole conf file.
std::string configOf(const std::string& conf_text) {
    Problems problems;
    const auto conf = Conf::parse(conf_text, "conf.json", &problems);
    EXPECT_THAT(problems, testing::IsEmpty());
    if (!conf) return {};
    const PluginFile file = inspectPlugin(PluginWorld::corpus() + "/picky.so");
    EXPECT_EQ(file.refusal, "");
    const auto config = pluginConfig(*conf, "picky", file.manifest, &problems);
    return config ? *config : problems.front();
}

TEST(PluginConfig, FillsInDefaults) {
    EXPECT_EQ(configOf("{}"), R"({"mode":"soft","retries":3,"room":"lobby"})");
}

TEST(PluginConfig, TakesTheFlatKeyOfAnOldFile) {
    EXPECT_EQ(configOf(R"({"dc": "dc07"})"), R"({"mode":"soft","retries":3,"room":"dc07"})");
}

TEST(PluginConfig, PrefersTheSectionToTheFlatKey) {
    EXPECT_EQ(configOf(R"({"dc": "dc07", "plugins": {"picky": {"room": "attic"}}})"),
              R"({"mode":"soft","retries":3,"room":"attic"})");
}

TEST(PluginConfig, IsAsLenientAboutTypesAsTheFile) {
    EXPECT_EQ(configOf(R"({"plugins": {"picky": {"retries": "7", "room": 12}}})"),
              R"({"mode":"soft","retries":7,"room":"12"})");
}

}  // namespace
}  // namespace sara::boot
