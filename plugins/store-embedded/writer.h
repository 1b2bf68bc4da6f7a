// The one thread that touches the database: takes operations in order, commits them in groups,
// reads pages, sweeps, and brings a broken database back. Every operation it was given comes back
// exactly once.
#pragma once
#include <leveldb/env.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "store-embedded/database.h"
#include "store-embedded/intake.h"
#include "store-embedded/loop_desk.h"
#include "store-embedded/reader.h"
#include "store-embedded/settings.h"
#include "store-embedded/staging.h"
#include "store-embedded/sweeper.h"
#include "store-embedded/tail_cache.h"

namespace sara::store_embedded {

class Writer {
  public:
    Writer(const HostFace& host, const Settings& settings, leveldb::Env* env, Intake& intake);
    ~Writer() { stop(); }
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

    // [control] Opens the database and starts the thread. Empty: fine; otherwise the sentence for
    // the operator.
    [[nodiscard]] std::string start(const std::vector<std::unique_ptr<LoopDesk>>& desks);
    // [control] Commits what is queued, closes the database, joins. Twice is fine.
    void stop();

    // [any] SARA_OK, or why the next append would fail; SARA_E_TIMEOUT while a commit hangs.
    sara_status health() const;

  private:
    using Clock = std::chrono::steady_clock;

    void run();
    void runBatch(OperationChain* work);
    void fetch(Operation* op);
    void commit();
    void deliver(OperationChain chain);
    void housekeeping();
    std::chrono::milliseconds waitTime() const;

    const HostFace& host_;
    const Settings& settings_;
    Intake& intake_;
    Database database_;
    TailCache tails_;
    Reader reader_;
    Staging staging_;
    Sweeper sweeper_;
    std::thread thread_;

    // Owned by the thread.
    std::vector<LoopDesk*> desks_;
    std::vector<LoopDesk*> touched_;
    std::vector<Reader::Gone> gone_;
    uint64_t page_bytes_ = 0;  // read for fetches of this batch
    bool posts_missing_ = false;
    std::chrono::milliseconds retry_wait_{20};  // back-off between attempts to recover
    Clock::time_point next_try_{};
    Clock::time_point next_slice_{};

    std::atomic<sara_status> health_{SARA_E_CLOSED};
    std::atomic<int64_t> commit_began_ms_{0};  // steady clock; 0: none under way
};

}  // namespace sara::store_embedded
