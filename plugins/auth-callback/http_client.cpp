#include "auth-callback/http_client.h"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <chrono>

namespace sara::auth_callback {
namespace {

constexpr uint64_t kRetryPauseMs = 50;
constexpr uint64_t kLogPauseMs = 5'000;  // one line about failures in this time
constexpr uint64_t kLongestPauseMs = 1'000;
constexpr uint64_t kHurryMs = 5;

size_t index(Lane lane) { return static_cast<size_t>(lane); }

uint64_t wallSeconds() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(now).count());
}

}  // namespace

uint64_t steadyMs() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
}

HttpClient::HttpClient(const Settings& settings, const Counters& counters, const Log& log,
                       std::function<bool()> after_turn)
    : settings_(settings),
      counters_(counters),
      log_(log),
      after_turn_(std::move(after_turn)),
      breaker_(settings.breaker_failures, settings.breaker_open_ms) {}

std::string HttpClient::start() {
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return "libcurl cannot start";
    multi_ = curl_multi_init();
    if (multi_ == nullptr) return "libcurl has no memory";
    const long connections = static_cast<long>(settings_.connections_max);
    (void)curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, connections);
    (void)curl_multi_setopt(multi_, CURLMOPT_MAX_TOTAL_CONNECTIONS, connections);
    {
        const std::lock_guard lock(mutex_);
        accepting_ = true;
    }
    // Signals are for the control thread.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    thread_ = std::thread([this] { run(); });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    pthread_setname_np(thread_.native_handle(), "sara-callback");
    return {};
}

void HttpClient::stop() {
    {
        const std::lock_guard lock(mutex_);
        accepting_ = false;
    }
    stopping_.store(true);
    if (thread_.joinable()) {
        (void)curl_multi_wakeup(multi_);
        thread_.join();
    }
    spare_.clear();
    if (multi_ != nullptr) {
        (void)curl_multi_cleanup(multi_);
        multi_ = nullptr;
        curl_global_cleanup();
    }
}

bool HttpClient::submit(std::unique_ptr<HttpCall>& call) {
    auto& waiting = waiting_[index(call->lane)];
    if (waiting.fetch_add(1, std::memory_order_relaxed) >= settings_.queue_calls_max) {
        waiting.fetch_sub(1, std::memory_order_relaxed);
        counters_.queue_full.add();
        return false;
    }
    {
        const std::lock_guard lock(mutex_);
        if (!accepting_) {
            waiting.fetch_sub(1, std::memory_order_relaxed);
            return false;
        }
        intake_.push_back(std::move(call));
        counters_.queued.add(1);
        // Under the lock: stop() takes it before it lets multi_ go.
        if (!woken_.exchange(true)) (void)curl_multi_wakeup(multi_);
    }
    return true;
}

void HttpClient::run() {
    bool hurry = false;
    while (!stopping_.load()) {
        takeIntake();
        const uint64_t now_ms = steadyMs();
        resumePaused(now_ms);
        expireQueued(now_ms);
        startSome(now_ms);
        int running = 0;
        (void)curl_multi_perform(multi_, &running);
        reap();
        hurry = after_turn_();
        const int pause_ms = pauseMs(steadyMs(), hurry);
        (void)curl_multi_poll(multi_, nullptr, 0, pause_ms, nullptr);
    }
    takeIntake();
    closeAll();
    (void)after_turn_();
}

void HttpClient::takeIntake() {
    woken_.store(false);
    std::vector<std::unique_ptr<HttpCall>> calls;
    {
        const std::lock_guard lock(mutex_);
        calls.swap(intake_);
    }
    for (auto& call : calls) lanes_[index(call->lane)].push_back(std::move(call));
}

void HttpClient::resumePaused(uint64_t now_ms) {
    for (size_t i = 0; i < paused_.size();) {
        if (paused_[i].at_ms > now_ms) {
            ++i;
            continue;
        }
        auto call = std::move(paused_[i].call);
        paused_[i] = std::move(paused_.back());
        paused_.pop_back();
        call->begin_by_ms = call->deadline_ms;
        waiting_[index(call->lane)].fetch_add(1, std::memory_order_relaxed);
        counters_.queued.add(1);
        lanes_[index(call->lane)].push_front(std::move(call));
    }
}

// The calls of one lane have the same time to live, so the oldest ends first; a retried one at the
// front may hide nobody for longer than its own time.
void HttpClient::expireQueued(uint64_t now_ms) {
    for (auto& lane : lanes_) {
        while (!lane.empty() && lane.front()->begin_by_ms <= now_ms) {
            auto call = std::move(lane.front());
            lane.pop_front();
            waiting_[index(call->lane)].fetch_sub(1, std::memory_order_relaxed);
            counters_.queued.add(-1);
            counters_.call_timeouts.add();
            give(std::move(call), {Status::kTimeout, 0, {}, "no connection was free in time"});
        }
    }
}

