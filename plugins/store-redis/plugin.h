// The instance behind the plugin's C functions: settings, one desk per loop, the registry of nodes.
// Decides what promise() says: asked once at start, because it must not change afterwards.
#pragma once
#include <sara/sara.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "store-redis/desk.h"
#include "store-redis/host_face.h"
#include "store-redis/registry.h"
#include "store-redis/settings.h"

namespace sara::store_redis {

// The functions of sara_plugin_desc; manifest, id and version are filled in by the entry.
void fillLifeCycle(sara_plugin_desc* desc);

class Plugin {
  public:
    explicit Plugin(const sara_host* host) : host_(host) {}

    sara_status init();
    sara_status loopStart(uint32_t loop, void** state);
    sara_status start();
    void drain(uint32_t deadline_ms);
    void loopStop(uint32_t loop);
    sara_str statusLine() const { return toStr(status_line_); }

    // [loop] The desk of the loop that runs this thread; nullptr on another thread.
    Desk* desk() const;
    uint32_t promise() const { return promise_; }
    sara_status health() const;

  private:
    HostFace host_;
    Settings settings_;
    TlsContext tls_;
    std::unique_ptr<Surroundings> around_;
    std::vector<std::unique_ptr<Desk>> desks_;
    std::unique_ptr<Registry> registry_;
    uint32_t promise_ = SARA_PROMISE_SHARED;
    std::string status_line_;
    std::chrono::steady_clock::time_point deadline_{};
};

}  // namespace sara::store_redis
