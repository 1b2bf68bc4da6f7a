#include "auth-callback/outbox.h"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "auth-callback/request_text.h"

namespace sara::auth_callback {
namespace {

constexpr uint64_t kNoticeOverheadBytes = 256;
constexpr uint64_t kBusyPauseMs = 50;
constexpr uint64_t kComplainPauseMs = 10'000;

uint64_t wallMs() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return static_cast<uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
}

}  // namespace

std::string Outbox::start() {
    std::string remark;
    std::string error = disk_.open(settings_.datadir, &remark);
    if (error.empty() && !load()) {
        error = disk_.repair(&remark);
        if (error.empty() && !load()) error = disk_.error();
    }
    if (!remark.empty()) log_.error("callback outbox: ", remark);
    if (!error.empty()) return error;
    sending_ = true;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    thread_ = std::thread([this] { run(); });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    pthread_setname_np(thread_.native_handle(), "sara-outbox");
    return {};
}

// What an earlier process left. Counts against the bounds, also above them: it was taken.
bool Outbox::load() {
    queue_ = OutboxQueue(settings_.outbox_retry_ms, settings_.outbox_age_ms);
    uint64_t bytes = 0;
    const bool whole = disk_.each([&](const StoredNotice& notice) {
        const uint64_t size = notice.body.size() + notice.recipient.size() + kNoticeOverheadBytes;
        queue_.add(notice.recipient, {notice.seq, notice.created_ms, size, {}});
        last_seq_ = std::max(last_seq_, notice.seq);
        bytes += size;
    });
    if (!whole) return false;
    count_ = queue_.size();
    bytes_ = bytes;
    counters_.notices.add(static_cast<int64_t>(queue_.size()));
    counters_.notice_bytes.add(static_cast<int64_t>(bytes));
    if (queue_.size() > 0) log_.info("callback outbox: ", queue_.size(), " notices wait");
    return true;
}

void Outbox::stopSending() {
    const std::lock_guard lock(mutex_);
    sending_ = false;
}

void Outbox::stop() {
    if (!thread_.joinable()) return;
    {
        const std::lock_guard lock(mutex_);
        sending_ = false;
        ending_ = true;
        wake_.notify_one();
    }
    thread_.join();
}

bool Outbox::reserve(uint64_t bytes) {
    if (count_.fetch_add(1, std::memory_order_relaxed) < settings_.outbox_notices_max) {
        if (bytes_.fetch_add(bytes, std::memory_order_relaxed) + bytes <=
            settings_.outbox_bytes_max) {
            return true;
        }
        bytes_.fetch_sub(bytes, std::memory_order_relaxed);
    }
    count_.fetch_sub(1, std::memory_order_relaxed);
    return false;
}

void Outbox::release(const QueuedNotice& notice) {
    count_.fetch_sub(1, std::memory_order_relaxed);
    bytes_.fetch_sub(notice.bytes, std::memory_order_relaxed);
    counters_.notices.add(-1);
    counters_.notice_bytes.add(-static_cast<int64_t>(notice.bytes));
}

void Outbox::put(std::string recipient, Buffer packet, uint64_t total, uint64_t wall_ms) {
    const uint64_t bytes = packet.bytes().size() + recipient.size() + kNoticeOverheadBytes;
    if (!reserve(bytes)) {
        counters_.notices_full.add();
        const uint64_t now_ms = steadyMs();
        uint64_t due_ms = full_line_at_ms_.load(std::memory_order_relaxed);
        if (now_ms >= due_ms && full_line_at_ms_.compare_exchange_strong(
                                    due_ms, now_ms + kComplainPauseMs, std::memory_order_relaxed)) {
            log_.error("callback outbox is full: notices are dropped until the backend takes some");
        }
        return;
    }
    counters_.notices_taken.add();
    counters_.notices.add(1);
    counters_.notice_bytes.add(static_cast<int64_t>(bytes));
    const std::lock_guard lock(mutex_);
    intake_.push_back({std::move(recipient), std::move(packet), total, wall_ms, bytes});
    if (intake_.size() == 1) wake_.notify_one();
}

void Outbox::run() {
    for (bool ending = false; !ending;) {
        std::vector<Intake> taken;
        std::vector<Result> results;
        bool sending = false;
        {
            std::unique_lock lock(mutex_);
            const uint64_t now_ms = steadyMs();
            const uint64_t at_ms = std::max(queue_.wakeAtMs(), paused_until_ms_);
            const bool can_send = sending_ && queue_.sending() < settings_.outbox_sending_max;
            const uint64_t wait_ms = !can_send         ? 1000
                                     : at_ms <= now_ms ? 0
                                                       : std::min<uint64_t>(at_ms - now_ms, 1000);
            const auto something = [this] {
                return !intake_.empty() || !results_.empty() || ending_;
            };
            (void)wake_.wait_for(lock, std::chrono::milliseconds(wait_ms), something);
            taken.swap(intake_);
            results.swap(results_);
            sending = sending_;
            ending = ending_ && taken.empty() && results.empty();
        }
        store(std::move(taken));
        settle(std::move(results));
        if (sending) sendSome();
    }
}

