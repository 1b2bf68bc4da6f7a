// The store as one loop sees it: takes calls, keeps those of one user in their order (one batch of
// a user is at Redis at a time), completes each exactly once and never inside the call. Remembers
// the sessions that live here, to write them again when Redis has lost them. Refuses with
// SARA_E_AGAIN what does not fit into its queue.
#pragma once
#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "store-redis/batch.h"
#include "store-redis/router.h"

namespace sara::store_redis {

// The calls of one user.
struct Lane {
    std::string user;
    OperationChain waiting;
    bool at_redis = false;
    bool ready = false;  // stands in the list of those to be served
};

class Desk final : public BatchOwner {
  public:
    Desk(const Surroundings& around, uint32_t loop);
    ~Desk();
    Desk(const Desk&) = delete;
    Desk& operator=(const Desk&) = delete;

    // [loop] The calls of sara.store/1; arguments are copied or referenced.
    void append(const sara_store_packet& p, sara_append_done done, void* user);
    void fetch(sara_str user_jid, uint64_t after_seq, uint32_t count, uint64_t bytes_max,
               sara_fetch_done done, void* user);
    void drop(sara_str user_jid, const sara_stored_ref* refs, uint32_t n, sara_done done,
              void* user);
    void claim(const sara_presence& p, sara_presence_done done, void* user);
    void release(const sara_presence& p, sara_done done, void* user);
    void lookup(sara_str user_jid, sara_presence_done done, void* user);

    // [loop] Inside the completion of an append: packets that wait for its user; otherwise 0.
    uint64_t waiting() const { return waiting_; }

    // [loop] Begins to connect. False: the loop has no timer left.
    [[nodiscard]] bool start();
    // [loop] Nothing new is taken; waits until deadline for what is under way, then completes the
    // rest with SARA_E_CLOSED.
    void close(std::chrono::steady_clock::time_point deadline);
    // [loop] Every session that lives here is written again unless it is there.
    void renewSessions();
    // [loop] fn(user) runs at each tick, behind the desk's own work, until close().
    void onTick(sara_fn fn, void* user) {
        on_tick_ = fn;
        on_tick_user_ = user;
    }
    // [loop] For requests that are no calls.
    Router& router() { return router_; }
    void askTurnEnd();

    // [any] SARA_OK: Redis answers and has refused nothing lately.
    sara_status health() const { return health_.load(std::memory_order_relaxed); }
    // [any] Raised when Redis has lost its data: each desk renews.
    std::atomic<bool>& renewWanted() { return renew_wanted_; }

    void batchDone(Batch& batch, const redisReply* reply) override;
    void batchContinues(Batch& batch) override;
    uint64_t wallMs() const override { return around_.host.wallMs(); }
    void complain(std::string_view user, std::string_view error) override;

  private:
    using Lanes = std::unordered_map<std::string, std::unique_ptr<Lane>>;

    Operation* begin(Operation::Kind kind, sara_str user_jid, void* user);
    void submit(Operation* op);
    void refuse(Operation* op, sara_status status);
    void turnEnd();
    void tick();
    void makeReady(Lane* lane);
    void serve(Lane* lane);
    OperationChain gather(Lane* lane);
    void complete(Operation* op, const redisReply* reply);
    void completeFetch(const Operation& op, const redisReply* reply);
    void completePresence(const Operation& op, const redisReply* reply);
    void recycle(Operation* op);
    void renewSome();
    void watchHealth();

    const Surroundings& around_;
    const uint32_t loop_;
    Router router_;
    sara_id tick_timer_ = 0;
    sara_fn on_tick_ = nullptr;
    void* on_tick_user_ = nullptr;
    Lanes lanes_;
    std::vector<Lane*> ready_;
    OperationChain refused_;
    OperationChain spare_;
    std::vector<std::unique_ptr<Batch>> batches_;
    std::vector<Batch*> free_batches_;
    std::vector<sara_stored> stored_;  // scratch of completeFetch()
    uint64_t queued_ = 0;
    uint64_t waiting_ = 0;
    uint64_t queued_bytes_ = 0;
    bool turn_end_asked_ = false;
    bool closed_ = false;

    std::unordered_map<std::string, std::string> sessions_;  // user -> record written by claim()
    std::vector<std::string> to_renew_;
    uint64_t renewing_ = 0;

    std::string last_complaint_;
    uint64_t complained_ms_ = 0;
    uint64_t ill_until_ms_ = 0;
    std::string last_trouble_;
    std::atomic<sara_status> health_{SARA_E_IO};
    std::atomic<bool> renew_wanted_{false};
};

}  // namespace sara::store_redis
