// The checker itself: a checker that cannot find a fault proves nothing.
#include "crash/ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sara::wire {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Ledger, IsContentWhenEveryAckedMessageArrived) {
    Ledger ledger;
    const std::string a = ledger.nextId("s@t", "r@t");
    const std::string b = ledger.nextId("s@t", "r@t");
    ledger.acked(a);
    ledger.delivered("r@t", a);
    ledger.delivered("r@t", a);  // again, after a crash
    ledger.delivered("r@t", b);  // not acked, arrived all the same
    ledger.settle();
    EXPECT_THAT(ledger.faults(), IsEmpty());
    EXPECT_EQ(ledger.repeatedCount(), 1u);
}

TEST(Ledger, FindsAnAckedMessageThatIsLost) {
    Ledger ledger;
    ledger.acked(ledger.nextId("s@t", "r@t"));
    ledger.settle();
    EXPECT_THAT(ledger.faults(), ElementsAre("acked and lost: s@t>r@t#1"));
}

TEST(Ledger, ForgivesTheLossOfAMessageThatWasNotAcked) {
    Ledger ledger;
    (void)ledger.nextId("s@t", "r@t");
    ledger.settle();
    EXPECT_THAT(ledger.faults(), IsEmpty());
}

TEST(Ledger, FindsAnOrderTurnedRound) {
    Ledger ledger;
    const std::string a = ledger.nextId("s@t", "r@t");
    const std::string b = ledger.nextId("s@t", "r@t");
    ledger.delivered("r@t", b);
    ledger.delivered("r@t", a);
    EXPECT_THAT(ledger.faults(), ElementsAre(HasSubstr("order: s@t>r@t#1")));
}

TEST(Ledger, FindsStrangersAndWrongReceivers) {
    Ledger ledger;
    const std::string a = ledger.nextId("s@t", "r@t");
    ledger.delivered("x@t", a);
    ledger.delivered("r@t", "made-up");
    ledger.delivered("r@t", "s@t>r@t#2");
    EXPECT_THAT(ledger.faults(), ElementsAre(HasSubstr("not for him"), HasSubstr("nobody sent"),
                                             HasSubstr("nobody sent")));
}

TEST(Ledger, FindsAcksThatNobodyAskedFor) {
    Ledger ledger;
    const std::string a = ledger.nextId("s@t", "r@t");
    ledger.acked(a);
    ledger.acked(a);
    ledger.acked("s@t>r@t#9");
    EXPECT_THAT(ledger.faults(), ElementsAre(HasSubstr("twice"), HasSubstr("never sent")));
}

TEST(Ledger, RepeatsFromBeforeTheLastCrashAreNoFault) {
    Ledger ledger;
    const std::string a = ledger.nextId("s@t", "r@t");
    ledger.acked(a);
    ledger.delivered("r@t", a);
    ledger.settle();
    ledger.delivered("r@t", a);
    EXPECT_THAT(ledger.faults(), IsEmpty());
}

}  // namespace
}  // namespace sara::wire
