// The load generator against the ceiling, and its checkers against planted faults: a benchmark that
// cannot see a lost message measures nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kit/server_process.h"
#include "kit/temp_folder.h"
#include "load/client_parts.h"
#include "load/order_check.h"

namespace sara::bench {
namespace {

using ::testing::HasSubstr;
using wire::ChildProcess;
using wire::Millis;
using wire::TempFolder;

TEST(OrderCheck, IsContentWithEachOnceAndInOrder) {
    OrderCheck check;
    for (uint32_t i = 0; i < 100; ++i) check.arrived(i);
    EXPECT_EQ(check.unique(), 100u);
    EXPECT_EQ(check.repeated() + check.outOfOrder(), 0u);
}

TEST(OrderCheck, CountsRepeatsLossesAndTurnedOrder) {
    OrderCheck check;
    for (const uint32_t number : {0u, 1u, 1u, 3u, 3u, 2u, 6u}) check.arrived(number);
    EXPECT_EQ(check.repeated(), 2u);    // 1 and 3 again
    EXPECT_EQ(check.outOfOrder(), 2u);  // 3 before 2, 6 without 4 and 5
    EXPECT_EQ(check.unique(), 5u);      // of seven sent: two are lost
}

TEST(Histogram, FindsQuantilesWithinTwoPercent) {
    Histogram histogram;
    for (uint64_t us = 1; us <= 10'000; ++us) histogram.add(us * 1'000);
    EXPECT_NEAR(histogram.micros(0.5), 5'000, 100);
    EXPECT_NEAR(histogram.micros(0.99), 9'900, 200);
    EXPECT_EQ(Histogram().micros(0.5), 0);
}

TEST(LoadPackets, CarryTheirMarkAlsoBehindMembersThatTheServerPutsInFront) {
    ChatFrame frame(7, "s7@load", "r7@load", 64, true);
    std::string text(frame.write(42, 123'456'789));
    ASSERT_EQ(text.back(), '\x01');
    text.insert(text.find("\"id\""), R"("ct":"1795336641981",)");
    size_t hint = 0;
    Mark mark;
    ASSERT_TRUE(readMark(text, hint, mark));
    EXPECT_EQ(mark.pair, 7u);
    EXPECT_EQ(mark.number, 42u);
    EXPECT_EQ(mark.sent_ns, 123'456'789u);
    size_t id_hint = 0;
    Mark from_id;
    ASSERT_TRUE(readId(idOf(text, id_hint), from_id));
    EXPECT_EQ(from_id.number, 42u);
    EXPECT_FALSE(readMark("{}", hint, mark));
}

// Starts a ceiling and runs one mode against it.
wire::CommandResult runLoad(const std::vector<std::string>& args) {
    TempFolder folder;
    const std::string bench = SARA_BINARY_DIR "/bench/";
    ChildProcess ceiling({bench + "ceiling", "--port", "0"}, folder.file("ceiling"));
    std::string port;
    if (!wire::waitUntil([&] {
            const std::string said = ceiling.output();
            const auto at = said.rfind(':');
            if (at == std::string::npos || said.back() != '\n') return false;
            port = said.substr(at + 1, said.size() - at - 2);
            return true;
        })) {
        return {-1, "the ceiling is not ready"};
    }
    std::vector<std::string> all{bench + "emsg_load"};
    all.insert(all.end(), args.begin(), args.end());
    all.insert(all.end(), {"--port", port, "--pid", std::to_string(ceiling.pid())});
    ChildProcess load(all, folder.file("load"));
    wire::CommandResult result;
    result.code = load.waitExit(Millis(30'000)).value_or(-1);
    result.output = load.output();
    return result;
}

TEST(EmsgLoad, ChatsWithoutLossAgainstTheCeiling) {
    const auto result = runLoad({"chat", "--pairs", "10", "--seconds", "0.3", "--warmup", "0.1"});
    EXPECT_EQ(result.code, 0) << result.output;
    EXPECT_THAT(result.output, HasSubstr("\"lost\":0,\"repeated\":0,\"out_of_order\":0"));
}

TEST(EmsgLoad, WritesToAGroupWithoutLossAgainstTheCeiling) {
    const auto result = runLoad(
        {"group", "--members", "20", "--senders", "3", "--seconds", "0.3", "--warmup", "0.1"});
    EXPECT_EQ(result.code, 0) << result.output;
    EXPECT_THAT(result.output, HasSubstr("\"lost\":0,\"repeated\":0,\"out_of_order\":0"));
}

TEST(EmsgLoad, StoresAndFetchesInOrder) {
    const auto result = runLoad({"offline", "--users", "3", "--count", "1000"});
    EXPECT_EQ(result.code, 0) << result.output;
    EXPECT_THAT(result.output, HasSubstr("\"lost\":0,\"in_order\":1"));
}

TEST(EmsgLoad, LogsInAndStays) {
    EXPECT_EQ(runLoad({"logins", "--count", "300", "--concurrency", "10"}).code, 0);
    EXPECT_EQ(runLoad({"idle", "--count", "100"}).code, 0);
}

TEST(EmsgLoad, SaysWhatItCannotUse) {
    EXPECT_EQ(runLoad({"dance"}).code, 2);
    EXPECT_EQ(runLoad({"chat", "--pairs", "0"}).code, 2);
}

}  // namespace
}  // namespace sara::bench
