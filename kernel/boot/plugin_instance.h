// One loaded plugin: its library, descriptor, host table and life. Decides which steps follow
// which, what is undone after a failure, and how a failure is told.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "boot/plugin_library.h"
#include "boot/plugin_plan.h"
#include "bus/bus.h"
#include "loop/loop_set.h"

namespace sara::boot {

class PluginInstance {
  public:
    PluginInstance(PlannedPlugin plan, bus::Bus& bus, loop::LoopSet& loops);
    // Ends what is still alive, in order.
    ~PluginInstance();

    // All [control]. False: error() is the whole sentence, everything of this instance is undone.
    [[nodiscard]] bool load();        // dlopen, descriptor
    [[nodiscard]] bool initialise();  // create, init, services
    [[nodiscard]] bool startLoops();
    [[nodiscard]] bool start();
    void drain(uint32_t deadline_ms);
    // loop_stop on every loop, then stop. Safe twice. The loops must run.
    void stop();
    // Registrations, destroy. Safe twice. After the loops have stopped, or right after a failure.
    void destroy();

    const std::string& error() const { return error_; }
    const PlannedPlugin& plan() const { return plan_; }
    bool isTransport() const;
    // Its own line for the ready line, or nothing.
    std::string statusLine() const;

  private:
    enum class Step {
        kPlanned,
        kLoaded,
        kCreated,
        kInitialised,
        kLoopsStarted,
        kStarted,
        kStopped,
        kGone
    };

    std::string checkDescriptor() const;
    bool provideServices();
    bool fail(const std::string& step, sara_status status);
    bool refuse(const std::string& sentence);

    PlannedPlugin plan_;
    bus::Bus& bus_;
    loop::LoopSet& loops_;
    std::unique_ptr<PluginLibrary> library_;
    const sara_plugin_desc* desc_ = nullptr;
    std::unique_ptr<bus::PluginHost> host_;
    void* self_ = nullptr;
    struct LoopState {
        void* state = nullptr;
        sara_status status = SARA_E_CLOSED;  // of loop_start; loop_stop runs only after SARA_OK
    };
    std::vector<LoopState> loop_states_;
    Step step_ = Step::kPlanned;
    bool drained_ = false;
    std::string error_;
};

// [any] "SARA_E_PLUGIN": the name of a status.
const char* statusName(sara_status status);

}  // namespace sara::boot
