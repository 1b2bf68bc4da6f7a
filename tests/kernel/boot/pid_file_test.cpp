#include "boot/pid_file.h"

#include <unistd.h>

#include "boot_fixture.h"

namespace sara::boot {
namespace {

using testing::HasSubstr;

TEST(PidFile, HoldsThePidAndIsRemovedAtTheEnd) {
    TempFolder folder;
    std::string error;
    {
        PidFile pid;
        ASSERT_TRUE(pid.claim(folder / "pid", &error)) << error;
        EXPECT_EQ(readFile(folder / "pid"), std::to_string(::getpid()));
    }
    EXPECT_FALSE(std::filesystem::exists(folder / "pid"));
}

// The earlier server overwrote the pid file of a running one.
TEST(PidFile, SecondServerIsRefusedAndLeavesTheFirstOnesFileAlone) {
    TempFolder folder;
    std::string error;
    PidFile first;
    ASSERT_TRUE(first.claim(folder / "pid", &error)) << error;
    {
        PidFile second;
        EXPECT_FALSE(second.claim(folder / "pid", &error));
    }
    EXPECT_THAT(error, HasSubstr("a server is running already, pid " + std::to_string(::getpid())));
    pid_t pid = 0;
    EXPECT_EQ(readPidFile(folder / "pid", &pid, &error), PidState::kRunning);
    EXPECT_EQ(pid, ::getpid());
}

TEST(PidFile, LeftBehindByAKilledServerIsTakenOver) {
    TempFolder folder;
    std::string error;
    folder.write("pid", "999999999");
    pid_t pid_found = 0;
    EXPECT_EQ(readPidFile(folder / "pid", &pid_found, &error), PidState::kStale);
    PidFile pid;
    ASSERT_TRUE(pid.claim(folder / "pid", &error)) << error;
    EXPECT_EQ(readFile(folder / "pid"), std::to_string(::getpid()));
}

TEST(PidFile, FollowsNoSymbolicLink) {
    TempFolder folder;
    std::string error;
    const std::string victim = folder.write("victim", "precious");
    std::filesystem::create_symlink(victim, folder / "pid");
    PidFile pid;
    EXPECT_FALSE(pid.claim(folder / "pid", &error));
    EXPECT_EQ(readFile(victim), "precious");
}

TEST(PidFile, DoesNotRemoveAFileThatSomebodyElsePutThere) {
    TempFolder folder;
    std::string error;
    {
        PidFile pid;
        ASSERT_TRUE(pid.claim(folder / "pid", &error)) << error;
        std::filesystem::remove(folder / "pid");
        folder.write("pid", "1234");
    }
    EXPECT_EQ(readFile(folder / "pid"), "1234");
}

TEST(Stop, SaysThatNothingRuns) {
    TempFolder folder;
    testing::internal::CaptureStdout();
    EXPECT_EQ(stopServer(folder / "pid", 100), 0);
    EXPECT_THAT(testing::internal::GetCapturedStdout(),
                HasSubstr("sara is not running (no pid file"));
    folder.write("pid", "1");
    testing::internal::CaptureStdout();
    EXPECT_EQ(stopServer(folder / "pid", 100), 0);
    EXPECT_THAT(testing::internal::GetCapturedStdout(), HasSubstr("is left over"));
}

}  // namespace
}  // namespace sara::boot
