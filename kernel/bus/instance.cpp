#include "bus/instance.h"

#include <algorithm>

#include "bus/host_tables.h"

namespace sara::bus {
namespace {

bool contains(const std::vector<std::string>& list, std::string_view s) {
    return std::find(list.begin(), list.end(), s) != list.end();
}

}  // namespace

Instance::Instance(std::shared_ptr<BusCore> core, PluginIdentity identity, ConfigValues config)
    : core_(std::move(core)),
      identity_(std::move(identity)),
      config_(std::move(config)),
      loops_(std::make_unique<LoopRegistrations>(core_->options.loops)) {
    fillHostTable(table_, *this);
}

Instance::~Instance() {
    enter(PluginPhase::kGone);
    removeRegistrations();
    core_->services.withdraw(this);
    const std::lock_guard lock(core_->mutex);
    core_->retired.push_back(std::move(loops_));
}

std::string Instance::takeError() {
    const std::lock_guard lock(error_mutex_);
    return std::exchange(error_, {});
}

void Instance::setError(sara_str text) {
    const std::lock_guard lock(error_mutex_);
    error_.assign(text.ptr == nullptr ? "" : text.ptr,
                  text.ptr == nullptr ? 0 : std::min<size_t>(text.len, kErrorBytesMax));
}

bool Instance::declaresHook(std::string_view name) const { return contains(identity_.hooks, name); }
bool Instance::mayUse(std::string_view service) const { return contains(identity_.uses, service); }
bool Instance::mayProvide(std::string_view service) const {
    return contains(identity_.provides, service);
}

loop::EventLoop* Instance::currentLoop() const {
    loop::EventLoop* loop = loop::EventLoop::current();
    loop::LoopSet& loops = core_->options.loops;
    if (loop == nullptr || loop->index() >= loops.size()) return nullptr;
    return &loops.at(loop->index()) == loop ? loop : nullptr;
}

void Instance::removeRegistrations() {
    core_->hooks.unsubscribeAll(this);
    core_->rpc.removeAll(this);
    core_->health.removeAll(this);
    const auto onLoop = [](void* user, uint32_t loop) {
        auto& self = *static_cast<Instance*>(user);
        self.core_->hooks.finishParked(loop, &self);
        self.core_->rpc.finishCalls(loop, &self);
        self.loops_->removeAll(self.core_->options.loops.at(loop));
    };
    core_->options.loops.runOnEach(onLoop, this);
    // A second round: when it has run, the turn of the first one is over, and nobody walks an old
    // chain.
    core_->options.loops.runOnEach([](void*, uint32_t) {}, nullptr);
}

}  // namespace sara::bus