void Outbox::store(std::vector<Intake> taken) {
    if (taken.empty()) return;
    std::vector<StoredNotice> rows;
    std::vector<uint64_t> bytes;
    rows.reserve(taken.size());
    for (Intake& in : taken) {
        auto body = offlineBody(newSn(), in.packet.bytes(), in.total);
        if (!body) {  // the server stores whole packets only
            complain("a packet is no JSON object; it has no notice");
            release({0, 0, in.bytes, {}});
            continue;
        }
        rows.push_back({++last_seq_, in.wall_ms, std::move(in.recipient), std::move(*body)});
        bytes.push_back(in.bytes);
    }
    const bool durable = disk_.put(rows);
    if (!durable) complain(disk_.error());
    for (size_t i = 0; i < rows.size(); ++i) {
        // What the disk refused is sent from memory; only a restart would lose it.
        QueuedNotice notice{rows[i].seq, rows[i].created_ms, bytes[i], {}};
        if (!durable) notice.body = std::move(rows[i].body);
        queue_.add(rows[i].recipient, std::move(notice));
    }
}

void Outbox::settle(std::vector<Result> results) {
    std::vector<uint64_t> done;
    const uint64_t now_ms = steadyMs();
    for (const Result& result : results) {
        const Status st = result.answer.status;
        if (st == Status::kOk) {
            if (const auto notice = queue_.delivered(result.recipient)) {
                counters_.notices_delivered.add();
                release(*notice);
                done.push_back(notice->seq);
            }
            continue;
        }
        // Unsent, because the backend is not asked for a while: nobody's fault, so the pause is for
        // all.
        const bool unsent = st == Status::kAgain || st == Status::kClosed;
        if (unsent) paused_until_ms_ = now_ms + settings_.breaker_open_ms;
        if (!unsent) counters_.notices_repeated.add();
        queue_.failed(result.recipient, now_ms, !unsent);
    }
    if (!done.empty() && !disk_.erase(done)) complain(disk_.error());
}

void Outbox::sendSome() {
    std::vector<QueuedNotice> expired;
    const uint64_t now_ms = steadyMs();
    while (now_ms >= paused_until_ms_ && queue_.sending() < settings_.outbox_sending_max) {
        const auto next = queue_.next(now_ms, wallMs(), &expired);
        if (!next) break;
        const Status sent = send(*next);
        if (sent == Status::kOk) continue;
        if (sent == Status::kNotFound) {
            if (const auto lost = queue_.delivered(next->recipient)) release(*lost);
            continue;
        }
        queue_.failed(next->recipient, now_ms, false);
        paused_until_ms_ = now_ms + kBusyPauseMs;
    }
    if (expired.empty()) return;
    std::vector<uint64_t> seqs;
    for (const QueuedNotice& notice : expired) {
        counters_.notices_expired.add();
        release(notice);
        seqs.push_back(notice.seq);
    }
    log_.error("callback outbox: ", expired.size(), " notices are given up after outbox_age_s");
    if (!disk_.erase(seqs)) complain(disk_.error());
}

Status Outbox::send(const OutboxQueue::Next& next) {
    std::string body = next.notice.body;
    if (body.empty()) {
        const Status read = disk_.body(next.notice.seq, &body);
        if (read != Status::kOk) {
            complain(disk_.error());
            return read;
        }
    }
    auto call = std::make_unique<HttpCall>();
    call->lane = Lane::kNotice;
    call->form = formOf(body);
    call->timeOut(steadyMs(), settings_.timeout_ms);
    call->done = [this, recipient = next.recipient](HttpAnswer&& answer) {
        const std::lock_guard lock(mutex_);
        results_.push_back({recipient, std::move(answer)});
        wake_.notify_one();
    };
    return http_.submit(call) ? Status::kOk : Status::kAgain;
}

void Outbox::complain(const std::string& what) {
    counters_.outbox_errors.add();
    const uint64_t now_ms = steadyMs();
    if (now_ms < complain_at_ms_) return;
    complain_at_ms_ = now_ms + kComplainPauseMs;
    log_.error("callback outbox: ", what);
}

}  // namespace sara::auth_callback
