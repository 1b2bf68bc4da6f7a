// Profiles of a running server: `sara --debug` and `sara pprof`, and that a standard tool opens
// what they write.
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "kit/wire_test.h"

namespace sara::wire {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

class ProfileTest : public WireTest {
  protected:
    void SetUp() override {
        conf_.setText("profile_dir", folder_.file("profiles"));
        writeFile(folder_.file("debug.json"), conf_.json());
    }
    std::vector<std::string> debugCommand() const {
        return {saraBinary(), "--debug", "-c", folder_.file("debug.json")};
    }
    CommandResult pprof() {
        return runSara(folder_.path().string(), {"pprof", "-c", folder_.file("debug.json")});
    }
    // A server with --debug; its port.
    static uint16_t portOf(const ChildProcess& server) {
        if (!waitUntil([&] { return server.output().find(" ready in ") != std::string::npos; })) {
            throw std::runtime_error("not ready: " + server.output());
        }
        const std::string text = server.output();
        const size_t at = text.find("tcp 127.0.0.1:");
        return static_cast<uint16_t>(std::stoi(text.substr(at + 14)));
    }
    // What google-pprof says about a profile.
    std::string textOf(const std::string& profile) {
        const std::string command = "google-pprof --text " + saraBinary() + " " + profile + " >" +
                                    folder_.file("text") + " 2>&1";
        const int code = std::system(command.c_str());
        EXPECT_EQ(code, 0) << "is google-perftools installed? " << readFile(folder_.file("text"));
        return readFile(folder_.file("text"));
    }
};

TEST_F(ProfileTest, FilesAreNamedInTheAnswerAndAStandardToolOpensThem) {
    if (kSanitized) GTEST_SKIP() << "the sanitizer has its own malloc";
    ChildProcess server(debugCommand(), folder_.file("debug.out"));
    const uint16_t port = portOf(server);
    const CommandResult load =
        runSara(folder_.path().string(), {"makeconn", "-a", "127.0.0.1:" + std::to_string(port),
                                          "-t", "50", "--rate", "8000", "--duration", "2"});
    EXPECT_EQ(load.code, 0) << load.output;
    const CommandResult answer = pprof();
    EXPECT_EQ(answer.code, 0) << answer.output;
    EXPECT_THAT(answer.output, AllOf(HasSubstr(folder_.file("profiles/sara_cpu.1.out")),
                                     HasSubstr(folder_.file("profiles/sara_mem.1.out")),
                                     HasSubstr("google-pprof --text")));
    // The loops are where the time goes; a profile of the main thread alone knows only poll().
    EXPECT_THAT(textOf(folder_.file("profiles/sara_cpu.1.out")),
                AllOf(HasSubstr("samples"), AnyOf(HasSubstr("send"), HasSubstr("recv"),
                                                  HasSubstr("epoll_wait"), HasSubstr("chat"))));
    EXPECT_THAT(textOf(folder_.file("profiles/sara_mem.1.out")), HasSubstr("sara::"));
    EXPECT_THAT(pprof().output, HasSubstr(folder_.file("profiles/sara_cpu.2.out")));
    server.signal(SIGTERM);
    EXPECT_EQ(server.waitExit(), 0) << server.output();
    EXPECT_FALSE(std::filesystem::exists(folder_.file("sara.pid.answer")));
}

TEST_F(ProfileTest, FilesOfAnEarlierLifeStay) {
    if (kSanitized) GTEST_SKIP() << "the sanitizer has its own malloc";
    for (int life = 1; life <= 2; ++life) {
        ChildProcess server(debugCommand(), folder_.file("debug.out" + std::to_string(life)));
        (void)portOf(server);
        server.signal(SIGTERM);
        EXPECT_EQ(server.waitExit(), 0);
        EXPECT_TRUE(std::filesystem::exists(
            folder_.file("profiles/sara_cpu." + std::to_string(life) + ".out")));
    }
}

TEST_F(ProfileTest, AServerWithoutDebugAnswersThatItHasNone) {
    writeFile(folder_.file("debug.json"), conf_.json());
    start();
    const CommandResult answer = pprof();
    EXPECT_EQ(answer.code, 1);
    EXPECT_THAT(answer.output, HasSubstr("the server runs without --debug"));
    EXPECT_TRUE(server().running());
    EXPECT_TRUE(waitUntil([&] {
        return readFile(folder_.file("sara.log")).find("(counters)") != std::string::npos;
    }));
    EXPECT_THAT(readFile("/proc/" + std::to_string(server().pid()) + "/maps"),
                Not(HasSubstr("tcmalloc")));
}

TEST_F(ProfileTest, NoServerIsOneClearLine) {
    EXPECT_EQ(pprof().code, 1);
    EXPECT_THAT(pprof().output, HasSubstr("sara is not running (no pid file "));
    writeFile(folder_.file("sara.pid"), "999999");
    EXPECT_THAT(pprof().output, HasSubstr("is left over"));
}

TEST_F(ProfileTest, AnAnswerThatIsALinkOrOfAnotherRequestIsNotBelieved) {
    start();
    writeFile(folder_.file("planted"), "request 0\ncpu profile  : /etc/passwd\n");
    std::filesystem::create_symlink(folder_.file("planted"), folder_.file("sara.pid.answer"));
    const CommandResult answer = pprof();
    EXPECT_THAT(answer.output, AllOf(HasSubstr("without --debug"), Not(HasSubstr("passwd"))));
    EXPECT_EQ(readFile(folder_.file("planted")), "request 0\ncpu profile  : /etc/passwd\n");
}

TEST_F(ProfileTest, DebugWithoutTheLibrarySaysWhatToInstall) {
    // Says "started anew already" to a program that was not: as if the loader had not found it.
    ::setenv("SARA_DEBUG_ENTERED", "1", 1);
    ChildProcess server(debugCommand(), folder_.file("debug.out"));
    ::unsetenv("SARA_DEBUG_ENTERED");
    EXPECT_EQ(server.waitExit(), 1);
    EXPECT_THAT(server.output(), HasSubstr(kSanitized ? "this build has a sanitizer"
                                                      : "apt-get install libgoogle-perftools4"));
}

TEST_F(ProfileTest, AFolderThatCannotBeWrittenIsAnErrorAtStart) {
    if (kSanitized) GTEST_SKIP() << "the sanitizer has its own malloc";
    writeFile(folder_.file("file"), "");
    conf_.setText("profile_dir", folder_.file("file/below"));
    writeFile(folder_.file("debug.json"), conf_.json());
    ChildProcess server(debugCommand(), folder_.file("debug.out"));
    EXPECT_EQ(server.waitExit(), 1);
    EXPECT_THAT(server.output(), HasSubstr("file/below: Not a directory"));
}

}  // namespace
}  // namespace sara::wire
