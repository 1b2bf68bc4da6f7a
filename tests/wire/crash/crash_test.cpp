// kill -9 at random moments under load, round after round on the same data. $SARA_CRASH_ROUNDS and
// $SARA_CRASH_SEED change how many and which; a failing seed is printed and repeats its traffic.
#include <stdlib.h>

#include <iostream>
#include <random>

#include "crash/crash_load.h"
#include "crash/ledger.h"
#include "kit/wire_test.h"

namespace sara::wire {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr uint64_t kRounds = 20;
#else
constexpr uint64_t kRounds = 100;
#endif

uint64_t numberFrom(const char* variable, uint64_t fallback) {
    const char* text = ::getenv(variable);
    return text != nullptr ? std::strtoull(text, nullptr, 10) : fallback;
}

class CrashTest : public WireTest {
  protected:
    // One life of the server: what the last one owed is fetched, new traffic runs, then it is
    // killed.
    void live(Ledger& ledger, std::mt19937_64& random) {
        start();
        CrashLoad load(server().port(), ledger, random);
        load.logIn();
        ledger.settle();
        load.run(1 + random() % 600, Millis(500));
        server().killHard();
        load.drain();
    }
};

TEST_F(CrashTest, NoAckedMessageIsMissingAfterKillMinusNine) {
    // G7. F1 of the reliability plan.
    const uint64_t rounds = numberFrom("SARA_CRASH_ROUNDS", kRounds);
    const uint64_t seed = numberFrom("SARA_CRASH_SEED", std::random_device()());
    std::mt19937_64 random(seed);
    Ledger ledger;
    for (uint64_t round = 0; round < rounds && ledger.faults().empty(); ++round) {
        live(ledger, random);
        if ((round + 1) % 100 == 0) {
            std::cout << round + 1 << " rounds, " << ledger.ackedCount() << " acked, "
                      << ledger.deliveredCount() << " delivered" << std::endl;
        }
    }
    start();
    CrashLoad last(server().port(), ledger, random);
    last.logIn();
    ledger.settle();
    for (const std::string& fault : ledger.faults()) ADD_FAILURE() << fault << ", seed " << seed;
    EXPECT_GT(ledger.ackedCount(), rounds * 10);
    std::cout << "seed " << seed << ": " << rounds << " rounds, " << ledger.ackedCount()
              << " acked, " << ledger.deliveredCount() << " delivered, " << ledger.repeatedCount()
              << " repeated" << std::endl;
}

}  // namespace
}  // namespace sara::wire
