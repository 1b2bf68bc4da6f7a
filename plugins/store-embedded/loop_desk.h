// The store's end on one event loop: takes calls, hands those of one turn to the writer together,
// and runs completions when the writer brings them back, one post per batch. Decides that every
// call completes exactly once, on this loop, after the call has returned: also when the queue is
// full, and at the end.
#pragma once
#include <sara/sara.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string_view>
#include <vector>

#include "store-embedded/host_face.h"
#include "store-embedded/intake.h"
#include "store-embedded/operation.h"

namespace sara::store_embedded {

class LoopDesk {
  public:
    LoopDesk(const HostFace& host, Intake& intake, uint32_t loop)
        : host_(host), intake_(intake), loop_(loop) {}
    ~LoopDesk();
    LoopDesk(const LoopDesk&) = delete;
    LoopDesk& operator=(const LoopDesk&) = delete;

    // [loop] The calls of sara.store/1.
    void append(const sara_store_packet& p, sara_append_done done, void* user);
    // [loop] Inside an append's completion: packets that wait for its user.
    uint64_t waiting() const { return waiting_; }
    void fetch(sara_str user_jid, uint64_t after_seq, uint32_t count, uint64_t bytes_max,
               sara_fetch_done done, void* user);
    void drop(sara_str user_jid, const sara_stored_ref* refs, uint32_t n, sara_done done,
              void* user);
    // [loop] Asks the writer for a pass over expired packets.
    void sweep();

    // [loop] Nothing new is taken; waits until deadline for what is under way, then completes the
    // rest with SARA_E_CLOSED.
    void close(std::chrono::steady_clock::time_point deadline);

    // [writer] Brings results back; they belong to the desk again. True when a post could not be
    // made and retryPost() must be called later.
    [[nodiscard]] bool deliver(OperationChain& chain);
    [[nodiscard]] bool retryPost();
    // [writer] Results of the batch under way that belong to this desk; empty between batches.
    OperationChain& gathering() { return gathering_; }

  private:
    static constexpr size_t kSpareMax = 4096;
    static constexpr size_t kPageKeepBytes = 64 * 1024;
    static constexpr int kCloseRoundsMax = 1000;

    Operation* begin(Operation::Kind kind, std::string_view user_jid, void* user);
    void submit(Operation* op, uint64_t bytes);
    void refuse(Operation* op, sara_status status);
    void handOver();
    void runFinished();
    void complete(Operation* op);
    void completeFetch(Operation* op);
    void completeClosed(Operation* op);
    void recycle(Operation* op);
    void unlink(Operation* op);
    bool postLocked();

    const HostFace& host_;
    Intake& intake_;
    const uint32_t loop_;

    // Owned by the loop.
    OperationChain turn_;          // submitted in this turn
    Operation* newest_ = nullptr;  // all that is under way, newest first
    OperationChain spare_;
    std::vector<sara_stored> stored_;  // scratch of completeFetch()
    bool turn_end_asked_ = false;
    uint64_t waiting_ = 0;  // of the append that is being completed
    bool closed_ = false;

    // Owned by the writer.
    OperationChain gathering_;

    // Shared, guarded by mutex_.
    std::mutex mutex_;
    std::condition_variable arrived_;
    OperationChain finished_;
    bool posted_ = false;
    bool abandoned_ = false;  // the loop is gone: nobody waits for results any more
};

}  // namespace sara::store_embedded
