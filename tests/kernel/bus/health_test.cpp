// Health checks, and metrics as a reader sees them.
#include "bus/health_checks.h"
#include "bus_harness.h"
#include "loop/counters.h"

namespace sara::bus {
namespace {

class HealthTest : public BusTest {
  protected:
    struct Check {
        sara_status st = SARA_OK;
        std::string why;
        static sara_status ask(void* user, sara_str* why) noexcept {
            auto& c = *static_cast<Check*>(user);
            if (!c.why.empty()) *why = str(c.why);
            return c.st;
        }
    };
    // "name=status:why" of each check.
    std::string visit(TestPlugin& p) {
        std::string all;
        const auto* health = p.extension<sara_health>(SARA_EXT_HEALTH);
        result = health->visit(
            p.h,
            [](void* user, const sara_check_answer* a) noexcept {
                *static_cast<std::string*>(user) +=
                    text(a->name) + "=" + std::to_string(a->status) + ":" + text(a->why) + " ";
            },
            &all);
        return all;
    }
    sara_status result = 99;
};

TEST_F(HealthTest, TheNodeIsReadyWhenEveryCheckSaysSo) {
    TestPlugin& p = plugin("org.a");
    const auto* health = p.extension<sara_health>(SARA_EXT_HEALTH);
    Check callback, cache;
    EXPECT_EQ(visit(p), "");
    EXPECT_EQ(result, SARA_OK);
    ASSERT_EQ(health->check(p.h, str("callback"), &Check::ask, &callback), SARA_OK);
    ASSERT_EQ(bus->health().add(nullptr, "cache", &Check::ask, &cache), SARA_OK);
    EXPECT_EQ(visit(p), "cache=0: callback=0: ");
    EXPECT_EQ(result, SARA_OK);
    callback = {SARA_E_IO, "breaker_open"};
    EXPECT_EQ(visit(p), "cache=0: callback=-12:breaker_open ");
    EXPECT_EQ(result, SARA_E_IO);
}

TEST_F(HealthTest, NamesAreCheckedAndBelongToOneOwner) {
    TestPlugin& p = plugin("org.a");
    const auto* health = p.extension<sara_health>(SARA_EXT_HEALTH);
    Check c;
    for (const char* name : {"", "Store", "1st", "a b", "a-b"}) {
        EXPECT_EQ(health->check(p.h, str(name), &Check::ask, &c), SARA_E_INVALID) << name;
    }
    EXPECT_EQ(health->check(p.h, str(std::string(65, 'a')), &Check::ask, &c), SARA_E_INVALID);
    EXPECT_EQ(health->check(p.h, str("x"), nullptr, &c), SARA_E_INVALID);
    EXPECT_EQ(health->check(p.h, str("x"), &Check::ask, &c), SARA_OK);
    EXPECT_EQ(health->check(p.h, str("x"), &Check::ask, &c), SARA_E_EXISTS);
    for (size_t i = 1; i < HealthChecks::kChecksMax; ++i) {
        EXPECT_EQ(health->check(p.h, str("x" + std::to_string(i)), &Check::ask, &c), SARA_OK);
    }
    EXPECT_EQ(health->check(p.h, str("more"), &Check::ask, &c), SARA_E_FULL);
}

TEST_F(HealthTest, AChecksEndsWithItsPlugin) {
    TestPlugin& a = plugin("org.a");
    TestPlugin& b = plugin("org.b");
    Check c;
    ASSERT_EQ(a.extension<sara_health>(SARA_EXT_HEALTH)->check(a.h, str("x"), &Check::ask, &c),
              SARA_OK);
    a.host->removeRegistrations();
    EXPECT_EQ(visit(b), "");
    b.host->enter(PluginPhase::kRunning);
    EXPECT_EQ(b.extension<sara_health>(SARA_EXT_HEALTH)->check(b.h, str("x"), &Check::ask, &c),
              SARA_E_INVALID);
}

TEST_F(HealthTest, EveryMetricIsShownWithKindHelpAndSum) {
    TestPlugin& p = plugin("org.a");
    const auto* metrics = p.extension<sara_metrics>(SARA_EXT_METRICS);
    const uint32_t n = metrics->define(p.h, SARA_GAUGE, str("health_test_things"), str("things"));
    metrics->add(p.h, n, 5);
    metrics->add(p.h, n, -2);
    std::vector<std::string> names;
    std::string found;
    auto seen = std::make_pair(&names, &found);
    metrics->visit(
        p.h,
        [](void* user, const sara_metric_value* m) noexcept {
            auto& [all, mine] = *static_cast<decltype(seen)*>(user);
            all->push_back(text(m->name));
            if (text(m->name) != "health_test_things") return;
            *mine = std::to_string(m->kind) + " " + text(m->help) + " " + std::to_string(m->value);
        },
        &seen);
    EXPECT_EQ(found, "1 things 3");
    EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
}

}  // namespace
}  // namespace sara::bus
