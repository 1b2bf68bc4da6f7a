// The plugin running on a fake host against a real or a fake Redis.
#pragma once
#include <chrono>
#include <stdexcept>
#include <string>

#include "store-redis/plugin.h"
#include "store_redis_manifest.h"
#include "testkit/host/plugin_instance.h"
#include "testkit/store/store_client.h"

namespace sara::store_redis {

// The room's own descriptor, so that the code under test is in the test's program.
inline const sara_plugin_desc* roomPlugin() {
    static const sara_plugin_desc desc = [] {
        sara_plugin_desc d{};
        fillLifeCycle(&d);
        d.id = "org.sara.store-redis";
        d.version = "1.0.0";
        return d;
    }();
    return &desc;
}

class RunningStore {
  public:
    // more: further members of the configuration, each with a comma before it.
    explicit RunningStore(const std::string& dbaddr, const std::string& more = "",
                          uint32_t loops = 1, bool real_time = true)
        : host_({.loops = loops,
                 .config_json = "{\"dbaddr\": \"" + dbaddr + "\"" + more + "}",
                 .manifest_json = SARA_MANIFEST_JSON,
                 .real_time = real_time,
                 .node_id = "n01"}),
          plugin_(host_, roomPlugin()) {}

    // False: host().error() says why.
    bool begin() { return plugin_.start() == SARA_OK; }
    // Until the store is healthy; throws when it is not within ten seconds.
    void start() {
        if (!begin()) throw std::runtime_error(host_.error());
        if (!waitHealth(true)) throw std::runtime_error("not healthy");
    }
    bool waitHealth(bool well, std::chrono::milliseconds deadline = std::chrono::seconds(10)) {
        return host_.runUntil([&] { return (health() == SARA_OK) == well; }, deadline);
    }
    sara_status health() { return api()->health(plugin_.self()); }
    void stop() { plugin_.stop(); }
    testkit::FakeHost& host() { return host_; }
    testkit::PluginInstance& plugin() { return plugin_; }
    const sara_store* api() { return plugin_.service<sara_store>(SARA_SVC_STORE); }
    testkit::StoreClient client() { return {host_, api(), plugin_.self()}; }

  private:
    testkit::FakeHost host_;
    testkit::PluginInstance plugin_;
};

}  // namespace sara::store_redis
