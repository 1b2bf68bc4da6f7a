// The desk over time: ticks, health, sessions that are written again, and the end.
#include <thread>

#include "store-redis/desk.h"

namespace sara::store_redis {
namespace {

constexpr uint64_t kRenewingMax = 2048;  // docs/limits.md: redis_renewing_max
constexpr uint64_t kComplainEveryMs = 10'000;
constexpr uint64_t kIllMs = 1500;
constexpr int kCloseRoundsMax = 100'000;

}  // namespace

bool Desk::start() {
    router_.start();
    tick_timer_ = around_.host.loop().timer(
        around_.host.table(), Router::kTickMs, Router::kTickMs,
        [](void* self) noexcept { static_cast<Desk*>(self)->tick(); }, this);
    return tick_timer_ != 0;
}

void Desk::tick() {
    router_.tick();
    if (renew_wanted_.exchange(false, std::memory_order_relaxed)) renewSessions();
    renewSome();
    watchHealth();
    if (on_tick_ != nullptr) on_tick_(on_tick_user_);
    askTurnEnd();
}

void Desk::renewSessions() {
    to_renew_.clear();
    to_renew_.reserve(sessions_.size());
    for (const auto& [user, record] : sessions_) to_renew_.push_back(user);
    renewSome();
}

void Desk::renewSome() {
    while (!to_renew_.empty() && renewing_ < kRenewingMax && router_.healthy()) {
        const std::string user = std::move(to_renew_.back());
        to_renew_.pop_back();
        const auto session = sessions_.find(user);
        if (session == sessions_.end()) continue;
        Operation* op = begin(Operation::Kind::kRenew, toStr(user), nullptr);
        op->text = session->second;
        ++renewing_;
        submit(op);
    }
}

void Desk::complain(std::string_view user, std::string_view error) {
    const uint64_t now = around_.host.nowMs();
    ill_until_ms_ = now + kIllMs;
    health_.store(SARA_E_IO, std::memory_order_relaxed);
    if (last_complaint_ == error && now - complained_ms_ < kComplainEveryMs) return;
    last_complaint_ = error;
    complained_ms_ = now;
    around_.host.log(SARA_LOG_ERROR,
                     "for user " + std::string(user) + ": " + std::string(error.substr(0, 300)));
}

void Desk::watchHealth() {
    const bool well = router_.healthy() && around_.host.nowMs() >= ill_until_ms_;
    const sara_status before =
        health_.exchange(well ? SARA_OK : SARA_E_IO, std::memory_order_relaxed);
    if (loop_ != 0 || (before == SARA_OK) == well) return;
    around_.host.log(well ? SARA_LOG_INFO : SARA_LOG_ERROR,
                     well ? "Redis answers" : "Redis does not serve: " + router_.trouble());
}

void Desk::close(std::chrono::steady_clock::time_point deadline) {
    closed_ = true;
    around_.host.loop().timer_cancel(around_.host.table(), tick_timer_);
    to_renew_.clear();
    turnEnd();
    for (int round = 0; !lanes_.empty() && round < kCloseRoundsMax; ++round) {
        if (std::chrono::steady_clock::now() >= deadline || !router_.healthy()) break;
        router_.pump(5);
        turnEnd();
    }
    router_.close();
    // Completions may call the store again; those calls are refused and complete in the next round.
    for (int round = 0; round < kCloseRoundsMax; ++round) {
        turnEnd();
        if (lanes_.empty() && refused_.empty()) break;
    }
}

}  // namespace sara::store_redis
