#include "chat/delay_policy.h"

#include <gtest/gtest.h>

namespace sara::chat {
namespace {

std::string kept(const std::vector<DelayCandidate>& packets) {
    std::string out;
    for (const DelayCandidate& p : packets) out.push_back(p.kept ? '+' : '-');
    return out;
}

TEST(DelayPolicy, IsOffUnlessAnOperatorAsksForIt) {
    const Settings settings;
    EXPECT_FALSE(DelayPolicy(settings).active());
}

TEST(DelayPolicy, KeepsTheLastNMessages) {
    Settings settings;
    settings.offline_max = 2;
    std::vector<DelayCandidate> packets{{"a@d", 1}, {"b@d", 1}, {"a@d", 1}};
    ASSERT_TRUE(DelayPolicy(settings).active());
    DelayPolicy(settings).apply(packets);
    EXPECT_EQ(kept(packets), "-++");
}

TEST(DelayPolicy, KeepsOnlyTheFirstOfAFirstOnlyTypePerSender) {
    Settings settings;
    settings.offline_first_only_types = {100};
    std::vector<DelayCandidate> packets{
        {"a@d", 100}, {"a@d", 1}, {"b@d", 100}, {"a@d", 100}, {"b@d", 100}};
    DelayPolicy(settings).apply(packets);
    EXPECT_EQ(kept(packets), "+++--");
}

TEST(DelayPolicy, KeepsOnlyTheLastOfALastOnlyTypePerSender) {
    Settings settings;
    settings.offline_last_only_types = {101};
    std::vector<DelayCandidate> packets{
        {"a@d", 101}, {"a@d", 1}, {"b@d", 101}, {"a@d", 101}, {"a@d", 1}};
    DelayPolicy(settings).apply(packets);
    EXPECT_EQ(kept(packets), "-++++");
}

TEST(DelayPolicy, CountsTheLastNAfterTheOtherRules) {
    Settings settings;
    settings.offline_max = 2;
    settings.offline_last_only_types = {101};
    std::vector<DelayCandidate> packets{{"a@d", 1}, {"a@d", 101}, {"a@d", 101}};
    DelayPolicy(settings).apply(packets);
    EXPECT_EQ(kept(packets), "+-+");
}

}  // namespace
}  // namespace sara::chat
