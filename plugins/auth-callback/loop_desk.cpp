#include "auth-callback/loop_desk.h"

#include <utility>

namespace sara::auth_callback {

uint64_t LoopDesk::expectLogin(sara_done done, void* user) {
    calls_.emplace(++last_call_, Call{done, nullptr, user, {}});
    return last_call_;
}

uint64_t LoopDesk::expectMembers(const std::string& key, sara_members_done done, void* user) {
    calls_.emplace(++last_call_, Call{nullptr, done, user, key});
    return last_call_;
}

void LoopDesk::answer(uint64_t call, Status status, std::shared_ptr<const Roster> roster) {
    const std::lock_guard lock(mutex_);
    if (!shut_) answered_.push_back({call, status, std::move(roster)});
}

bool LoopDesk::flush() {
    const std::lock_guard lock(mutex_);
    if (shut_ || posted_ || answered_.empty()) return false;
    // The post may run after the plugin's end: it brings its own reference to the desk.
    auto* const self = new std::shared_ptr<LoopDesk>(shared_from_this());
    const sara_status status = host_.loop->post(
        host_.raw(), loop_,
        [](void* user) noexcept {
            const std::unique_ptr<std::shared_ptr<LoopDesk>> desk(
                static_cast<std::shared_ptr<LoopDesk>*>(user));
            (*desk)->run();
        },
        self);
    posted_ = status == SARA_OK;
    if (!posted_) delete self;
    return status == SARA_E_AGAIN;
}

void LoopDesk::run() {
    std::vector<Answered> answered;
    {
        const std::lock_guard lock(mutex_);
        posted_ = false;
        answered.swap(answered_);
    }
    for (const Answered& a : answered) {
        const auto at = calls_.find(a.call);
        if (at == calls_.end()) continue;
        const Call call = std::move(at->second);
        calls_.erase(at);
        finish(call, a.status, a.roster);
    }
}

void LoopDesk::finish(const Call& call, Status status,
                      const std::shared_ptr<const Roster>& roster) {
    if (call.login != nullptr) {
        call.login(call.user, toAbi(status), nullptr);
        return;
    }
    if (roster != nullptr) remember(call.key, roster);
    complete(call.members, call.user, status, roster.get());
}

void LoopDesk::complete(sara_members_done done, void* user, Status status, const Roster* roster) {
    if (status == Status::kOk && roster != nullptr && roster->found()) {
        done(user, SARA_OK, roster->users(), roster->size());
    } else {
        done(user, status == Status::kOk ? SARA_E_NOTFOUND : toAbi(status), nullptr, 0);
    }
}

std::shared_ptr<const Roster> LoopDesk::roster(const std::string& key, uint64_t now_ms) const {
    const auto at = rosters_.find(key);
    if (at == rosters_.end()) return nullptr;
    auto roster = at->second.lock();
    return roster != nullptr && roster->fresh(now_ms) ? roster : nullptr;
}

void LoopDesk::remember(const std::string& key, const std::shared_ptr<const Roster>& roster) {
    if (rosters_.size() >= kLoopRostersMax) rosters_.clear();
    rosters_.insert_or_assign(key, roster);
}

void LoopDesk::close() {
    closed_ = true;
    {
        const std::lock_guard lock(mutex_);
        shut_ = true;
        answered_.clear();
    }
    // A completion may call the plugin again; closed() makes that call end at once.
    while (!calls_.empty()) {
        const Call call = std::move(calls_.begin()->second);
        calls_.erase(calls_.begin());
        finish(call, Status::kClosed, nullptr);
    }
    rosters_.clear();
}

}  // namespace sara::auth_callback
