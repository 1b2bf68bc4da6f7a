// The worker pool: threads started when they are first needed, one bounded queue. Decides that
// every job that was taken runs, also at shutDown(): a completion without its work would make a
// plugin read a result that was never made.
#pragma once
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

#include "bus/worker_pool.h"
#include "loop/counters.h"
#include "loop/loop_set.h"

namespace sara::bus {

class WorkerThreads final : public WorkerPool {
  public:
    WorkerThreads(loop::LoopSet& loops, uint32_t threads_max, uint32_t queue_max);
    ~WorkerThreads() override;

    sara_status submit(sara_fn work, sara_fn done, void* user) override;
    // [control] Runs what is queued, joins the threads. Completions go to their loops; those whose
    // loop has stopped run here, on this thread. Safe twice.
    void shutDown();

  private:
    struct Job {
        sara_fn work;
        sara_fn done;
        void* user;
        uint32_t loop;
    };

    void run(uint32_t number);
    void complete(const Job& job);
    bool startThread() noexcept;  // mutex_ held

    loop::LoopSet& loops_;
    const uint32_t threads_max_;
    loop::Counter full_;
    std::mutex mutex_;  // guards everything below
    std::condition_variable wake_;
    std::vector<Job> ring_;
    size_t first_ = 0;
    size_t waiting_ = 0;
    uint32_t idle_ = 0;
    bool closing_ = false;
    std::vector<std::thread> threads_;
    std::vector<Job> orphans_;  // done, but their loop has stopped
};

}  // namespace sara::bus
