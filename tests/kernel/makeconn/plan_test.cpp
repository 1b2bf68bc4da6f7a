// How many processes and addresses a run needs on machines with few files or ports.
#include "makeconn/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sara::makeconn {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr MachineLimits kMachine{20'000, 4, 32'768, 60'999};

Plan planOf(uint32_t total, uint32_t workers = 0, bool loopback = true,
            std::vector<std::string> laddr = {}, MachineLimits machine = kMachine) {
    Options options;
    options.total = total;
    options.workers = workers;
    options.laddr = std::move(laddr);
    return planFor(options, machine, loopback);
}

TEST(MakeconnPlan, FewUsersNeedOneProcess) {
    EXPECT_EQ(planOf(1).workers, 1u);
    EXPECT_EQ(planOf(1000).workers, 1u);
    EXPECT_EQ(planOf(2000).workers, 2u);
    EXPECT_EQ(planOf(50'000).workers, 4u);  // processors
}

TEST(MakeconnPlan, MoreUsersThanFilesOfAProcessGetMoreProcesses) {
    const Plan plan = planOf(500'000);
    EXPECT_EQ(plan.wrong, "");
    EXPECT_EQ(plan.workers, 26u);
    EXPECT_LE(500'000 / plan.workers + 32, kMachine.files);
}

TEST(MakeconnPlan, NeverMoreProcessesThanUsers) { EXPECT_EQ(planOf(3, 100).workers, 3u); }

TEST(MakeconnPlan, SaysWhichFileLimitIsTooLowAndWhatToDo) {
    const Plan plan = planOf(30'000, 1);
    EXPECT_THAT(plan.wrong, HasSubstr("30000 connections in 1 worker need 30032 open files"));
    EXPECT_THAT(plan.wrong, HasSubstr("may open 20000 here (hard limit, `ulimit -Hn`)"));
    EXPECT_THAT(plan.wrong, HasSubstr("--workers 2"));
    MachineLimits poor = kMachine;
    poor.files = 64;
    EXPECT_THAT(planOf(100'000, 0, true, {}, poor).wrong, HasSubstr("in 256 workers"));
    poor.files = 10;
    EXPECT_THAT(planOf(1, 0, true, {}, poor).wrong, HasSubstr("may open 10 here"));
}

TEST(MakeconnPlan, LoopbackGetsAsManyAddressesAsTheServerAllowsUsersEach) {
    EXPECT_THAT(planOf(100).sources, SizeIs(1));
    EXPECT_THAT(planOf(9'001).sources, SizeIs(2));
    EXPECT_THAT(planOf(90'000).sources, SizeIs(10));
    EXPECT_THAT(planOf(100, 0, false).sources, IsEmpty());
}

TEST(MakeconnPlan, SaysThatPortsRunOutAndHowManyAddressesWouldDo) {
    const Plan plan = planOf(60'000, 0, false);
    EXPECT_THAT(plan.wrong, HasSubstr("60000 connections from 1 address run out of ports"));
    EXPECT_THAT(plan.wrong, HasSubstr("28232 (net.ipv4.ip_local_port_range is 32768 60999)"));
    EXPECT_THAT(plan.wrong, HasSubstr("name 3 addresses of this machine with --laddr"));
    EXPECT_THAT(planOf(60'000, 0, false, {"10.0.0.1", "10.0.0.2"}).wrong,
                HasSubstr("from 2 addresses"));
    EXPECT_EQ(planOf(60'000, 0, false, {"10.0.0.1", "10.0.0.2", "10.0.0.3"}).wrong, "");
}

TEST(MakeconnPlan, ReadsTheLimitsOfThisMachine) {
    const MachineLimits machine = readLimits();
    EXPECT_GT(machine.files, 0u);
    EXPECT_GE(machine.processors, 1u);
    EXPECT_GT(machine.ports(), 1u);
}

}  // namespace
}  // namespace sara::makeconn
