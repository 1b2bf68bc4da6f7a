// The bus of the process: what plugins subscribed to, what they provide, and the host tables that
// they see. Decides which plugin may do what (from its manifest) and removes what a plugin leaves
// behind. Knows no file, no shared object and no packet logic.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "loop/clock.h"
#include "loop/log.h"
#include "loop/loop_set.h"
#include "sara/sara.h"

namespace sara::bus {

class HealthChecks;
class Hooks;
class RpcCommands;
class ServiceTable;
class WorkerPool;

// What the manifest and the conf file say about one instance. Filled by boot.
struct PluginIdentity {
    std::string id;                     // "org.sara.transport-tcp"
    std::string version;                // "1.0.0"
    std::string instance;               // name of the section in the conf file
    std::vector<std::string> hooks;     // names it may subscribe to
    std::vector<std::string> provides;  // services
    std::vector<std::string> uses;      // services under "requires"
    // Its section after validation, with defaults filled in: one JSON object.
    std::string config_json;
};

// Where an instance is in its life; host functions check it ("[control] in init() only").
enum class PluginPhase { kCreate, kInit, kStarting, kRunning, kDraining, kStopping, kGone };

// One plugin instance as the host sees it; owns its sara_host table.
class PluginHost {
  public:
    virtual ~PluginHost() = default;  // removes what is still registered
    virtual const sara_host* table() const = 0;
    virtual const PluginIdentity& identity() const = 0;
    // [control]
    virtual void enter(PluginPhase phase) = 0;
    virtual PluginPhase phase() const = 0;
    // [control] Text of the last set_error(), and forgets it.
    virtual std::string takeError() = 0;
    // [control] Filters, taps, commands, timers and watches of this instance. Loops must be
    // stopped, or the phase kInit.
    virtual void removeRegistrations() = 0;
};

class Bus {
  public:
    struct Options {
        loop::LoopSet& loops;
        const loop::Clock& clock;
        loop::Log& log;
        std::string node_id;
        std::string server_version;
        uint32_t workers = 8;  // threads for sara.loop/1 work()
        uint32_t work_queue_max = 4096;
        uint32_t suspended_max = 65'536;  // per process
        uint32_t filter_failures_max =
            16;  // in filter_failures_window_ms: the filter is switched off
        uint32_t filter_failures_window_ms = 60'000;
    };
    explicit Bus(Options options);
    ~Bus();

    // [control] A host table for a new instance, phase kCreate. nullptr when config_json is not a
    // JSON object: boot validates first, so the reason is one ERROR line.
    std::unique_ptr<PluginHost> admit(PluginIdentity identity);
    // [control] Records the provider of a service. False: somebody else provides it (transports are
    // a list and never conflict), or it is not under "provides" of this plugin (one ERROR line).
    bool provide(PluginHost& plugin, std::string_view service, const void* api, void* self);
    void withdraw(PluginHost& plugin);
    // [control] Host extensions that live elsewhere in this room ("sara.gate/1"): found by every
    // plugin.
    void addExtension(std::string_view id, const void* table);

    Hooks& hooks();
    ServiceTable& services();
    RpcCommands& commands();
    WorkerPool& workers();
    HealthChecks& health();
    // The instance behind a host table: for the tables of addExtension(). nullptr when it is not
    // ours.
    static PluginHost* pluginOf(const sara_host* h);

    // [control] While the loops still run: queued jobs run, with their completions; every open
    // token gets its timeout verdict, every open rpc call SARA_E_CLOSED; then nothing is accepted.
    // With loops that have stopped all of that happens on this thread. Safe twice.
    void shutDown();

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace sara::bus
