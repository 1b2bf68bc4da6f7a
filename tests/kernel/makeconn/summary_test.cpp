// What the workers count and what the person reads.
#include "makeconn/summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "makeconn/swarm.h"

namespace sara::makeconn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

Options twoUsers() {
    Options options;
    options.total = 2;
    options.message_bytes = 10;
    return options;
}

TEST(MakeconnSummary, AddsTheBoardsOfAllProcesses) {
    Boards boards(2, 2);
    const pid_t child = ::fork();
    if (child == 0) {
        boards.of(1).online.add();
        boards.of(1).sent.add(3);
        boards.of(1).fail("refused");
        boards.of(1).settled_ns.store(9);
        ::_exit(0);
    }
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
    boards.of(0).online.add();
    boards.of(0).fail("refused");
    boards.of(0).fail("timeout");
    const Summary sum = sumOf(boards, 2);
    EXPECT_EQ(sum.online, 2u);
    EXPECT_EQ(sum.sent, 3u);
    EXPECT_EQ(sum.settled, 1u);
    EXPECT_THAT(sum.reasons, ElementsAre(Pair("refused", 2u), Pair("timeout", 1u)));
}

TEST(MakeconnSummary, MoreReasonsThanPlacesCountAsTheLastOne) {
    Boards boards(1, 1);
    for (int i = 0; i < 40; ++i) boards.of(0).fail("reason " + std::to_string(i));
    boards.of(0).fail(std::string(500, 'x'));
    const Summary sum = sumOf(boards, 1);
    uint32_t all = 0;
    for (const auto& [why, count] : sum.reasons) all += count;
    EXPECT_EQ(all, 41u);
    EXPECT_EQ(sum.reasons.size(), boards.of(0).reasons.size());
}

TEST(MakeconnSummary, IsGoodOnlyWhenEverybodyStayedAndEverythingArrived) {
    Summary end;
    end.online = 2;
    end.sent = end.received = end.acked = 5;
    EXPECT_TRUE(isGood(twoUsers(), end));
    for (uint64_t Summary::*const bad :
         {&Summary::failed, &Summary::closed, &Summary::notices, &Summary::held}) {
        Summary spoiled = end;
        spoiled.*bad = 1;
        EXPECT_FALSE(isGood(twoUsers(), spoiled));
    }
    for (uint64_t Summary::*const less : {&Summary::online, &Summary::received, &Summary::acked}) {
        Summary spoiled = end;
        --(spoiled.*less);
        EXPECT_FALSE(isGood(twoUsers(), spoiled));
    }
}

TEST(MakeconnSummary, TellsLossesAndReasonsInWordsAndInJson) {
    Summary end;
    end.online = 1;
    end.failed = 1;
    end.sent = 5;
    end.received = 3;
    end.latency[Histogram::slotOf(2'000'000)] = 3;
    end.reasons = {{"says \"no\"", 1}};
    const RunTimes times{0.5, 2};
    EXPECT_THAT(table(twoUsers(), end, times), HasSubstr("total: 2 finished, fail: 1"));
    EXPECT_THAT(table(twoUsers(), end, times), HasSubstr("missing 2"));
    EXPECT_THAT(table(twoUsers(), end, times), HasSubstr("1 x says \"no\""));
    const std::string json = jsonLine(twoUsers(), end, times);
    EXPECT_THAT(json, HasSubstr(R"("missing":2)"));
    EXPECT_THAT(json, HasSubstr(R"("good":false,"reasons":{"says \"no\"":1}})"));
    EXPECT_THAT(json, HasSubstr(R"("sent_per_s":2.5)"));
}

TEST(MakeconnSummary, TheLiveLineIsAboutTheLastSeconds) {
    Summary before;
    before.sent = 100;
    before.latency[Histogram::slotOf(900'000'000)] = 100;
    Summary now = before;
    now.sent = 300;
    now.received = 50;
    now.latency[Histogram::slotOf(1'000'000)] = 50;
    EXPECT_THAT(liveLine(before, now, 2), HasSubstr("SEND 300  RECV 50  SEND/s 100  RECV/s 25"));
    EXPECT_THAT(liveLine(before, now, 2), HasSubstr("p99 1.0"));
}

TEST(MakeconnSwarm, JidsOfOneRunDifferAndAreOfOneLength) {
    const uint64_t run = 0x0123456789abcdefull;
    EXPECT_EQ(userJid(run, 0).size(), userJid(run, 0xffffffff).size());
    EXPECT_NE(userJid(run, 1), userJid(run, 2));
    EXPECT_NE(userJid(run, 1), userJid(run + 1, 1));
    EXPECT_NE(userJid(run, 1), userJid(run ^ 1ull << 63, 1));
}

}  // namespace
}  // namespace sara::makeconn
