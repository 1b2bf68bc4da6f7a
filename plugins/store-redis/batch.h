// The calls of one user that are at Redis now: one call, or several appends or drops in a row in
// one script. Decides which commands a call becomes, in which order, and what their answers mean;
// refuses answers of another form than the scripts give.
#pragma once
#include <sara/sara.h>

#include <string>
#include <utility>
#include <vector>

#include "store-redis/operation.h"
#include "store-redis/request.h"

namespace sara::store_redis {

struct Lane;
class Batch;

// Who completes the calls of a batch.
class BatchOwner {
  public:
    // The commands of the batch are done: each operation has its status.
    virtual void batchDone(Batch& batch, const redisReply* reply) = 0;
    // The next command of the same batch.
    virtual void batchContinues(Batch& batch) = 0;
    virtual uint64_t wallMs() const = 0;
    // Words of Redis that no retry mends.
    virtual void complain(std::string_view user, std::string_view error) = 0;

  protected:
    ~BatchOwner() = default;
};

class Batch final : public Request {
  public:
    Batch(BatchOwner& owner, const std::string& node_id, uint64_t backlog_messages_max)
        : owner_(owner), node_id_(node_id), backlog_messages_max_(backlog_messages_max) {}

    // [loop] Takes the calls of one user; all appends, all drops, or a single one of another kind.
    // replicas: appends wait for them.
    void begin(Lane* lane, OperationChain calls, bool replicas);
    Lane* lane() const { return lane_; }
    const OperationChain& calls() const { return calls_; }
    OperationChain take() { return std::exchange(calls_, {}); }

    void encode(std::string* out, bool whole) const override;
    void answered(const redisReply& reply) override;
    void failed(sara_status status) override;

  private:
    void aim();
    void finish(sara_status status, const redisReply* reply);
    sara_status readAppends(const redisReply& reply);
    static sara_status readPage(const redisReply& reply);
    static sara_status readPresence(const redisReply& reply);

    BatchOwner& owner_;
    const std::string& node_id_;
    const uint64_t backlog_messages_max_;
    Lane* lane_ = nullptr;
    OperationChain calls_;
    Operation::Kind kind_ = Operation::Kind::kAppend;
    int step_ = 0;  // of claim, release and renew: two keys in two slots
    std::string key_;
    std::string second_key_;  // the companion of a backlog; same slot
};

// What the completion of a fetch reads out of a checked answer, from element kPageHead on: place,
// from, id, packet.
constexpr size_t kPageHead = 2;
constexpr size_t kPageFields = 4;
// Behind the places of appends: how many packets wait, and how many expired ones have left.
constexpr size_t kAppendTail = 2;
// A checked answer about a session: sid, jid, node, channel, seconds; empty: there is none.
constexpr size_t kPresenceFields = 5;

// [any] The place in text, 0 when it is none.
uint64_t placeOf(std::string_view text);

}  // namespace sara::store_redis
