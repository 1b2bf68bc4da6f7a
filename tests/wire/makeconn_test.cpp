// `sara makeconn` against the real server, and against nobody.
#include <Poco/JSON/Parser.h>

#include "kit/wire_test.h"

namespace sara::wire {
namespace {

using ::testing::HasSubstr;

class MakeconnTest : public WireTest {
  protected:
    // Runs it to its end against a port of the server.
    CommandResult makeconn(uint16_t port, std::vector<std::string> args) {
        args.insert(args.begin(), {"makeconn", "-a", "127.0.0.1:" + std::to_string(port)});
        return runSara(folder_.path().string(), args);
    }
    // The line of JSON at the end of what it printed.
    static Poco::JSON::Object::Ptr resultIn(const CommandResult& run) {
        const size_t at = run.output.find("{\"total\"");
        if (at == std::string::npos) throw std::runtime_error("no result in: " + run.output);
        return Poco::JSON::Parser()
            .parse(run.output.substr(at, run.output.find('\n', at) - at))
            .extract<Poco::JSON::Object::Ptr>();
    }
};

TEST_F(MakeconnTest, UsersWriteToEachOtherAndEverythingArrives) {
    const CommandResult run = makeconn(
        server().port(), {"-t", "20", "--rate", "200", "--duration", "1", "-b", "0.2", "--json"});
    EXPECT_EQ(run.code, 0) << run.output;
    const auto result = resultIn(run);
    EXPECT_EQ(result->getValue<int>("online"), 20);
    EXPECT_GE(result->getValue<int>("sent"), 20);
    EXPECT_EQ(result->getValue<int>("received"), result->getValue<int>("sent"));
    EXPECT_EQ(result->getValue<int>("acked"), result->getValue<int>("sent"));
    EXPECT_EQ(result->getValue<int>("missing"), 0);
    EXPECT_GT(result->getValue<int>("echoes"), 0);
    EXPECT_TRUE(result->getValue<bool>("good"));
    EXPECT_GT(result->getValue<double>("p50_ms"), 0);
}

TEST_F(MakeconnTest, SeveralProcessesAndTlsMakeOneRun) {
    useTls();
    const CommandResult run = makeconn(
        server().tlsPort(),
        {"-t", "12", "--tls", "--workers", "3", "--rate", "100", "--duration", "0.5", "--json"});
    EXPECT_EQ(run.code, 0) << run.output;
    EXPECT_EQ(resultIn(run)->getValue<int>("online"), 12);
    EXPECT_THAT(run.output, HasSubstr("worker: 3"));
}

TEST_F(MakeconnTest, LoadsWebSocketAndSecureWebSocketLikeTheOthers) {
    conf_.set("login_timeout_ms", "300");
    use(Via::kWs);
    use(Via::kWss);
    for (const Via via : {Via::kWs, Via::kWss}) {
        std::vector<std::string> args{"-t",         "10",  "--ws", "--rate", "100",
                                      "--duration", "0.5", "-b",   "0.1",    "--json"};
        if (overTls(via)) args.push_back("--tls");
        const CommandResult run = makeconn(portOf(via), args);
        EXPECT_EQ(run.code, 0) << run.output;
        EXPECT_GT(resultIn(run)->getValue<int>("received"), 0);
        EXPECT_GT(resultIn(run)->getValue<int>("echoes"), 0);
    }
    // A port that speaks tcp is no upgrade.
    const CommandResult wrong = makeconn(server().port(), {"-t", "1", "--ws", "--duration", "0.1"});
    EXPECT_EQ(wrong.code, 1);
    EXPECT_THAT(wrong.output, HasSubstr("1 x no WebSocket server: it does not speak HTTP"));
}

TEST_F(MakeconnTest, PrintsTheLinesThatPeopleKnow) {
    const CommandResult run = makeconn(server().port(), {"-t", "3", "--duration", "0.1"});
    EXPECT_EQ(run.code, 0) << run.output;
    EXPECT_THAT(run.output, HasSubstr("total 3  heartbeat 50"));
    EXPECT_THAT(run.output, HasSubstr("total: 3 finished, fail: 0  time: "));
}

TEST_F(MakeconnTest, WithoutADurationCtrlCEndsItInOrder) {
    const size_t before = server().openFiles();
    ChildProcess child(
        {saraBinary(), "makeconn", "-a", "127.0.0.1:" + std::to_string(server().port()), "-t", "4",
         "--ms", "16", "--mg", "0.05", "--json"},
        folder_.file("makeconn.out"));
    ASSERT_TRUE(waitUntil([&] { return server().openFiles() >= before + 4; }));
    child.signal(SIGINT);
    const auto code = child.waitExit();
    ASSERT_TRUE(code.has_value());
    EXPECT_THAT(child.output(), HasSubstr("\"total\":4"));
    EXPECT_THAT(child.output(), HasSubstr("\"missing\":0"));
}

TEST_F(MakeconnTest, SaysWhyConnectionsFailed) {
    conf_.set("limits.connections_max", "5");
    const CommandResult run = makeconn(server().port(), {"-t", "8", "--duration", "0.1", "--json"});
    EXPECT_EQ(run.code, 1) << run.output;
    const auto result = resultIn(run);
    EXPECT_EQ(result->getValue<int>("online"), 5);
    EXPECT_EQ(result->getValue<int>("failed"), 3);
    EXPECT_FALSE(result->getValue<bool>("good"));
    EXPECT_THAT(run.output, HasSubstr("closed by the server"));
    const CommandResult refused = makeconn(1, {"-t", "2", "--duration", "0.1"});
    EXPECT_EQ(refused.code, 1);
    EXPECT_THAT(refused.output, HasSubstr("2 x Connection refused"));
}

TEST_F(MakeconnTest, SaysWhichReasonALoginWasRefusedWith) {
    conf_.set("enable_auth", "true");
    conf_.set("login_failure_delay_ms", "20");
    const CommandResult run = makeconn(server().port(), {"-t", "2", "--duration", "0.1"});
    EXPECT_EQ(run.code, 1);
    EXPECT_THAT(run.output, HasSubstr("2 x login refused: fail_token"));
}

TEST_F(MakeconnTest, AServerThatDiesIsNoticed) {
    const size_t before = server().openFiles();
    ChildProcess child(
        {saraBinary(), "makeconn", "-a", "127.0.0.1:" + std::to_string(server().port()), "-t", "4",
         "--duration", "60", "--json"},
        folder_.file("makeconn.out"));
    ASSERT_TRUE(waitUntil([&] { return server().openFiles() >= before + 4; }));
    server().killHard();
    serverMayEnd();
    const auto code = child.waitExit();
    ASSERT_TRUE(code.has_value());
    EXPECT_EQ(*code, 1);
    EXPECT_THAT(child.output(), HasSubstr("\"good\":false"));
}

TEST_F(MakeconnTest, AddressesOfOtherMachinesAreRefusedByName) {
    const CommandResult run = makeconn(server().port(), {"-l", "127.0.0.1,192.0.2.1", "-t", "2"});
    EXPECT_EQ(run.code, 2);
    EXPECT_THAT(run.output, HasSubstr("--laddr 192.0.2.1: "));
    EXPECT_THAT(run.output, HasSubstr("is it an address of this machine?"));
    const CommandResult several =
        makeconn(server().port(), {"-l", "127.0.0.1,127.0.0.9", "-t", "4", "--duration", "0.1"});
    EXPECT_EQ(several.code, 0) << several.output;
}

TEST_F(MakeconnTest, RefusesWhatTheMachineCannotCarryBeforeItBegins) {
    ChildProcess child({saraBinary(), "makeconn", "-t", "1000", "--workers", "1"},
                       folder_.file("makeconn.out"), 128);
    const auto code = child.waitExit();
    ASSERT_TRUE(code.has_value());
    EXPECT_EQ(*code, 2);
    EXPECT_THAT(child.output(), HasSubstr("need 1032 open files each, and a process may open 128"));
    EXPECT_THAT(child.output(), HasSubstr("--workers 11"));
}

}  // namespace
}  // namespace sara::wire
