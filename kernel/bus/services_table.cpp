// sara.services/1: a plugin finds what its manifest says it requires, and nothing else.
#include "bus/host_tables.h"
#include "bus/instance.h"

namespace sara::bus {
namespace {

const sara_service* find(const sara_host* h, const char* id) noexcept {
    Instance& instance = Instance::of(h);
    const PluginPhase phase = instance.phase();
    if (id == nullptr || phase == PluginPhase::kCreate || phase == PluginPhase::kGone)
        return nullptr;
    return instance.mayUse(id) ? instance.core().services.handle(id) : nullptr;
}

constexpr sara_services kTable{sizeof(sara_services), 0, &find};

}  // namespace

const sara_services* servicesTable() { return &kTable; }

}  // namespace sara::bus
