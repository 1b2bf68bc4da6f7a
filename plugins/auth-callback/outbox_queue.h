// In which order the notices leave: one at a time per recipient, the oldest first, a refused one
// again after a growing pause. Decides when; keeps no bodies but those that the disk refused. Pure:
// time is given to it.
#pragma once
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace sara::auth_callback {

struct QueuedNotice {
    uint64_t seq = 0;
    uint64_t created_ms = 0;  // since 1970
    uint64_t bytes = 0;
    std::string body;  // empty: it is on disk
};

class OutboxQueue {
  public:
    OutboxQueue(uint64_t retry_ms, uint64_t age_ms) : retry_ms_(retry_ms), age_ms_(age_ms) {}

    // Notices of one recipient come in the order of their seq.
    void add(const std::string& recipient, QueuedNotice notice);
    // The oldest notice that may leave now. It is under way until delivered() or failed(); nothing
    // else of its recipient leaves before. expired gets what is too old to leave at all.
    struct Next {
        std::string recipient;
        QueuedNotice notice;
    };
    std::optional<Next> next(uint64_t now_ms, uint64_t wall_ms, std::vector<QueuedNotice>* expired);
    // The notice under way is done; it is returned. Nothing: none is under way.
    std::optional<QueuedNotice> delivered(const std::string& recipient);
    // It stays the first of its recipient and leaves again after a pause. counts: the pause grows.
    void failed(const std::string& recipient, uint64_t now_ms, bool counts);

    // When next() may have something again; UINT64_MAX: not before add() or delivered().
    uint64_t wakeAtMs() const;
    size_t sending() const { return sending_; }
    size_t size() const { return size_; }

  private:
    static constexpr uint64_t kDoublings = 64;
    struct Recipient {
        std::deque<QueuedNotice> notices;
        bool sending = false;
        uint64_t wait_ms = 0;
        uint64_t retry_at_ms = 0;
    };

    // Makes the head leave: now, or at its retry time.
    void arm(const std::string& recipient, const Recipient& r);

    uint64_t retry_ms_;
    uint64_t age_ms_;
    std::unordered_map<std::string, Recipient> recipients_;
    std::map<uint64_t, std::string> ready_;       // seq of the head
    std::multimap<uint64_t, std::string> later_;  // time of the next try
    size_t sending_ = 0;
    size_t size_ = 0;
};

}  // namespace sara::auth_callback
