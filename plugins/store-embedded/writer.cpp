#include "store-embedded/writer.h"

#include <pthread.h>
#include <signal.h>

#include <algorithm>

namespace sara::store_embedded {
namespace {

constexpr size_t kBatchBytesMax = 4u << 20;
constexpr uint64_t kBatchPageBytesMax = 1u << 20;
constexpr int64_t kHangMs = 2000;
constexpr std::chrono::milliseconds kRetryFirst{20};
constexpr std::chrono::milliseconds kRetryMax{250};
constexpr std::chrono::milliseconds kSliceEvery{5};
constexpr std::chrono::milliseconds kPostRetryEvery{5};
constexpr std::chrono::milliseconds kIdle{60'000};

int64_t steadyMs() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

// Signals are the main thread's business; threads started meanwhile inherit the mask.
class SignalsBlocked {
  public:
    SignalsBlocked() {
        sigset_t all;
        sigfillset(&all);
        sigdelset(&all, SIGPROF);  // of profilers: it is for the thread that runs
        pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    SignalsBlocked(const SignalsBlocked&) = delete;
    SignalsBlocked& operator=(const SignalsBlocked&) = delete;

  private:
    sigset_t before_;
};

}  // namespace

Writer::Writer(const HostFace& host, const Settings& settings, leveldb::Env* env, Intake& intake)
    : host_(host),
      settings_(settings),
      intake_(intake),
      database_(host, settings, env),
      tails_(settings.tail_users_max, settings.tail_entries_max),
      reader_(settings, database_, tails_),
      staging_(host, settings, database_, tails_, reader_),
      sweeper_(host, database_, tails_, staging_) {}

std::string Writer::start(const std::vector<std::unique_ptr<LoopDesk>>& desks) {
    const SignalsBlocked blocked;
    std::string error = database_.open();
    if (!error.empty()) return error;
    for (const auto& desk : desks) desks_.push_back(desk.get());
    health_.store(SARA_OK);
    thread_ = std::thread([this] { run(); });
    pthread_setname_np(thread_.native_handle(), "sara-store");
    return {};
}

void Writer::stop() {
    intake_.close();
    if (thread_.joinable()) thread_.join();
    health_.store(SARA_E_CLOSED);
    database_.close();
}

sara_status Writer::health() const {
    const sara_status status = health_.load(std::memory_order_relaxed);
    const int64_t began = commit_began_ms_.load(std::memory_order_relaxed);
    if (status == SARA_OK && began != 0 && steadyMs() - began > kHangMs) return SARA_E_TIMEOUT;
    return status;
}

void Writer::run() {
    OperationChain work;
    for (;;) {
        // Asked before the last look into the queue, so that nothing pushed before close() stays
        // behind.
        const bool closing = intake_.closed();
        posts_missing_ |= intake_.take(&work, waitTime());
        if (work.empty() && closing) return;
        while (!work.empty()) {
            runBatch(&work);
            posts_missing_ |= intake_.take(&work, {});
        }
        housekeeping();
    }
}

std::chrono::milliseconds Writer::waitTime() const {
    if (posts_missing_) return kPostRetryEvery;
    if (database_.state() != SARA_OK) return retry_wait_;
    return sweeper_.active() ? kSliceEvery : kIdle;
}

void Writer::runBatch(OperationChain* work) {
    uint64_t taken = 0;
    uint64_t bytes = 0;
    page_bytes_ = 0;
    while (taken < settings_.batch_operations_max && staging_.bytes() < kBatchBytesMax &&
           page_bytes_ < kBatchPageBytesMax) {
        Operation* op = work->pop();
        if (op == nullptr) break;
        ++taken;
        bytes += op->packetBytes();
        switch (op->kind) {
            case Operation::Kind::kAppend:
                staging_.append(op);
                break;
            case Operation::Kind::kFetch:
                fetch(op);
                break;
            case Operation::Kind::kDrop:
                staging_.drop(op);
                break;
            case Operation::Kind::kSweep:
                sweeper_.begin();
                staging_.decided(op);
                break;
        }
    }
    intake_.release(taken, bytes);
    host_.add(Metric::kQueueOperations, -static_cast<int64_t>(taken));
    commit();
    housekeeping();
}

void Writer::fetch(Operation* op) {
    UserTail* tail = reader_.tail(op->user(), staging_.batch(), &op->status);
    if (tail != nullptr && staging_.changed(*tail)) {
        // The batch holds changes that this fetch must see.
        commit();
        tail = reader_.tail(op->user(), staging_.batch(), &op->status);
    }
    if (tail != nullptr) {
        gone_.clear();
        reader_.readPage(op, *tail, host_.wallMs(), &gone_);
        page_bytes_ += op->page.size();
        for (const Reader::Gone& gone : gone_) {
            if (database_.state() != SARA_OK) break;
            host_.add(gone.expired ? Metric::kExpired : Metric::kCorrupt, 1);
            staging_.remove(*tail, gone.seq);
        }
        if (std::any_of(gone_.begin(), gone_.end(), [](const auto& g) { return !g.expired; })) {
            host_.log(SARA_LOG_ERROR, "store: a damaged packet was skipped and deleted");
        }
    }
    staging_.decided(op);
}

void Writer::commit() {
    commit_began_ms_.store(steadyMs(), std::memory_order_relaxed);
    OperationChain done = staging_.commit();
    commit_began_ms_.store(0, std::memory_order_relaxed);
    health_.store(database_.state(), std::memory_order_relaxed);
    deliver(done);
}

void Writer::deliver(OperationChain chain) {
    touched_.clear();
    while (Operation* op = chain.pop()) {
        if (op->desk->gathering().empty()) touched_.push_back(op->desk);
        op->desk->gathering().push(op);
    }
    for (LoopDesk* desk : touched_) posts_missing_ |= desk->deliver(desk->gathering());
}

void Writer::housekeeping() {
    if (posts_missing_) {
        posts_missing_ = false;
        for (LoopDesk* desk : desks_) posts_missing_ |= desk->retryPost();
    }
    const auto now = Clock::now();
    if (database_.state() != SARA_OK && now >= next_try_) {
        // What is in memory belongs to the database as it was.
        tails_.clear();
        const bool recovered = database_.tryRecover();
        health_.store(database_.state(), std::memory_order_relaxed);
        retry_wait_ = recovered ? kRetryFirst : std::min(2 * retry_wait_, kRetryMax);
        next_try_ = Clock::now() + retry_wait_;
    } else if (sweeper_.active() && now >= next_slice_) {
        sweeper_.slice();
        commit();
        next_slice_ = Clock::now() + kSliceEvery;
    }
}

}  // namespace sara::store_embedded