void HttpClient::startSome(uint64_t now_ms) {
    size_t empty = 0;
    while (empty < kLanes && trying_.size() < settings_.connections_max) {
        auto& lane = lanes_[next_lane_];
        next_lane_ = (next_lane_ + 1) % kLanes;
        if (lane.empty()) {
            ++empty;
            continue;
        }
        empty = 0;
        auto call = std::move(lane.front());
        lane.pop_front();
        waiting_[index(call->lane)].fetch_sub(1, std::memory_order_relaxed);
        counters_.queued.add(-1);
        if (breaker_.admit(now_ms)) {
            begin(std::move(call), now_ms);
        } else {
            counters_.breaker_refused.add();
            give(std::move(call), {Status::kAgain, 0, {}, "the backend is not asked for a while"});
        }
    }
}

void HttpClient::begin(std::unique_ptr<HttpCall> call, uint64_t now_ms) {
    Try next;
    next.call = std::move(call);
    if (spare_.empty()) {
        next.transfer = std::make_unique<Transfer>(settings_);
    } else {
        next.transfer = std::move(spare_.back());
        spare_.pop_back();
    }
    next.transfer->prepare(*next.call, now_ms, wallSeconds());
    counters_.calls.add();
    counters_.sending.add(1);
    if (curl_multi_add_handle(multi_, next.transfer->handle()) != CURLM_OK) {
        ended(std::move(next), CURLE_OUT_OF_MEMORY);
        return;
    }
    trying_.push_back(std::move(next));
}

void HttpClient::reap() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
        if (message->msg != CURLMSG_DONE) continue;
        CURL* const handle = message->easy_handle;
        const CURLcode code = message->data.result;  // message dies with the next call
        (void)curl_multi_remove_handle(multi_, handle);
        const auto at = std::find_if(trying_.begin(), trying_.end(), [handle](const Try& t) {
            return t.transfer->handle() == handle;
        });
        if (at == trying_.end()) continue;
        Try done = std::move(*at);
        *at = std::move(trying_.back());
        trying_.pop_back();
        ended(std::move(done), code);
    }
}

void HttpClient::ended(Try done, CURLcode code) {
    HttpAnswer answer = done.transfer->finish(code);
    spare_.push_back(std::move(done.transfer));
    counters_.sending.add(-1);
    const uint64_t now_ms = steadyMs();
    note(answer, now_ms);
    const uint64_t next_ms = now_ms + kRetryPauseMs;
    if (Transfer::mayRetry(answer) && done.call->retries > 0 && next_ms < done.call->deadline_ms &&
        breaker_.closed()) {
        --done.call->retries;
        counters_.call_retries.add();
        paused_.push_back({std::move(done.call), next_ms});
        return;
    }
    give(std::move(done.call), std::move(answer));
}

void HttpClient::note(const HttpAnswer& answer, uint64_t now_ms) {
    if (answer.status != Status::kOk) {
        counters_.calls_failed.add();
        if (answer.status == Status::kTimeout) counters_.call_timeouts.add();
        if (answer.status == Status::kFull) counters_.answers_cut.add();
        if (now_ms >= log_again_ms_) {
            log_again_ms_ = now_ms + kLogPauseMs;
            log_.warn("callback ", settings_.shown_url, ": ", answer.reason);
        }
    }
    if (Transfer::isFailure(answer)) {
        if (!breaker_.failed(now_ms)) return;
        breaker_open_.store(true, std::memory_order_relaxed);
        counters_.breaker_opened.add();
        counters_.breaker_open.add(1);
        log_.error("callback ", settings_.shown_url, ": not asked for a while: ", answer.reason);
    } else if (breaker_.succeeded()) {
        breaker_open_.store(false, std::memory_order_relaxed);
        counters_.breaker_open.add(-1);
        log_.info("callback ", settings_.shown_url, ": answers again");
    }
}

void HttpClient::give(std::unique_ptr<HttpCall> call, HttpAnswer&& answer) {
    call->done(std::move(answer));
}

int HttpClient::pauseMs(uint64_t now_ms, bool hurry) const {
    uint64_t until_ms = now_ms + (hurry ? kHurryMs : kLongestPauseMs);
    for (const Pause& pause : paused_) until_ms = std::min(until_ms, pause.at_ms);
    for (const auto& lane : lanes_) {
        if (lane.empty()) continue;
        if (trying_.size() < settings_.connections_max) return 0;  // it can be served now
        until_ms = std::min(until_ms, lane.front()->begin_by_ms);
    }
    // Curl itself knows the times of what is under way.
    return until_ms > now_ms ? static_cast<int>(until_ms - now_ms) : 0;
}

void HttpClient::closeAll() {
    const auto close = [this](std::unique_ptr<HttpCall> call) {
        give(std::move(call), {Status::kClosed, 0, {}, "the server ends"});
    };
    for (Try& t : trying_) {
        (void)curl_multi_remove_handle(multi_, t.transfer->handle());
        counters_.sending.add(-1);
        close(std::move(t.call));
    }
    trying_.clear();
    for (Pause& pause : paused_) close(std::move(pause.call));
    paused_.clear();
    for (auto& lane : lanes_) {
        while (!lane.empty()) {
            counters_.queued.add(-1);
            close(std::move(lane.front()));
            lane.pop_front();
        }
    }
}

}  // namespace sara::auth_callback
