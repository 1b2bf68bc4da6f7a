// sara.metrics/1 over the counters of the process. Decides nothing: names and limits are
// loop::Counters'.
#include "bus/host_tables.h"
#include "bus/instance.h"
#include "loop/counters.h"

namespace sara::bus {
namespace {

static_assert(static_cast<uint32_t>(loop::CounterKind::kCounter) == SARA_COUNTER);
static_assert(static_cast<uint32_t>(loop::CounterKind::kGauge) == SARA_GAUGE);

uint32_t define(const sara_host* h, uint32_t kind, sara_str name, sara_str help) noexcept {
    const PluginPhase phase = Instance::of(h).phase();
    if (phase == PluginPhase::kCreate || phase == PluginPhase::kGone) return UINT32_MAX;
    if (kind > SARA_GAUGE || name.ptr == nullptr) return UINT32_MAX;
    const std::string_view text =
        help.ptr == nullptr ? std::string_view{} : std::string_view{help.ptr, help.len};
    return loop::Counters::instance().defineSlot(static_cast<loop::CounterKind>(kind),
                                                 {name.ptr, name.len}, text);
}

void add(const sara_host*, uint32_t metric, int64_t v) noexcept {
    if (metric < loop::Counters::kCountersMax) loop::Counters::fromSlot(metric).add(v);
}

void visit(const sara_host*, sara_metric_fn fn, void* user) noexcept {
    if (fn == nullptr) return;
    for (const loop::Counters::Value& v : loop::Counters::instance().snapshot()) {
        const sara_metric_value m{sizeof m,
                                  static_cast<uint32_t>(v.kind),
                                  {v.name.data(), v.name.size()},
                                  {v.help.data(), v.help.size()},
                                  v.value};
        fn(user, &m);
    }
}

constexpr sara_metrics kTable{sizeof(sara_metrics), 0, &define, &add, &visit};

}  // namespace

const sara_metrics* metricsTable() { return &kTable; }

}  // namespace sara::bus
