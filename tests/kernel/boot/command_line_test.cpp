#include "boot/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "boot/runtime.h"

namespace sara::boot {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(CommandLine, WithoutWordsStartsWithTheUsualFile) {
    const CommandLine line = parseCommandLine({});
    EXPECT_EQ(line.command, "start");
    EXPECT_EQ(line.config, "/etc/sara/conf.json");
    EXPECT_FALSE(line.config_given);
}

TEST(CommandLine, TakesOptionsInEveryFormAndPlace) {
    for (const std::vector<std::string>& args :
         std::vector<std::vector<std::string>>{{"-c", "/x/c.json", "check"},
                                               {"check", "-c/x/c.json"},
                                               {"check", "--config=/x/c.json"},
                                               {"check", "--config", "/x/c.json"}}) {
        const CommandLine line = parseCommandLine(args);
        EXPECT_EQ(line.error, "");
        EXPECT_EQ(line.command, "check");
        EXPECT_EQ(line.config, "/x/c.json");
        EXPECT_TRUE(line.config_given);
    }
    const CommandLine setup =
        parseCommandLine({"setup", "-o", "/y", "--store", "redis", "--force"});
    EXPECT_EQ(setup.out, "/y");
    EXPECT_EQ(setup.store, "redis");
    EXPECT_TRUE(setup.force);
    EXPECT_TRUE(parseCommandLine({"--daemon"}).daemon);
    EXPECT_EQ(parseCommandLine({"-v"}).command, "-v");
    EXPECT_EQ(parseCommandLine({"--help"}).command, "help");
}

TEST(CommandLine, RefusesWhatDoesNotExist) {
    EXPECT_THAT(parseCommandLine({"chekc"}).error,
                HasSubstr("unknown command \"chekc\" (did you mean \"check\"?)"));
    EXPECT_THAT(parseCommandLine({"--confg", "x"}).error, HasSubstr("confg"));
    EXPECT_THAT(parseCommandLine({"-c"}).error, HasSubstr("config"));
    EXPECT_THAT(parseCommandLine({"setup", "--store", "mysql"}).error,
                HasSubstr("expected embedded or redis"));
    EXPECT_THAT(parseCommandLine({"plugin"}).error, HasSubstr("plugin list"));
    EXPECT_THAT(parseCommandLine({"check", "conf.json"}).error,
                HasSubstr("found the word \"conf.json\""));
    EXPECT_EQ(parseCommandLine({"plugin", "list"}).error, "");
}

TEST(CommandLine, LeavesTheWordsOfTalkToTalk) {
    const CommandLine line = parseCommandLine({"talk", "--as", "a@demo", "--tls"});
    EXPECT_EQ(line.command, "talk");
    EXPECT_THAT(line.words, ElementsAre("--as", "a@demo", "--tls"));
}

TEST(ReadyLine, NamesListenersStoreAndPlugins) {
    EXPECT_EQ(readyLine(12, {"tcp 127.0.0.1:4222", "store embedded /x"},
                        {"transport-tcp", "store-embedded"}),
              "sara " SARA_VERSION
              " ready in 12 ms: tcp 127.0.0.1:4222, store embedded /x, plugins transport-tcp "
              "store-embedded");
}

}  // namespace
}  // namespace sara::boot
