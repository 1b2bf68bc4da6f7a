// sara.health/1 of a plugin.
#include "bus/host_tables.h"
#include "bus/instance.h"

namespace sara::bus {
namespace {

sara_status check(const sara_host* h, sara_str name, sara_check_fn fn, void* user) noexcept {
    Instance& instance = Instance::of(h);
    if (instance.phase() != PluginPhase::kInit || name.ptr == nullptr) return SARA_E_INVALID;
    return instance.core().health.add(&instance, {name.ptr, name.len}, fn, user);
}

sara_status visit(const sara_host* h, sara_check_visit_fn fn, void* user) noexcept {
    return Instance::of(h).core().health.visit(fn, user);
}

constexpr sara_health kTable{sizeof(sara_health), 0, &check, &visit};

}  // namespace

const sara_health* healthTable() { return &kTable; }

}  // namespace sara::bus
