// One plugin instance as the host sees it: identity, phase, error text, configuration, and what it
// has registered on loops. Owns the sara_host table whose priv points back here.
#pragma once
#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include "bus/bus.h"
#include "bus/bus_core.h"
#include "bus/config_values.h"

namespace sara::bus {

class Instance final : public PluginHost {
  public:
    Instance(std::shared_ptr<BusCore> core, PluginIdentity identity, ConfigValues config);
    ~Instance() override;

    const sara_host* table() const override { return &table_; }
    const PluginIdentity& identity() const override { return identity_; }
    void enter(PluginPhase phase) override { phase_.store(phase, std::memory_order_release); }
    PluginPhase phase() const override { return phase_.load(std::memory_order_acquire); }
    std::string takeError() override;
    void removeRegistrations() override;

    // [any] The instance behind a table that this room made. No check: tables call their own host.
    static Instance& of(const sara_host* h) { return *static_cast<Instance*>(h->priv); }
    void setError(sara_str text);
    bool declaresHook(std::string_view name) const;
    bool mayUse(std::string_view service) const;
    bool mayProvide(std::string_view service) const;
    BusCore& core() { return *core_; }
    const ConfigValues& config() const { return config_; }
    LoopRegistrations& loops() { return *loops_; }
    // [any] The current loop when it is one of ours, or nullptr.
    loop::EventLoop* currentLoop() const;

  private:
    static constexpr size_t kErrorBytesMax = 4096;

    const std::shared_ptr<BusCore> core_;
    const PluginIdentity identity_;
    const ConfigValues config_;
    sara_host table_{};
    std::atomic<PluginPhase> phase_{PluginPhase::kCreate};
    std::unique_ptr<LoopRegistrations> loops_;
    std::mutex error_mutex_;
    std::string error_;  // guarded by error_mutex_: a plugin may fail on a thread of its own
};

}  // namespace sara::bus
