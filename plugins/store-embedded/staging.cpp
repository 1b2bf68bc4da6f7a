#include "store-embedded/staging.h"

#include <chrono>

#include "store-embedded/record.h"

namespace sara::store_embedded {
namespace {
// Tombstones that a scan of a backlog may meet before its mark is moved.
constexpr uint32_t kDropsPerMark = 32;
}  // namespace

void Staging::append(Operation* op) {
    operations_.push(op);
    op->status = database_.state();
    if (op->status != SARA_OK) return;
    UserTail* tail = reader_.tail(op->user(), batch_, &op->status);
    if (tail == nullptr) return;
    if (!roomFor(*tail, op->packet->len)) {
        op->status = SARA_E_FULL;
        host_.add(Metric::kBacklogFull, 1);
        return;
    }
    op->seq = database_.nextSeq(tail->lastSeq());
    queueKey(op->user(), op->seq, &key_);
    const std::string_view packet(reinterpret_cast<const char*>(op->packet->data), op->packet->len);
    encodeRecord(key_, {op->expires_ms, op->id(), op->from(), packet}, &value_);
    write_batch_.Put(key_, value_);
    ++appends_;
    tail->append(op->seq, value_.size(), op->expires_ms);
    op->waiting = tail->liveCount();
    if (!tail->marked()) stageMark(*tail);
    noteChange(*tail);
}

bool Staging::roomFor(UserTail& tail, uint64_t bytes) {
    const auto full = [&] {
        return tail.liveCount() >= settings_.backlog_messages_max ||
               tail.liveBytes() + bytes > settings_.backlog_bytes_max;
    };
    if (!full()) return true;
    // What has expired but was not swept yet must not keep new packets out.
    const uint64_t now_s = host_.wallMs() / 1000;
    while (full() && tail.first() != nullptr && tail.first()->expires_s <= now_s) {
        remove(tail, tail.first()->seq);
        host_.add(Metric::kExpired, 1);
    }
    return !full();
}

void Staging::drop(Operation* op) {
    operations_.push(op);
    op->status = database_.state();
    if (op->status != SARA_OK) return;
    UserTail* tail = reader_.tail(op->user(), batch_, &op->status);
    if (tail == nullptr) return;
    for (const uint64_t seq : op->seqs) remove(*tail, seq);
}

void Staging::remove(UserTail& tail, uint64_t seq) {
    if (!tail.drop(seq)) return;
    queueKey(tail.user(), seq, &key_);
    removeKey(key_);
    if (tail.droppedSinceMark() >= kDropsPerMark) stageMark(tail);
    noteChange(tail);
}

void Staging::removeKey(std::string_view key) {
    write_batch_.Delete(leveldb::Slice(key.data(), key.size()));
    ++changes_;
}

void Staging::noteChange(UserTail& tail) {
    ++changes_;
    tail.setBatch(batch_);
    tails_.account(tail);
}

void Staging::stageMark(UserTail& tail) {
    markKey(tail.user(), &key_);
    encodeNumber(key_, tail.lowWater(), &value_);
    write_batch_.Put(key_, value_);
    tail.setMarked(true);
    tail.markWritten();
}

OperationChain Staging::commit() {
    if (changes_ > 0) {
        if (appends_ > 0) database_.stageSeqBound(&write_batch_);
        const auto began = std::chrono::steady_clock::now();
        const sara_status status = database_.write(&write_batch_, appends_ > 0);
        const auto took = std::chrono::steady_clock::now() - began;
        if (status == SARA_OK) {
            host_.add(Metric::kAppends, static_cast<int64_t>(appends_));
            host_.add(Metric::kBatches, 1);
            host_.add(Metric::kSyncUs,
                      std::chrono::duration_cast<std::chrono::microseconds>(took).count());
        } else {
            // Nobody knows what of this batch is on the disk: no tail can be trusted any more.
            tails_.clear();
            for (Operation* op = operations_.first; op != nullptr; op = op->next) {
                if (op->kind != Operation::Kind::kFetch && op->status == SARA_OK) {
                    op->status = status;
                }
            }
        }
        write_batch_.Clear();
        appends_ = changes_ = 0;
    }
    ++batch_;
    tails_.trim(batch_);
    OperationChain done;
    done.splice(operations_);
    return done;
}

}  // namespace sara::store_embedded
