// All plugins of the process. Decides the order of their lives: providers before users, transports
// open last and everything ends in reverse; a required plugin that fails ends the start, an
// optional one stays out and is named in the log.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "boot/plugin_instance.h"
#include "loop/log.h"

namespace sara::boot {

class PluginSet {
  public:
    // plan.errors must be empty.
    PluginSet(PluginPlan plan, bus::Bus& bus, loop::LoopSet& loops, loop::Log& log);
    // stop() and destroy().
    ~PluginSet();

    // All [control], in this order, the loops running. False: error() is one sentence, and what has
    // begun must still be ended by stop() and destroy().
    [[nodiscard]] bool initialise();       // load, create, init, services
    [[nodiscard]] bool startServices();    // loop_start of all, start of all but transports
    [[nodiscard]] bool startTransports();  // from here on clients arrive

    // Transports first: nobody new comes in. Returns at once.
    void drain(uint32_t deadline_ms);
    // loop_stop and stop, users before providers. The loops must still run. Safe twice.
    void stop();
    // Registrations and destroy. After LoopSet::stop(). Safe twice.
    void destroy();

    const std::string& error() const { return error_; }
    // Names of the running plugins, transports first.
    std::vector<std::string> names() const;
    // What the plugins say about themselves, transports first: "tcp 127.0.0.1:4222".
    std::vector<std::string> statusLines() const;

  private:
    // Runs step on each instance that `mine` accepts; drops optional ones that fail.
    template <typename Mine, typename Step>
    bool each(Mine mine, Step step);
    void giveUp(size_t index);
    bool missesAProvider(const PluginInstance& instance, std::string* service) const;

    loop::Log& log_;
    std::vector<std::unique_ptr<PluginInstance>> instances_;
    // Optional ones that failed: gone, remembered because others may require what they provided.
    std::vector<std::unique_ptr<PluginInstance>> failed_;
    std::string error_;
};

}  // namespace sara::boot
