// The members of one group as the backend gave them, in one block, ready to be handed over as the
// ABI wants them. Shared by all loops, never changed but for its end. No members: the backend said
// that there is no such group.
#pragma once
#include <sara/abi/base.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

namespace sara::auth_callback {

class Roster {
  public:
    // users empty: no such group. expires_ms: on the clock of the loops.
    Roster(const std::vector<std::string>& users, uint64_t expires_ms) : expires_ms_(expires_ms) {
        size_t bytes = 0;
        for (const std::string& user : users) bytes += user.size();
        text_.reserve(bytes);  // views below point into it
        users_.reserve(users.size());
        for (const std::string& user : users) {
            users_.push_back({text_.data() + text_.size(), user.size()});
            text_ += user;
        }
    }
    Roster(const Roster&) = delete;
    Roster& operator=(const Roster&) = delete;

    bool found() const { return !users_.empty(); }
    const sara_str* users() const { return users_.data(); }
    uint32_t size() const { return static_cast<uint32_t>(users_.size()); }
    uint64_t bytes() const {
        return sizeof *this + text_.capacity() + users_.size() * sizeof(sara_str);
    }

    // [any] May it still be used?
    bool fresh(uint64_t now_ms) const {
        return now_ms < expires_ms_ && !revoked_.load(std::memory_order_acquire);
    }
    // [any] From now on nobody takes it from a cache.
    void revoke() const { revoked_.store(true, std::memory_order_release); }

  private:
    const uint64_t expires_ms_;
    mutable std::atomic<bool> revoked_{false};
    std::string text_;
    std::vector<sara_str> users_;
};

}  // namespace sara::auth_callback
