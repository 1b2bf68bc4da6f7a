// One instance of a plugin on a fake host, taken through its life cycle in the order of
// abi/plugin.h. The descriptor comes from the program itself or from a built .so, which is then
// never unloaded, as in the server.
#pragma once
#include <sara/sara.h>

#include <string>
#include <vector>

#include "testkit/host/fake_host.h"

namespace sara::testkit {

// The descriptor behind the entry symbol of a shared object; nullptr with *error filled when there
// is none.
const sara_plugin_desc* loadPlugin(const std::string& path, std::string* error);

class PluginInstance {
  public:
    PluginInstance(FakeHost& host, const sara_plugin_desc* desc) : host_(host), desc_(desc) {}
    // Stops what still runs.
    ~PluginInstance() { stop(); }
    PluginInstance(const PluginInstance&) = delete;
    PluginInstance& operator=(const PluginInstance&) = delete;

    // create, init, loop_start per loop, start. On failure the undoing steps have run; host.error()
    // says why.
    [[nodiscard]] sara_status start();
    // drain, loop_stop per loop, stop, destroy. Twice is fine. The loops are turned between the
    // steps.
    void stop(uint32_t deadline_ms = 2000);

    // Table of a service; self() is its first argument.
    template <class Table>
    const Table* service(const char* id) const {
        return static_cast<const Table*>(findService(id));
    }
    void* self() const { return self_; }
    bool started() const { return step_ == Step::kStarted; }
    std::string statusLine() const;

  private:
    enum class Step { kNone, kCreated, kInitialised, kStarted };
    const void* findService(const char* id) const;
    void stopLoops();

    FakeHost& host_;
    const sara_plugin_desc* const desc_;
    void* self_ = nullptr;
    Step step_ = Step::kNone;
    std::vector<void*> loop_states_;
};

}  // namespace sara::testkit
