#include "bus/bus.h"

#include <algorithm>

#include "bus/host_tables.h"
#include "bus/instance.h"

namespace sara::bus {

// Shared with the instances, so that one that outlives the bus still finds what it unregisters
// from.
struct Bus::Impl {
    std::shared_ptr<BusCore> core;
};

Bus::Bus(Options options) : impl_(new Impl{std::make_shared<BusCore>(std::move(options))}) {
    addExtension(SARA_EXT_BUS, busTable());
    addExtension(SARA_EXT_LOOP, loopTable());
    addExtension(SARA_EXT_LOG, logTable());
    addExtension(SARA_EXT_METRICS, metricsTable());
    addExtension(SARA_EXT_CONFIG, configTable());
    addExtension(SARA_EXT_RPC, rpcTable());
    addExtension(SARA_EXT_HEALTH, healthTable());
    addExtension(SARA_EXT_SERVICES, servicesTable());
}

Bus::~Bus() { shutDown(); }

std::unique_ptr<PluginHost> Bus::admit(PluginIdentity identity) {
    std::string error;
    auto config = ConfigValues::parse(identity.config_json, &error);
    if (!config) {
        impl_->core->options.log.write(
            loop::LogLevel::kError, "bus",
            "plugin '" + identity.instance + "': configuration: " + error);
        return nullptr;
    }
    return std::make_unique<Instance>(impl_->core, std::move(identity), std::move(*config));
}

bool Bus::provide(PluginHost& plugin, std::string_view service, const void* api, void* self) {
    auto& instance = static_cast<Instance&>(plugin);
    if (!instance.mayProvide(service)) {
        impl_->core->options.log.write(loop::LogLevel::kError, "bus",
                                       "plugin '" + instance.identity().instance +
                                           "': " + std::string(service) +
                                           " is not under \"provides\" of its manifest");
        return false;
    }
    return impl_->core->services.provide(&instance, service, api, self);
}

void Bus::withdraw(PluginHost& plugin) {
    impl_->core->services.withdraw(static_cast<Instance*>(&plugin));
}

void Bus::addExtension(std::string_view id, const void* table) {
    const std::lock_guard lock(impl_->core->mutex);
    impl_->core->extensions.insert_or_assign(std::string(id), table);
}

Hooks& Bus::hooks() { return impl_->core->hooks; }
ServiceTable& Bus::services() { return impl_->core->services; }
RpcCommands& Bus::commands() { return impl_->core->rpc; }
WorkerPool& Bus::workers() { return impl_->core->workers; }
HealthChecks& Bus::health() { return impl_->core->health; }

PluginHost* Bus::pluginOf(const sara_host* h) {
    return isHostTable(h) ? &Instance::of(h) : nullptr;
}

void Bus::shutDown() {
    BusCore& core = *impl_->core;
    if (core.closed.exchange(true)) return;
    core.hooks.close();
    core.rpc.close();
    core.workers.shutDown();
    // After the jobs: their completions are in the mailboxes before this round, so they have run
    // behind it.
    const auto onLoop = [](void* user, uint32_t loop) {
        auto& c = *static_cast<BusCore*>(user);
        c.hooks.finishParked(loop, nullptr);
        c.rpc.finishCalls(loop, nullptr);
    };
    core.options.loops.runOnEach(onLoop, &core);
}

}  // namespace sara::bus
