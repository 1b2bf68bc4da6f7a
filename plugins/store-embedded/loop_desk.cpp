#include "store-embedded/loop_desk.h"

#include "store-embedded/record.h"

namespace sara::store_embedded {

LoopDesk::~LoopDesk() {
    while (Operation* op = spare_.pop()) delete op;
    for (Operation* op = newest_; op != nullptr;) {
        Operation* older = op->older;
        host_.table()->buf_unref(host_.table(), op->packet);
        delete op;
        op = older;
    }
}

void LoopDesk::append(const sara_store_packet& p, sara_append_done done, void* user) {
    Operation* op = begin(Operation::Kind::kAppend, toView(p.user), user);
    op->done.append = done;
    op->id_len = static_cast<uint32_t>(p.id.len);
    op->text.append(toView(p.id)).append(toView(p.from));
    op->expires_ms = p.expires_ms;
    if (p.packet == nullptr || p.id.len > kIdBytesMax || p.from.len > kFromBytesMax ||
        !validUser(op->user())) {
        return refuse(op, SARA_E_INVALID);
    }
    op->packet = host_.table()->buf_ref(host_.table(), p.packet);
    submit(op, op->packet->len);
}

void LoopDesk::fetch(sara_str user_jid, uint64_t after_seq, uint32_t count, uint64_t bytes_max,
                     sara_fetch_done done, void* user) {
    Operation* op = begin(Operation::Kind::kFetch, toView(user_jid), user);
    op->done.fetch = done;
    op->after_seq = after_seq;
    op->count = count;
    op->bytes_max = bytes_max;
    if (!validUser(op->user()) || count == 0) return refuse(op, SARA_E_INVALID);
    submit(op, 0);
}

void LoopDesk::drop(sara_str user_jid, const sara_stored_ref* refs, uint32_t n, sara_done done,
                    void* user) {
    Operation* op = begin(Operation::Kind::kDrop, toView(user_jid), user);
    op->done.drop = done;
    if (!validUser(op->user())) return refuse(op, SARA_E_INVALID);
    for (uint32_t i = 0; i < n; ++i) op->seqs.push_back(refs[i].seq);
    submit(op, 0);
}

void LoopDesk::sweep() {
    Operation* op = begin(Operation::Kind::kSweep, {}, nullptr);
    submit(op, 0);
}

Operation* LoopDesk::begin(Operation::Kind kind, std::string_view user_jid, void* user) {
    Operation* op = spare_.pop();
    if (op == nullptr) op = new Operation;
    op->kind = kind;
    op->desk = this;
    op->done = {};
    op->user_data = user;
    op->text.assign(user_jid);
    op->user_len = static_cast<uint32_t>(user_jid.size());
    op->id_len = 0;
    op->packet = nullptr;
    op->status = SARA_OK;
    op->seq = 0;
    op->more = 0;
    op->older = newest_;
    op->newer = nullptr;
    if (newest_ != nullptr) newest_->newer = op;
    newest_ = op;
    return op;
}

void LoopDesk::submit(Operation* op, uint64_t bytes) {
    if (closed_) return refuse(op, SARA_E_CLOSED);
    if (!intake_.reserve(bytes)) return refuse(op, SARA_E_AGAIN);
    turn_.push(op);
    if (turn_end_asked_) return;
    turn_end_asked_ = true;
    host_.loop().at_turn_end(
        host_.table(), [](void* self) noexcept { static_cast<LoopDesk*>(self)->handOver(); }, this);
}

void LoopDesk::refuse(Operation* op, sara_status status) {
    op->status = status;
    const std::lock_guard lock(mutex_);
    finished_.push(op);
    // A full mailbox leaves it to the next delivery of the writer; the nudge makes sure that there
    // is one.
    if (!postLocked()) intake_.nudge();
}

void LoopDesk::handOver() {
    turn_end_asked_ = false;
    if (turn_.empty()) return;
    host_.add(Metric::kQueueOperations, static_cast<int64_t>(turn_.count));
    intake_.push(turn_);
}

bool LoopDesk::postLocked() {
    if (posted_ || finished_.empty() || abandoned_) return true;
    const auto run = [](void* self) noexcept { static_cast<LoopDesk*>(self)->runFinished(); };
    const sara_status status = host_.loop().post(host_.table(), loop_, run, this);
    posted_ = status == SARA_OK;
    // A loop that has stopped takes its results in close().
    return posted_ || status == SARA_E_CLOSED;
}

bool LoopDesk::deliver(OperationChain& chain) {
    const std::lock_guard lock(mutex_);
    finished_.splice(chain);
    arrived_.notify_one();
    return !postLocked();
}

bool LoopDesk::retryPost() {
    const std::lock_guard lock(mutex_);
    return !postLocked();
}

void LoopDesk::runFinished() {
    OperationChain chain;
    {
        const std::lock_guard lock(mutex_);
        posted_ = false;
        chain.splice(finished_);
    }
    while (Operation* op = chain.pop()) complete(op);
}

void LoopDesk::complete(Operation* op) {
    unlink(op);
    switch (op->kind) {
        case Operation::Kind::kAppend:
            if (op->done.append != nullptr) {
                waiting_ = op->status == SARA_OK ? op->waiting : 0;
                op->done.append(op->user_data, op->status, op->status == SARA_OK ? op->seq : 0);
            }
            break;
        case Operation::Kind::kFetch:
            completeFetch(op);
            break;
        case Operation::Kind::kDrop:
            if (op->done.drop != nullptr) op->done.drop(op->user_data, op->status, nullptr);
            break;
        case Operation::Kind::kSweep:
            break;
    }
    recycle(op);
}

void LoopDesk::completeFetch(Operation* op) {
    if (op->done.fetch == nullptr) return;
    if (op->status != SARA_OK) {
        op->done.fetch(op->user_data, op->status, nullptr, 0, 0);
        return;
    }
    stored_.clear();
    for (const Operation::Found& f : op->found) {
        const char* at = op->page.data() + f.at;
        stored_.push_back({f.seq,
                           {at, f.id_len},
                           {at + f.id_len, f.from_len},
                           {at + f.id_len + f.from_len, f.packet_len}});
    }
    op->done.fetch(op->user_data, SARA_OK, stored_.data(), static_cast<uint32_t>(stored_.size()),
                   op->more);
}

void LoopDesk::unlink(Operation* op) {
    if (op->newer != nullptr) op->newer->older = op->older;
    if (op->older != nullptr) op->older->newer = op->newer;
    if (newest_ == op) newest_ = op->older;
    op->newer = op->older = nullptr;
}

void LoopDesk::recycle(Operation* op) {
    host_.table()->buf_unref(host_.table(), op->packet);
    op->packet = nullptr;
    if (spare_.count >= kSpareMax) {
        delete op;
        return;
    }
    op->seqs.clear();
    op->found.clear();
    op->page.clear();
    if (op->page.capacity() > kPageKeepBytes) op->page.shrink_to_fit();
    if (op->found.capacity() > 1024) op->found.shrink_to_fit();
    if (op->seqs.capacity() > 1024) op->seqs.shrink_to_fit();
    spare_.push(op);
}

void LoopDesk::close(std::chrono::steady_clock::time_point deadline) {
    closed_ = true;
    handOver();
    // Completions may call the store again; those calls are refused and complete in the next round.
    for (int round = 0; newest_ != nullptr && round < kCloseRoundsMax; ++round) {
        {
            std::unique_lock lock(mutex_);
            if (!arrived_.wait_until(lock, deadline, [this] { return !finished_.empty(); })) break;
        }
        runFinished();
    }
    {
        const std::lock_guard lock(mutex_);
        abandoned_ = true;
    }
    // What the writer still holds stays its own until it is done; only the caller learns of the end
    // now.
    for (Operation* op = newest_; op != nullptr; op = op->older) completeClosed(op);
    for (int round = 0; newest_ != nullptr && round < kCloseRoundsMax; ++round) runFinished();
}

void LoopDesk::completeClosed(Operation* op) {
    const auto done = op->done;
    op->done = {};
    switch (op->kind) {
        case Operation::Kind::kAppend:
            if (done.append != nullptr) done.append(op->user_data, SARA_E_CLOSED, 0);
            break;
        case Operation::Kind::kFetch:
            if (done.fetch != nullptr) done.fetch(op->user_data, SARA_E_CLOSED, nullptr, 0, 0);
            break;
        case Operation::Kind::kDrop:
            if (done.drop != nullptr) done.drop(op->user_data, SARA_E_CLOSED, nullptr);
            break;
        case Operation::Kind::kSweep:
            break;
    }
}

}  // namespace sara::store_embedded
