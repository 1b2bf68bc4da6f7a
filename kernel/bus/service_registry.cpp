#include "bus/service_registry.h"

namespace sara::bus {

ServiceRegistry::Entry& ServiceRegistry::entry(std::string_view id) {
    const std::lock_guard lock(mutex_);
    auto at = entries_.find(id);
    if (at == entries_.end()) {
        at = entries_.emplace(std::string(id), std::make_unique<Entry>()).first;
    }
    return *at->second;
}

const sara_service* ServiceRegistry::handle(std::string_view id) { return &entry(id).service; }

bool ServiceRegistry::provide(const Instance* provider, std::string_view id, const void* api,
                              void* self) {
    if (id == SARA_SVC_TRANSPORT) return true;
    Entry& e = entry(id);
    if (e.provider != nullptr && e.provider != provider) return false;
    e.provider = provider;
    e.service.self = self;
    e.service.api = api;
    ++e.service.epoch;
    return true;
}

void ServiceRegistry::withdraw(const Instance* provider) {
    const std::lock_guard lock(mutex_);
    for (auto& [id, e] : entries_) {
        if (e->provider != provider) continue;
        e->provider = nullptr;
        e->service.api = nullptr;
        e->service.self = nullptr;
        ++e->service.epoch;
    }
}

}  // namespace sara::bus
