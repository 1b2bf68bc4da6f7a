// The instance behind the plugin's C functions: settings, one desk per loop, the writer.
#pragma once
#include <leveldb/env.h>
#include <sara/sara.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "store-embedded/datadir.h"
#include "store-embedded/host_face.h"
#include "store-embedded/intake.h"
#include "store-embedded/loop_desk.h"
#include "store-embedded/settings.h"
#include "store-embedded/writer.h"

namespace sara::store_embedded {

// The file system under the database. The plugin links the machine's own; tests link one that fails
// on demand.
leveldb::Env* databaseEnv();

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
    void stop();
    sara_str statusLine() const { return toStr(status_line_); }

    // [loop] The desk of the loop that runs this thread; nullptr on another thread.
    LoopDesk* desk() const;
    sara_status health() const { return writer_ != nullptr ? writer_->health() : SARA_E_CLOSED; }

  private:
    HostFace host_;
    Settings settings_;
    Datadir datadir_;
    std::unique_ptr<Intake> intake_;
    std::vector<std::unique_ptr<LoopDesk>> desks_;
    std::unique_ptr<Writer> writer_;
    std::string status_line_;
    sara_id sweep_timer_ = 0;
    std::chrono::steady_clock::time_point deadline_{};
};

}  // namespace sara::store_embedded
