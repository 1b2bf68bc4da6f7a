// The program as an operator meets it: start, ready line, signals, daemon, and one clear line for
// each error.
#include "program.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "boot/pid_file.h"
#include "boot_fixture.h"

namespace sara::boot {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;
using testing::StartsWith;

class ProgramTest : public testing::Test {
  protected:
    // A server with the plugin "good" of the corpus and files in the test's folder; more: members
    // of the file.
    std::string conf(const std::string& more = "", const std::string& sections = "") {
        return folder.write("conf.json",
                            "\n{\"plugin_dir\": \"" + PluginWorld::corpus() +
                                "\", \"loops\": 2, \"pidfile\": \"" + (folder / "pid") +
                                "\", \"logfile\": \"" + (folder / "log") + "\", \"datadir\": \"" +
                                (folder / "data") + "\"" + (more.empty() ? "" : ", " + more) +
                                ", \"plugins\": {\"transport-tcp\": false, \"transport-ws\": "
                                "false, \"store-embedded\": false" +
                                (sections.empty() ? ", \"good\": {}" : ", " + sections) + "}}");
    }
    static int lines(const std::string& text) {
        return static_cast<int>(std::count(text.begin(), text.end(), '\n'));
    }
    TempFolder folder;
};

TEST_F(ProgramTest, SaysOnceThatItIsReadyAndEndsInOrderAtSigterm) {
    Program sara({"-c", conf()});
    ASSERT_TRUE(sara.waitForOutput("plugins good\n")) << sara.out() << sara.err();
    EXPECT_THAT(readFile(folder / "pid"), std::to_string(sara.pid()));
    sara.signal(SIGTERM);
    EXPECT_EQ(sara.wait(), 0);
    EXPECT_EQ(sara.err(), "");
    EXPECT_THAT(sara.out(), HasSubstr("sara " SARA_VERSION " ready in "));
    EXPECT_EQ(sara.out().find("ready in "), sara.out().rfind("ready in "));
    EXPECT_THAT(readFile(folder / "log"), HasSubstr("ready in "));
    EXPECT_FALSE(std::filesystem::exists(folder / "pid"));
}

// The earlier server ignored SIGTERM; POCO's own handling dies at the second one.
TEST_F(ProgramTest, SecondSigtermDoesNotKillTheDrain) {
    for (const int number : {SIGINT, SIGTERM}) {
        Program sara({"-c", conf()});
        ASSERT_TRUE(sara.waitForOutput("ready in ")) << sara.err();
        for (int i = 0; i < 20; ++i) sara.signal(number);
        EXPECT_EQ(sara.wait(), 0);
    }
}

TEST_F(ProgramTest, ReopensTheLogAtSighupAndReportsCountersAtUsr1) {
    Program sara({"-c", conf()});
    ASSERT_TRUE(sara.waitForOutput("ready in ")) << sara.err();
    std::filesystem::rename(folder / "log", folder / "log.old");
    sara.signal(SIGHUP);
    ASSERT_TRUE(sara.waitForOutput("log reopened")) << sara.err();
    sara.signal(SIGUSR1);
    ASSERT_TRUE(sara.waitForOutput("(counters) log_lines_dropped_total 0")) << sara.err();
    sara.signal(SIGTERM);
    EXPECT_EQ(sara.wait(), 0);
    EXPECT_THAT(readFile(folder / "log"), HasSubstr("(counters) log_lines_dropped_total 0"));
}

TEST_F(ProgramTest, SecondStartWithTheSamePidFileIsRefused) {
    const std::string file = conf();
    Program first({"-c", file});
    ASSERT_TRUE(first.waitForOutput("ready in ")) << first.err();
    Program second({"-c", file});
    EXPECT_EQ(second.wait(), 1);
    EXPECT_THAT(second.err(),
                HasSubstr("a server is running already, pid " + std::to_string(first.pid())));
    EXPECT_EQ(lines(second.err()), 1);
    first.signal(SIGTERM);
    EXPECT_EQ(first.wait(), 0);
}

TEST_F(ProgramTest, StartsAfterTheOneBeforeWasKilled) {
    const std::string file = conf();
    {
        Program first({"-c", file});
        ASSERT_TRUE(first.waitForOutput("ready in ")) << first.err();
    }
    EXPECT_TRUE(std::filesystem::exists(folder / "pid"));
    Program second({"-c", file});
    EXPECT_TRUE(second.waitForOutput("ready in ")) << second.err();
}

TEST_F(ProgramTest, StopWaitsUntilTheServerIsDown) {
    const std::string file = conf();
    Program server({"-c", file});
    ASSERT_TRUE(server.waitForOutput("ready in ")) << server.err();
    // The server is our child: it stays a zombie until it is awaited, so that runs beside the stop.
    Program stop({"stop", "-c", file});
    EXPECT_EQ(server.wait(), 0);
    EXPECT_EQ(stop.wait(), 0) << stop.err();
    EXPECT_THAT(stop.out(), HasSubstr("server shutdown success"));
    Program again({"stop", "-c", file});
    EXPECT_EQ(again.wait(), 0);
    EXPECT_THAT(again.out(), HasSubstr("sara is not running"));
}

TEST_F(ProgramTest, DaemonsParentEndsWithZeroOnlyOnceTheChildIsReady) {
    const std::string file = conf();
    Program parent({"--daemon", "-c", file});
    EXPECT_EQ(parent.wait(), 0) << parent.err();
    EXPECT_THAT(parent.out(), HasSubstr("ready in "));
    pid_t pid = 0;
    std::string error;
    EXPECT_EQ(readPidFile(folder / "pid", &pid, &error), PidState::kRunning) << error;
    Program stop({"stop", "-c", file});
    EXPECT_EQ(stop.wait(), 0) << stop.err();
    EXPECT_EQ(readPidFile(folder / "pid", &pid, &error), PidState::kNone);
}

TEST_F(ProgramTest, DaemonsErrorIsSeenAndItsParentEndsWithOne) {
    Program parent({"--daemon", "-c", conf("", "\"start-fails\": {}")});
    EXPECT_EQ(parent.wait(), 1);
    EXPECT_THAT(parent.err(), HasSubstr("start failed (-12, SARA_E_IO): port 4222 is in use"));
    EXPECT_EQ(lines(parent.err()), 1);
}

TEST_F(ProgramTest, EveryErrorAtStartIsOneLineAndExitCodeOne) {
    const std::vector<std::pair<std::string, std::string>> kCases = {
        {folder / "missing.json", "cannot be opened: No such file or directory"},
        {folder.write("a.json", "{\"port\": }"), "line 1, column 10: found '}', expected a value"},
        {folder.write("b.json", "{\"prot\": 1, \"zzz\": 2}"),
         "(did you mean \"port\"?) (and 1 more: `sara check` lists them)"},
    };
    for (const auto& [file, sentence] : kCases) {
        Program sara({"-c", file});
        EXPECT_EQ(sara.wait(), 1);
        EXPECT_THAT(sara.err(), StartsWith("sara: "));
        EXPECT_THAT(sara.err(), HasSubstr(sentence));
        EXPECT_EQ(lines(sara.err()), 1) << sara.err();
    }
    Program no_log({"-c", conf("\"limits\": {}, \"certfile\": \"/x\"", "\"init-fails\": {}")});
    EXPECT_EQ(no_log.wait(), 1);
    EXPECT_THAT(no_log.err(), HasSubstr("the licence has expired\n"));
    EXPECT_EQ(lines(no_log.err()), 1) << no_log.err();
}

TEST_F(ProgramTest, LogFileThatCannotBeOpenedEndsTheStart) {
    const std::string file = folder.write(
        "c.json", "{\"logfile\": \"/no/such/log\", \"pidfile\": \"" + (folder / "pid") +
                      "\", \"plugins\": {\"transport-tcp\": false, \"transport-ws\": false, "
                      "\"store-embedded\": false}}");
    Program sara({"-c", file});
    EXPECT_EQ(sara.wait(), 1);
    EXPECT_EQ(sara.err(), "sara: log file /no/such/log: No such file or directory\n");
    EXPECT_FALSE(std::filesystem::exists(folder / "pid"));
}

TEST_F(ProgramTest, CheckListsEveryProblemAndStartsNothing) {
    const std::string marks = folder / "marks";
    Program good({"check", "-c", conf()}, {"SARA_WRONG_MARKS=" + marks});
    EXPECT_EQ(good.wait(), 0) << good.err();
    EXPECT_THAT(good.out(), HasSubstr("conf.json: good; plugins good"));
    EXPECT_EQ(readFile(marks), "");

    Program bad({"check", "-c",
                 conf("\"enable_tls\": true, \"certfile\": \"/no/cert\", \"keyfile\": \"/no/key\"",
                      "\"picky\": {\"retries\": 99, \"rom\": 1}, \"bad-major\": {}")});
    EXPECT_EQ(bad.wait(), 1);
    EXPECT_THAT(bad.err(), HasSubstr("certfile /no/cert: No such file or directory"));
    EXPECT_THAT(bad.err(), HasSubstr("plugins.picky.retries"));
    EXPECT_THAT(bad.err(), HasSubstr("plugins.picky.rom"));
    EXPECT_THAT(bad.err(), HasSubstr("plugin offers major 2"));
    EXPECT_EQ(lines(bad.err()), 4) << bad.err();
}

TEST_F(ProgramTest, PluginListSaysWhatIsThereAndWhy) {
    Program list({"plugin", "list", "-c", conf()});
    EXPECT_EQ(list.wait(), 0) << list.err();
    EXPECT_THAT(list.out(), HasSubstr("good 1.0.0\n  state     enabled\n"));
    EXPECT_THAT(list.out(), HasSubstr("picky 1.0.0\n  state     not enabled\n"));
    EXPECT_THAT(list.out(), HasSubstr("bad-major -\n  state     refused: ABI mismatch"));
}

TEST_F(ProgramTest, SetupWritesAFileThatCheckFindsGood) {
    const std::string file = folder / "etc/conf.json";
    Program setup({"setup", "-o", file});
    EXPECT_EQ(setup.wait(), 0) << setup.err();
    EXPECT_THAT(setup.out(), HasSubstr("[success] setup config to : " + file));
    Program again({"setup", "-o", file});
    EXPECT_EQ(again.wait(), 1);
    EXPECT_THAT(again.err(), HasSubstr("exists already; --force overwrites it"));
}

TEST_F(ProgramTest, TellsTheServiceManager) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = folder / "notify";
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ASSERT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    const timeval limit{20, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    Program sara({"-c", conf()}, {"NOTIFY_SOCKET=" + path});
    char text[512] = {};
    EXPECT_GT(::recv(fd, text, sizeof text - 1, 0), 0);
    EXPECT_THAT(text, StartsWith("READY=1\nSTATUS=sara "));
    sara.signal(SIGTERM);
    EXPECT_GT(::recv(fd, text, sizeof text - 1, 0), 0);
    EXPECT_THAT(text, StartsWith("STOPPING=1"));
    EXPECT_EQ(sara.wait(), 0);
    ::close(fd);
}

TEST_F(ProgramTest, VersionAndHelpAndUnknownWords) {
    Program brief({"-v"}), version({"version"}), help({"-h"}), unknown({"strat"});
    EXPECT_EQ(brief.wait(), 0);
    EXPECT_EQ(brief.out(), "sara version " SARA_VERSION "\n");
    EXPECT_EQ(version.wait(), 0);
    EXPECT_THAT(version.out(), StartsWith("version\t: " SARA_VERSION "\n"));
    EXPECT_EQ(help.wait(), 0);
    EXPECT_THAT(help.out(), HasSubstr("--config"));
    EXPECT_EQ(unknown.wait(), 1);
    EXPECT_EQ(
        unknown.err(),
        "sara: unknown command \"strat\" (did you mean \"start\"?); `sara help` lists them\n");
}

}  // namespace
}  // namespace sara::boot
