#include "store-redis/desk.h"

#include <algorithm>
#include <utility>

#include "store-redis/session_record.h"

namespace sara::store_redis {
namespace {

using Kind = Operation::Kind;

constexpr size_t kUserBytesMax = 1024;
constexpr size_t kIdBytesMax = 1024;
constexpr size_t kFromBytesMax = 4096;
constexpr uint64_t kTtlMaxMs = 10ull * 365 * 24 * 3600 * 1000;
constexpr uint64_t kSpareMax = 4096;
constexpr uint32_t kPagePacketsMax = 4096;  // docs/limits.md: redis_page_max
constexpr uint64_t kPageBytesMax = 4u << 20;
constexpr uint64_t kBatchCallsMax = 64;        // docs/limits.md: redis_batch_calls_max
constexpr uint64_t kBatchBytesMax = 1u << 20;  // docs/limits.md: redis_batch_bytes_max

bool validUser(std::string_view user) {
    return !user.empty() && user.size() <= kUserBytesMax && user.find('\0') == user.npos;
}

}  // namespace

Desk::Desk(const Surroundings& around, uint32_t loop)
    : around_(around),
      loop_(loop),
      router_(
          around,
          [](void* self) {
              auto* desk = static_cast<Desk*>(self);
              desk->renewSessions();
              desk->watchHealth();
              desk->askTurnEnd();
          },
          this) {}

Desk::~Desk() {
    while (Operation* op = spare_.pop()) delete op;
}

void Desk::append(const sara_store_packet& p, sara_append_done done, void* user) {
    Operation* op = begin(Kind::kAppend, p.user, user);
    op->done.append = done;
    const std::string_view from = toView(p.from);
    op->id = toView(p.id);
    op->text = std::to_string(p.expires_ms) + ":" + std::to_string(from.size()) + ":";
    op->text.append(from);
    const uint64_t now = wallMs();
    op->ttl_ms = std::clamp<uint64_t>(p.expires_ms > now ? p.expires_ms - now : 1, 1, kTtlMaxMs);
    if (p.packet == nullptr || op->id.empty() || op->id.size() > kIdBytesMax ||
        from.size() > kFromBytesMax || !validUser(op->user)) {
        return refuse(op, SARA_E_INVALID);
    }
    op->packet = around_.host.table()->buf_ref(around_.host.table(), p.packet);
    submit(op);
}

void Desk::fetch(sara_str user_jid, uint64_t after_seq, uint32_t count, uint64_t bytes_max,
                 sara_fetch_done done, void* user) {
    Operation* op = begin(Kind::kFetch, user_jid, user);
    op->done.fetch = done;
    op->after_seq = after_seq;
    // One answer stays below the limits of the reader; who wants more asks again.
    op->count = std::min(count, kPagePacketsMax);
    op->bytes_max = std::min(bytes_max, kPageBytesMax);
    if (!validUser(op->user) || count == 0) return refuse(op, SARA_E_INVALID);
    submit(op);
}

void Desk::drop(sara_str user_jid, const sara_stored_ref* refs, uint32_t n, sara_done done,
                void* user) {
    Operation* op = begin(Kind::kDrop, user_jid, user);
    op->done.plain = done;
    if (!validUser(op->user)) return refuse(op, SARA_E_INVALID);
    for (uint32_t i = 0; i < n; ++i) op->seqs.push_back(refs[i].seq);
    submit(op);
}

void Desk::claim(const sara_presence& p, sara_presence_done done, void* user) {
    Operation* op = begin(Kind::kClaim, p.user, user);
    op->done.presence = done;
    op->id = toView(p.sid);
    op->text = sessionRecord(p, around_.settings.boot_ms);
    if (!validUser(op->user) || op->id.empty()) return refuse(op, SARA_E_INVALID);
    // Remembered at once: whatever Redis forgets between now and the answer is written again.
    sessions_[op->user] = op->text;
    submit(op);
}

void Desk::release(const sara_presence& p, sara_done done, void* user) {
    Operation* op = begin(Kind::kRelease, p.user, user);
    op->done.plain = done;
    op->id = toView(p.sid);
    if (!validUser(op->user) || op->id.empty()) return refuse(op, SARA_E_INVALID);
    const auto session = sessions_.find(op->user);
    const std::string mark = "{\"Sid\":\"" + op->id + "\"";
    if (session != sessions_.end() && session->second.starts_with(mark)) sessions_.erase(session);
    submit(op);
}

void Desk::lookup(sara_str user_jid, sara_presence_done done, void* user) {
    Operation* op = begin(Kind::kLookup, user_jid, user);
    op->done.presence = done;
    if (!validUser(op->user)) return refuse(op, SARA_E_INVALID);
    submit(op);
}

Operation* Desk::begin(Kind kind, sara_str user_jid, void* user) {
    Operation* op = spare_.pop();
    if (op == nullptr) op = new Operation;
    op->kind = kind;
    op->done = {};
    op->user_data = user;
    op->user.assign(toView(user_jid));
    op->deadline_ms = around_.host.nowMs() + around_.settings.call_timeout_ms;
    op->status = SARA_OK;
    op->seq = 0;
    op->waiting = 0;
    return op;
}

void Desk::submit(Operation* op) {
    if (closed_) return refuse(op, SARA_E_CLOSED);
    if (queued_ >= around_.settings.queue_operations_max ||
        queued_bytes_ + op->packetBytes() > around_.settings.queue_bytes_max) {
        return refuse(op, SARA_E_AGAIN);
    }
    ++queued_;
    queued_bytes_ += op->packetBytes();
    around_.host.add(Metric::kQueueOperations, 1);
    std::unique_ptr<Lane>& lane = lanes_[op->user];
    if (lane == nullptr) {
        lane = std::make_unique<Lane>();
        lane->user = op->user;
    }
    lane->waiting.push(op);
    makeReady(lane.get());
}

void Desk::refuse(Operation* op, sara_status status) {
    op->status = status;
    refused_.push(op);
    askTurnEnd();
}

void Desk::makeReady(Lane* lane) {
    if (lane->ready || lane->at_redis) return;
    lane->ready = true;
    ready_.push_back(lane);
    askTurnEnd();
}

void Desk::askTurnEnd() {
    if (turn_end_asked_) return;
    turn_end_asked_ = true;
    around_.host.loop().at_turn_end(
        around_.host.table(), [](void* self) noexcept { static_cast<Desk*>(self)->turnEnd(); },
        this);
}

void Desk::turnEnd() {
    turn_end_asked_ = false;
    for (uint64_t n = refused_.count; n > 0; --n) complete(refused_.pop(), nullptr);
    std::vector<Lane*> lanes;
    lanes.swap(ready_);
    for (Lane* lane : lanes) serve(lane);
    router_.turnEnd();
}

void Desk::serve(Lane* lane) {
    lane->ready = false;
    OperationChain calls = gather(lane);
    if (calls.empty()) {
        if (lane->waiting.empty()) lanes_.erase(lane->user);
        return;
    }
    lane->at_redis = true;
    if (free_batches_.empty()) {
        batches_.push_back(std::make_unique<Batch>(*this, around_.settings.node_id,
                                                   around_.settings.backlog_messages_max));
        free_batches_.push_back(batches_.back().get());
    }
    Batch* batch = free_batches_.back();
    free_batches_.pop_back();
    batch->begin(lane, calls, around_.settings.wait_replicas > 0);
    router_.submit(batch);
}

// What goes to Redis next for this user; what has waited too long is completed here.
OperationChain Desk::gather(Lane* lane) {
    const uint64_t now = around_.host.nowMs();
    OperationChain calls;
    uint64_t bytes = 0;
    while (Operation* op = lane->waiting.first) {
        if (now >= op->deadline_ms) {
            // A completion may add calls to this lane: it is not served twice meanwhile.
            lane->at_redis = true;
            op = lane->waiting.pop();
            op->status = SARA_E_TIMEOUT;
            --queued_;
            queued_bytes_ -= op->packetBytes();
            around_.host.add(Metric::kQueueOperations, -1);
            complete(op, nullptr);
            lane->at_redis = false;
            continue;
        }
        const bool joins =
            calls.empty() || (calls.first->kind == op->kind &&
                              (op->kind == Kind::kAppend || op->kind == Kind::kDrop));
        bytes += op->packetBytes() + op->seqs.size() * 16;
        if (!joins || calls.count == kBatchCallsMax || (!calls.empty() && bytes > kBatchBytesMax)) {
            break;
        }
        calls.push(lane->waiting.pop());
    }
    return calls;
}

void Desk::batchContinues(Batch& batch) {
    router_.submit(&batch);
    askTurnEnd();
}

void Desk::batchDone(Batch& batch, const redisReply* reply) {
    Lane* lane = batch.lane();
    OperationChain calls = batch.take();
    free_batches_.push_back(&batch);
    queued_ -= calls.count;
    around_.host.add(Metric::kQueueOperations, -static_cast<int64_t>(calls.count));
    if (reply != nullptr && calls.first->kind == Kind::kAppend) {
        const auto gone = placeOf(textOf(*reply->element[reply->elements - 1]));
        if (gone != 0) around_.host.add(Metric::kExpired, static_cast<int64_t>(gone));
    }
    while (Operation* op = calls.pop()) {
        queued_bytes_ -= op->packetBytes();
        complete(op, reply);
    }
    lane->at_redis = false;
    makeReady(lane);
}

void Desk::complete(Operation* op, const redisReply* reply) {
    const HostFace& host = around_.host;
    if (op->status == SARA_E_IO || op->status == SARA_E_TIMEOUT) host.add(Metric::kErrors, 1);
    switch (op->kind) {
        case Kind::kAppend:
            if (op->status == SARA_OK) host.add(Metric::kAppends, 1);
            if (op->status == SARA_E_FULL) host.add(Metric::kBacklogFull, 1);
            waiting_ = op->status == SARA_OK ? op->waiting : 0;
            if (op->done.append != nullptr) {
                op->done.append(op->user_data, op->status, op->status == SARA_OK ? op->seq : 0);
            }
            waiting_ = 0;
            break;
        case Kind::kFetch:
            completeFetch(*op, reply);
            break;
        case Kind::kDrop:
        case Kind::kRelease:
            if (op->done.plain != nullptr) op->done.plain(op->user_data, op->status, nullptr);
            break;
        case Kind::kClaim:
        case Kind::kLookup:
            completePresence(*op, reply);
            break;
        case Kind::kRenew:
            --renewing_;
            if (op->status != SARA_OK && !closed_) to_renew_.push_back(op->user);
            if (op->status == SARA_OK) host.add(Metric::kRegisteredAgain, 1);
            break;
    }
    recycle(op);
}

void Desk::completeFetch(const Operation& op, const redisReply* reply) {
    if (op.done.fetch == nullptr) return;
    if (op.status != SARA_OK || reply == nullptr) {
        return op.done.fetch(op.user_data, op.status, nullptr, 0, 0);
    }
    const auto text = [reply](size_t i) { return toStr(textOf(*reply->element[i])); };
    stored_.clear();
    for (size_t i = kPageHead; i < reply->elements; i += kPageFields) {
        stored_.push_back(
            {placeOf(textOf(*reply->element[i])), text(i + 2), text(i + 1), text(i + 3)});
    }
    if (const long long gone = reply->element[1]->integer; gone > 0) {
        around_.host.add(Metric::kExpired, gone);
    }
    op.done.fetch(op.user_data, SARA_OK, stored_.data(), static_cast<uint32_t>(stored_.size()),
                  reply->element[0]->integer != 0 ? 1 : 0);
}

void Desk::completePresence(const Operation& op, const redisReply* reply) {
    if (op.done.presence == nullptr) return;
    const auto text = [reply](size_t i) { return toStr(textOf(*reply->element[i])); };
    const bool found = op.status == SARA_OK && reply != nullptr;
    // A claim that met its own record has replaced nobody.
    if (!found || (op.kind == Kind::kClaim && textOf(*reply->element[0]) == op.id)) {
        const sara_status status = found ? SARA_E_NOTFOUND : op.status;
        return op.done.presence(op.user_data, status, nullptr);
    }
    sara_presence p{};
    p.struct_size = sizeof p;
    p.user = toStr(op.user);
    p.sid = text(0);
    p.jid = text(1);
    p.node = text(2);
    p.channel = text(3);
    p.since_ms = placeOf(textOf(*reply->element[4])) * 1000;
    op.done.presence(op.user_data, SARA_OK, &p);
}

void Desk::recycle(Operation* op) {
    around_.host.table()->buf_unref(around_.host.table(), op->packet);
    op->packet = nullptr;
    op->seqs.clear();
    if (spare_.count >= kSpareMax) {
        delete op;
        return;
    }
    spare_.push(op);
}

}  // namespace sara::store_redis
