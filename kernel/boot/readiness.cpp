#include "boot/readiness.h"

#include <string_view>

#include "bus/health_checks.h"
#include "bus/service_table.h"

namespace sara::boot {
namespace {

sara_str word(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

Readiness::Readiness(bus::Bus& bus) : store_(bus.services().handle(SARA_SVC_STORE)) {
    (void)bus.health().add(nullptr, "server", &askServer, this);
    (void)bus.health().add(nullptr, "store", &askStore, this);
}

sara_status Readiness::askServer(void* self, sara_str* why) noexcept {
    switch (static_cast<Readiness*>(self)->phase_.load(std::memory_order_relaxed)) {
        case Phase::kStarting:
            *why = word("starting");
            return SARA_E_AGAIN;
        case Phase::kDraining:
            *why = word("draining");
            return SARA_E_CLOSED;
        case Phase::kServing:
            break;
    }
    return SARA_OK;
}

sara_status Readiness::askStore(void* self, sara_str* why) noexcept {
    const sara_service& store = *static_cast<Readiness*>(self)->store_;
    const auto* api = static_cast<const sara_store*>(store.api);
    if (api == nullptr) {
        *why = word("no_store");
        return SARA_E_UNSUPPORTED;
    }
    const sara_status st = SARA_HAS_FN(sara_store, api, health) ? api->health(store.self) : SARA_OK;
    if (st == SARA_E_FULL)
        *why = word("store_full");
    else if (st != SARA_OK)
        *why = word("store_error");
    return st;
}

}  // namespace sara::boot
