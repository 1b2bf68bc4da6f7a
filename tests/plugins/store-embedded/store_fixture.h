// A store-embedded plugin on a fake host, started on a folder of its own, with a client to talk to
// it.
#pragma once
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "temp_folder.h"
#include "testkit/host/fake_host.h"
#include "testkit/host/plugin_instance.h"
#include "testkit/store/store_client.h"

namespace sara::store_embedded {

// One life of the plugin on a datadir.
class RunningStore {
  public:
    // config: more members of the JSON section, e.g. R"("backlog_messages_max": 5)".
    RunningStore(const sara_plugin_desc* desc, const std::string& datadir,
                 const std::string& config = {}, uint32_t loops = 1)
        : host_({.loops = loops,
                 .config_json = "{\"datadir\": \"" + datadir + "\"" +
                                (config.empty() ? "" : ", " + config) + "}",
                 .manifest_json = desc->manifest}),
          plugin_(host_, desc) {}

    [[nodiscard]] sara_status start() {
        const sara_status status = plugin_.start();
        if (status == SARA_OK) {
            client_ = std::make_unique<testkit::StoreClient>(host_, api(), plugin_.self());
        }
        return status;
    }
    void stop() { plugin_.stop(); }

    testkit::FakeHost& host() { return host_; }
    testkit::PluginInstance& plugin() { return plugin_; }
    testkit::StoreClient& client() { return *client_; }
    const sara_store* api() const { return plugin_.service<sara_store>(SARA_SVC_STORE); }
    sara_status health() const { return api()->health(plugin_.self()); }

  private:
    testkit::FakeHost host_;
    testkit::PluginInstance plugin_;
    std::unique_ptr<testkit::StoreClient> client_;
};

}  // namespace sara::store_embedded
