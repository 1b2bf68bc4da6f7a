// Every plugin of the corpus is refused with a sentence that says what the server has, what the
// plugin has and what to do, while a good one starts.
#include "boot_fixture.h"
#include "bus/hooks.h"

namespace sara::boot {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

struct Refusal {
    const char* name;
    const char* section;
    const char* sentence;
    bool code_runs;  // refused only after it was loaded
};

const Refusal kRefusals[] = {
    {"no-entry", "",
     "plugin 'no-entry' (no-entry.so): not a SARA plugin: no sara_plugin_entry_vN symbol; export",
     false},
    {"bad-major", "",
     "plugin 'bad-major' (bad-major.so): ABI mismatch: server speaks major 1, plugin offers major "
     "2; rebuild it with an SDK 1.x",
     false},
    {"newer-minor", "",
     "plugin 'newer-minor' (newer-minor.so): needs SARA ABI 1.7, this server has 1.0; upgrade the "
     "server",
     false},
    {"newer-descriptor", "",
     "plugin 'newer-descriptor' (newer-descriptor.so): needs SARA ABI 1.7, this server has 1.0; "
     "upgrade the server",
     true},
    {"undefined-symbol", "", "undefined symbol: no_such_function_anywhere", false},
    {"no-manifest", "",
     "plugin 'no-manifest' (no-manifest.so): no .sara.manifest section; put one in", false},
    {"manifest-no-json", "",
     "plugin 'manifest-no-json' (manifest-no-json.so): manifest is not JSON: line 1, column 38: "
     "found the end of the file, expected a key in double quotes",
     false},
    {"manifest-no-version", "", "manifest has the version null, expected text like \"1.0.0\"",
     false},
    {"picky", R"("retries": 10)",
     "plugin 'picky' (picky.so): conf.json: key \"plugins.picky.retries\": found 10, expected an "
     "integer from 1 to 9",
     false},
    {"picky", R"("retrys": 1)",
     "key \"plugins.picky.retrys\": found an unknown key, expected a key of plugin picky 1.0.0 "
     "(did you mean \"retries\"?)",
     false},
    {"picky", R"("mode": "medium")",
     "key \"plugins.picky.mode\": found \"medium\" (text), expected one of \"soft\", \"hard\"",
     false},
    {"needs-missing", "",
     "plugin 'needs-missing' (needs-missing.so): requires the service acme.nothing/1, which no "
     "enabled plugin provides; install a plugin that does",
     false},
    {"user", "",
     "requires the service acme.answer/1, which no enabled plugin provides; found but not enabled "
     "or refused: zz-provider",
     false},
    {"create-fails", "",
     "plugin 'create-fails' (create-fails.so): create failed (-2, SARA_E_NOMEM): it gave no reason",
     true},
    {"init-fails", "",
     "plugin 'init-fails' (init-fails.so): init failed (-1, SARA_E_INVALID): the licence\nhas "
     "expired",
     true},
    {"throws-in-init", "",
     "plugin 'throws-in-init' (throws-in-init.so): init failed (-11, SARA_E_PLUGIN): the map has "
     "no key 'x'",
     true},
    {"loop-start-fails", "",
     "plugin 'loop-start-fails' (loop-start-fails.so): loop_start failed (-2, SARA_E_NOMEM): no "
     "room on loop 1",
     true},
    {"start-fails", "",
     "plugin 'start-fails' (start-fails.so): start failed (-12, SARA_E_IO): port 4222 is in use",
     true},
    {"other-id", "",
     "its descriptor says id 'org.wrong.somebody-else', its manifest 'org.wrong.other-id'; use the "
     "same",
     true},
    {"short-descriptor", "", "its descriptor has 64 bytes, this server needs ", true},
    {"empty-service", "",
     "its manifest provides acme.empty/1, but get_service() gives no table for it; correct one of "
     "them",
     true},
    {"gone", "", "plugin 'gone': not found in ", false},
};

std::string section(const Refusal& refusal, bool required) {
    const std::string own = refusal.section;
    return "\"" + std::string(refusal.name) +
           "\": {\"required\": " + (required ? "true" : "false") + (own.empty() ? "" : ", " + own) +
           "}";
}

TEST(WrongPlugin, EndsTheStartWithTheRightSentenceWhenItIsRequired) {
    for (const Refusal& refusal : kRefusals) {
        SCOPED_TRACE(refusal.name);
        PluginWorld world(section(refusal, true) + ", \"good\": {}");
        EXPECT_THAT(world.start(), HasSubstr(refusal.sentence));
    }
}

TEST(WrongPlugin, StaysOutWhileAGoodOneStartsWhenItIsOptional) {
    for (const Refusal& refusal : kRefusals) {
        SCOPED_TRACE(refusal.name);
        PluginWorld world(section(refusal, false) + ", \"good\": {}");
        EXPECT_EQ(world.start(), "");
        EXPECT_THAT(world.plugins->names(), ElementsAre("good"));
        EXPECT_THAT(world.log.lines(), Contains(HasSubstr(refusal.sentence)));
    }
}

// One process per plugin would be the strictest; here the constructor's mark is enough, because a
// file that was loaded by another test has run its constructor then, and these are never loaded by
// any.
TEST(WrongPlugin, RunsNoCodeWhenItsFileAlreadySaysThatItIsWrong) {
    for (const Refusal& refusal : kRefusals) {
        if (refusal.code_runs) continue;
        SCOPED_TRACE(refusal.name);
        PluginWorld world(section(refusal, false));
        EXPECT_EQ(world.start(), "");
        EXPECT_THAT(world.marks(), Not(HasSubstr(std::string(refusal.name) + " ")));
    }
}

TEST(WrongPlugin, IsRefusedWhenItIsNoElfFile) {
    TempFolder folder;
    folder.write("text.so", "#!/bin/sh\necho I am a plugin\n");
    folder.write("empty.so", "");
    for (const char* name : {"text", "empty"}) {
        PluginWorld world("\"" + std::string(name) + "\": {}", folder.text());
        EXPECT_EQ(world.start(),
                  "plugin '" + std::string(name) + "' (" + name +
                      ".so): is not an ELF file; a plugin is a shared object built with "
                      "the SARA SDK");
    }
}

TEST(WrongPlugin, IsRefusedWhenItIsForAnotherMachine) {
    TempFolder folder;
    std::string bytes = readFile(PluginWorld::corpus() + "/good.so");
    bytes[18] = '\x02';  // e_machine: SPARC
    bytes[19] = '\0';
    folder.write("good.so", bytes);
    PluginWorld world("\"good\": {}", folder.text());
    EXPECT_THAT(world.start(),
                HasSubstr("is an ELF file for another machine (number 2, this server is "));
}

TEST(WrongPlugin, IsRefusedWhenItsFileWasCutShortAtAnyPlace) {
    TempFolder folder;
    const std::string bytes = readFile(PluginWorld::corpus() + "/good.so");
    for (size_t length :
         {size_t{5}, size_t{63}, size_t{64}, size_t{1000}, bytes.size() / 2, bytes.size() - 1}) {
        folder.write("good.so", bytes.substr(0, length));
        PluginWorld world("\"good\": {}", folder.text());
        EXPECT_THAT(world.start(),
                    AllOf(HasSubstr("plugin 'good' (good.so): "), Not(HasSubstr("failed"))))
            << length;
    }
}

// The loader needs only .dynsym; Boost's library_info reads .symtab, which packages strip.
TEST(PluginFile, IsUsableAfterStrip) {
    PluginWorld world("\"good\": {}", PluginWorld::corpus() + "/stripped");
    EXPECT_EQ(world.start(), "");
    EXPECT_THAT(world.plugins->names(), ElementsAre("good"));
}

TEST(WrongPlugin, InACircleIsRefusedWithThePath) {
    PluginWorld world(R"("circle-a": {}, "circle-b": {}, "good": {})");
    EXPECT_EQ(world.start(),
              "plugins need each other in a circle: 'circle-a' requires acme.b/1 of 'circle-b', "
              "'circle-b' "
              "requires acme.a/1 of 'circle-a'; disable one of them");
}

TEST(WrongPlugin, InACircleOfOptionalOnesStaysOut) {
    PluginWorld world(
        R"("circle-a": {"required": false}, "circle-b": {"required": false}, "good": {})");
    EXPECT_EQ(world.start(), "");
    EXPECT_THAT(world.plugins->names(), ElementsAre("good"));
}

TEST(WrongPlugin, SecondProviderOfAServiceIsRefusedWithBothNames) {
    PluginWorld world(R"("store-a": {}, "store-b": {})");
    EXPECT_EQ(
        world.start(),
        "plugins 'store-a' and 'store-b' both provide sara.store/1; disable one: \"plugins\": "
        "{\"store-a\": {\"enabled\": false}}");
}

TEST(WrongPlugin, TakesThoseAlongThatDependOnIt) {
    PluginWorld world(
        R"("failing-provider": {"required": false}, "stranded": {"required": false}, "good": {})");
    EXPECT_EQ(world.start(), "");
    EXPECT_THAT(world.plugins->names(), ElementsAre("good"));
    EXPECT_THAT(
        world.log.lines(),
        Contains(HasSubstr("plugin 'stranded' (stranded.so): requires the service acme.gone/1, "
                           "whose plugin failed to start")));
}

TEST(WrongPlugin, LeavesNoFilterBehindAfterAFailedInit) {
    PluginWorld world(R"("init-fails": {"required": false}, "good": {})");
    EXPECT_EQ(world.start(), "");
    EXPECT_FALSE(world.bus->hooks().any(bus::kPacketIn));
}

TEST(WrongPlugin, NeverShowsASecretValueInItsRefusal) {
    PluginWorld world(R"("picky": {"password": "hunter2"})");
    const std::string sentence = world.start();
    EXPECT_THAT(sentence, HasSubstr("plugins.picky.password"));
    EXPECT_THAT(sentence, Not(HasSubstr("hunter2")));
}

TEST(WrongPlugin, NameThatIsMisspeltGetsTheNearestOne) {
    PluginWorld world(R"("goood": {})");
    EXPECT_THAT(world.start(), AllOf(HasSubstr("plugin 'goood': not found in "),
                                     HasSubstr("(did you mean \"good\"?)")));
}

}  // namespace
}  // namespace sara::boot
