// Random lives of a whole room; a seed that fails is a test from then on. SARA_SEED=n runs that
// seed alone, SARA_SEEDS=n that many.
#include "simulation.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace sara::chat::test {
namespace {

constexpr uint32_t kSteps = 2500;

void live(uint64_t seed, Simulation::Sums& sums) {
    Simulation simulation(seed);
    for (const std::string& v : simulation.run(kSteps)) {
        ADD_FAILURE() << v << "  (SARA_SEED=" << seed << ")";
    }
    sums.sent += simulation.sums().sent;
    sums.acked += simulation.sums().acked;
    sums.redelivered += simulation.sums().redelivered;
    sums.refused += simulation.sums().refused;
}

TEST(Simulation, HoldsTheLedgerForEverySeed) {
    Simulation::Sums sums;
    if (const char* one = std::getenv("SARA_SEED")) {
        live(std::strtoull(one, nullptr, 10), sums);
        return;
    }
    const char* many = std::getenv("SARA_SEEDS");
    const uint64_t seeds = many ? std::strtoull(many, nullptr, 10) : 12;
    for (uint64_t seed = 1; seed <= seeds && !HasFailure(); ++seed) live(seed, sums);
    // It must have lived: a simulation in which nothing happens proves nothing.
    EXPECT_GT(sums.sent, seeds * 500);
    EXPECT_GT(sums.acked, sums.sent / 10);
    EXPECT_GT(sums.redelivered, seeds);
    EXPECT_GT(sums.refused, 0u);
}

}  // namespace
}  // namespace sara::chat::test
