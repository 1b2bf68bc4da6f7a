// The program: start, ready line, signals, commands, and the sentence for each thing that can be
// wrong.
#include <signal.h>
#include <sys/socket.h>

#include <filesystem>

#include "kit/wire_test.h"

namespace sara::wire {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;

class ProcessTest : public WireTest {
  protected:
    // Starts a server that must refuse; returns what it said.
    CommandResult refusal(const Conf& conf) {
        const std::string path = folder_.file("refused.json");
        writeFile(path, conf.json());
        return runSara(folder_.path().string(), {"-c", path});
    }
    CommandResult sara(const std::vector<std::string>& args, const std::string& in = "") {
        return runSara(folder_.path().string(), args, in);
    }
};

TEST_F(ProcessTest, ReadyLineNamesListenersStoreAndPlugins) {
    useTls();
    EXPECT_THAT(server().readyLine(),
                AllOf(HasSubstr(std::to_string(server().port())),
                      HasSubstr(std::to_string(server().tlsPort())), HasSubstr("embedded"),
                      HasSubstr("transport-tcp"), HasSubstr("ms")));
}

TEST_F(ProcessTest, TakesAllTheFilesThatTheSystemAllowsAndSaysHowMany) {
    // A soft limit of 1024, as shells have it, ended at 1,000 clients of 20,000.
    writeFile(folder_.file("c.json"), conf_.json());
    ChildProcess child(
        {"/bin/sh", "-c", "ulimit -Sn 256; exec " + saraBinary() + " -c " + folder_.file("c.json")},
        folder_.file("out"), 512);
    ASSERT_TRUE(waitUntil([&] { return child.output().find(" ready in ") != std::string::npos; }));
    EXPECT_THAT(readFile(folder_.file("sara.log")),
                AllOf(HasSubstr("may open 512 files, enough for about 112 clients"),
                      HasSubstr("raise the hard limit (LimitNOFILE, ulimit -Hn)")));
    child.signal(SIGTERM);
    EXPECT_EQ(child.waitExit(), 0);
}

TEST_F(ProcessTest, CheckWarnsOfTheTokenThatEverybodyKnows) {
    conf_.setText("accesstoken", "http-rpc access token");
    writeFile(folder_.file("c.json"), conf_.json());
    const CommandResult check = sara({"check", "-c", folder_.file("c.json")});
    EXPECT_EQ(check.code, 0) << check.output;
    EXPECT_THAT(check.output, HasSubstr("\"accesstoken\" is the text of the earlier server's"));
}

TEST_F(ProcessTest, EndsWithZeroAtSigtermAndRemovesItsPidFile) {
    // Defect 47: SIGTERM was ignored, the pid file stayed.
    start();
    EXPECT_EQ(std::stoi(readFile(folder_.file("sara.pid"))), server().pid());
    serverMayEnd();
    const auto begin = Clock::now();
    EXPECT_EQ(server().terminate(), 0);
    EXPECT_LT(Clock::now() - begin, Millis(5'000));
    EXPECT_FALSE(std::filesystem::exists(folder_.file("sara.pid")));
}

TEST_F(ProcessTest, EndsInTimeAlsoWithClientsThatDoNotRead) {
    conf_.set("drain_timeout_ms", "1000").set("close_flush_ms", "500");
    Client slow(server().port(), {Via::kTcp, "127.0.0.1", 4096, 0});
    ASSERT_EQ(slow.loginAndAck("slow@t.com").result(), "ok");
    Client a = online("a@t.com");
    for (int i = 0; i < 200; ++i) {
        a.send(chatPacket("m", "a@t.com", "slow@t.com", std::string(5'000, 'x'), false));
    }
    serverMayEnd();
    EXPECT_EQ(server().terminate(), 0);
}

TEST_F(ProcessTest, SigintIsAnOrderlyEndToo) {
    start();
    serverMayEnd();
    server().signal(SIGINT);
    EXPECT_EQ(server().waitExit(), 0);
}

TEST_F(ProcessTest, SighupReopensTheLog) {
    start();
    const std::string log = folder_.file("sara.log");
    ASSERT_TRUE(waitUntil([&] { return std::filesystem::exists(log); }));
    std::filesystem::rename(log, log + ".old");
    server().signal(SIGHUP);
    EXPECT_TRUE(waitUntil([&] {
        Client client = online("a@t.com");  // something to log about
        return std::filesystem::exists(log);
    }));
}

TEST_F(ProcessTest, StopCommandEndsTheServerAndSaysSo) {
    start();
    serverMayEnd();
    const CommandResult stop = sara({"stop", "-c", folder_.file("conf.json")});
    EXPECT_EQ(stop.code, 0) << stop.output;
    EXPECT_NE(stop.output, "");
    EXPECT_EQ(server().waitExit(Millis(200)), 0);  // stop waited until it was down
}

TEST_F(ProcessTest, StopCommandSaysWhenThereIsNoServer) {
    writeFile(folder_.file("conf.json"), conf_.json());
    const CommandResult stop = sara({"stop", "-c", folder_.file("conf.json")});
    EXPECT_EQ(stop.code, 0);  // as the earlier server: what was wanted is so
    EXPECT_THAT(stop.output, HasSubstr("sara.pid"));
}

TEST_F(ProcessTest, SecondServerOnTheSameDataIsRefusedAndTheFirstGoesOn) {
    Client a = online("a@t.com");
    Conf second = conf_;
    second.setText("pidfile", folder_.file("second.pid"));
    const CommandResult result = refusal(second);
    EXPECT_EQ(result.code, 1) << result.output;
    EXPECT_THAT(result.output, HasSubstr(folder_.file("data")));
    a.sendRaw(kHeartbeatFrame);
    EXPECT_EQ(a.next(), std::string(kHeartbeatBody));
}

TEST_F(ProcessTest, PortInUseIsOneClearLine) {
    // Defect 47: it was logged, and the process stayed up.
    start();
    Conf second = conf_;
    second.setText("pidfile", folder_.file("second.pid"));
    second.setText("datadir", folder_.file("second")).set("port", std::to_string(server().port()));
    const CommandResult result = refusal(second);
    EXPECT_EQ(result.code, 1) << result.output;
    EXPECT_THAT(result.output, HasSubstr(std::to_string(server().port())));
}

TEST_F(ProcessTest, UnusableDatadirIsOneClearLine) {
    writeFile(folder_.file("plain"), "a file, not a folder");
    conf_.setText("datadir", folder_.file("plain") + "/data");
    const CommandResult result = refusal(conf_);
    EXPECT_EQ(result.code, 1) << result.output;
    EXPECT_THAT(result.output, HasSubstr(folder_.file("plain")));
}

TEST_F(ProcessTest, UnknownKeyIsAnErrorThatNamesTheNearestOne) {
    conf_.set("loglevle", "2");
    const CommandResult result = refusal(conf_);
    EXPECT_EQ(result.code, 1);
    EXPECT_THAT(result.output, AllOf(HasSubstr("loglevle"), HasSubstr("loglevel")));
}

TEST_F(ProcessTest, MissingConfFileIsOneClearLine) {
    const CommandResult result = sara({"-c", folder_.file("nowhere.json")});
    EXPECT_EQ(result.code, 1);
    EXPECT_THAT(result.output, HasSubstr("nowhere.json"));
}

TEST_F(ProcessTest, FlatFileWithFewKeysStarts) {
    // G10: a file that omits keys made the Go server panic. Only what must not collide is set here.
    Conf few;
    few.setText("nodeid", "n02").set("port", "0").set("rpcport", "0").set("enable_ws", "0");
    few.setText("datadir", folder_.file("data")).setText("pidfile", folder_.file("p"));
    few.setText("logfile", "").setText("bind", "127.0.0.1");
    conf_ = few;
    EXPECT_EQ(online("a@t.com").sendRaw(kHeartbeatFrame), true);
}

TEST_F(ProcessTest, CheckCommandAgreesWithTheServer) {
    writeFile(folder_.file("good.json"), conf_.json());
    const CommandResult good = sara({"check", "-c", folder_.file("good.json")});
    EXPECT_EQ(good.code, 0) << good.output;
    conf_.set("port", "\"many\"");
    writeFile(folder_.file("bad.json"), conf_.json());
    const CommandResult bad = sara({"check", "-c", folder_.file("bad.json")});
    EXPECT_EQ(bad.code, 1);
    EXPECT_THAT(bad.output, AllOf(HasSubstr("bad.json"), HasSubstr("port"), HasSubstr("many")));
}

TEST_F(ProcessTest, SetupWritesAFileThatCheckAccepts) {
    const std::string path = folder_.file("new.json");
    const CommandResult setup = sara({"setup", "-o", path});
    ASSERT_EQ(setup.code, 0) << setup.output;
    EXPECT_THAT(readFile(path), HasSubstr("\"embedded\""));
    const CommandResult check = sara({"check", "-c", path});
    EXPECT_EQ(check.code, 0) << check.output;
}

TEST_F(ProcessTest, VersionHelpAndPluginListAnswer) {
    EXPECT_THAT(sara({"version"}).output, HasSubstr("1.0"));
    EXPECT_THAT(sara({"-v"}).output, HasSubstr("sara version"));
    EXPECT_THAT(sara({"help"}).output, AllOf(HasSubstr("setup"), HasSubstr("talk")));
    writeFile(folder_.file("conf.json"), conf_.json());
    EXPECT_THAT(sara({"plugin", "list", "-c", folder_.file("conf.json")}).output,
                AllOf(HasSubstr("transport-tcp"), HasSubstr("store-embedded")));
    EXPECT_NE(sara({"strat"}).code, 0);
}

class TalkCommandTest : public WireTest, public ::testing::WithParamInterface<Via> {};
INSTANTIATE_TEST_SUITE_P(Over, TalkCommandTest, ::testing::Values(Via::kTcp, Via::kTls),
                         [](const auto& param) {
                             return param.param == Via::kTcp ? "Tcp" : "Tls";
                         });

TEST_P(TalkCommandTest, TwoPeopleTalkAndTheOneWhoWasAwayGetsItLater) {
    useTls();
    std::vector<std::string> args = {"talk", "--as", "a@demo", "--to", "b@demo", "--port"};
    if (GetParam() == Via::kTcp) {
        args.push_back(std::to_string(server().port()));
    } else {
        args.push_back(std::to_string(server().tlsPort()));
        args.push_back("--tls");
    }
    const std::string folder = folder_.path().string();
    const CommandResult a = runSara(folder, args, "hello\nhow are you?\n");
    EXPECT_EQ(a.code, 0) << a.output;
    EXPECT_THAT(a.output, AllOf(HasSubstr("accepted: hello"), HasSubstr("accepted: how are you?")));
    args[2] = "b@demo";
    args[4] = "a@demo";
    const CommandResult b = runSara(folder, args);
    EXPECT_EQ(b.code, 0) << b.output;
    EXPECT_THAT(b.output, AllOf(HasSubstr("a@demo (offline): hello"),
                                HasSubstr("a@demo (offline): how are you?")));
    const CommandResult again = runSara(folder, args);
    EXPECT_THAT(again.output, Not(HasSubstr("offline")));
}

}  // namespace
}  // namespace sara::wire
