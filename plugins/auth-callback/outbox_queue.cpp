#include "auth-callback/outbox_queue.h"

#include <algorithm>
#include <utility>

namespace sara::auth_callback {

void OutboxQueue::arm(const std::string& recipient, const Recipient& r) {
    if (r.retry_at_ms == 0) {
        ready_.emplace(r.notices.front().seq, recipient);
    } else {
        later_.emplace(r.retry_at_ms, recipient);
    }
}

void OutboxQueue::add(const std::string& recipient, QueuedNotice notice) {
    Recipient& r = recipients_[recipient];
    const bool first = r.notices.empty();
    r.notices.push_back(std::move(notice));
    ++size_;
    if (first) arm(recipient, r);
}

std::optional<OutboxQueue::Next> OutboxQueue::next(uint64_t now_ms, uint64_t wall_ms,
                                                   std::vector<QueuedNotice>* expired) {
    while (!later_.empty() && later_.begin()->first <= now_ms) {
        const std::string recipient = std::move(later_.begin()->second);
        later_.erase(later_.begin());
        Recipient& r = recipients_.at(recipient);
        r.retry_at_ms = 0;
        arm(recipient, r);
    }
    while (!ready_.empty()) {
        const std::string recipient = std::move(ready_.begin()->second);
        ready_.erase(ready_.begin());
        Recipient& r = recipients_.at(recipient);
        // A clock that was set back makes nothing older.
        while (!r.notices.empty() && wall_ms > r.notices.front().created_ms &&
               wall_ms - r.notices.front().created_ms > age_ms_) {
            expired->push_back(std::move(r.notices.front()));
            r.notices.pop_front();
            --size_;
        }
        if (r.notices.empty()) {
            recipients_.erase(recipient);
            continue;
        }
        r.sending = true;
        ++sending_;
        return Next{recipient, r.notices.front()};
    }
    return std::nullopt;
}

std::optional<QueuedNotice> OutboxQueue::delivered(const std::string& recipient) {
    const auto at = recipients_.find(recipient);
    if (at == recipients_.end() || !at->second.sending) return std::nullopt;
    Recipient& r = at->second;
    QueuedNotice done = std::move(r.notices.front());
    r.notices.pop_front();
    r.sending = false;
    r.wait_ms = r.retry_at_ms = 0;
    --sending_;
    --size_;
    if (r.notices.empty()) {
        recipients_.erase(at);
    } else {
        arm(recipient, r);
    }
    return done;
}

void OutboxQueue::failed(const std::string& recipient, uint64_t now_ms, bool counts) {
    const auto at = recipients_.find(recipient);
    if (at == recipients_.end() || !at->second.sending) return;
    Recipient& r = at->second;
    r.sending = false;
    --sending_;
    if (counts) {
        r.wait_ms = r.wait_ms == 0 ? retry_ms_ : std::min(2 * r.wait_ms, kDoublings * retry_ms_);
    }
    r.retry_at_ms = now_ms + std::max<uint64_t>(r.wait_ms, 1);
    arm(recipient, r);
}

uint64_t OutboxQueue::wakeAtMs() const {
    if (!ready_.empty()) return 0;
    return later_.empty() ? UINT64_MAX : later_.begin()->first;
}

}  // namespace sara::auth_callback
