#include "chat/session_pool.h"

#include <cassert>

namespace sara::chat {
namespace {

constexpr uint32_t kGenerationBits = 24;
constexpr uint32_t kGenerationMask = (1u << kGenerationBits) - 1;

}  // namespace

Session& SessionPool::claim() {
    uint32_t slot = 0;
    if (free_.empty()) {
        slot = size_++;
        if (slot >> kBlockBits == blocks_.size()) {
            blocks_.push_back(std::make_unique<Session[]>(kBlockSessions));
        }
    } else {
        slot = free_.back();
        free_.pop_back();
    }
    Session& s = at(slot);
    const uint64_t generation = ((s.id >> 32) + 1) & kGenerationMask;
    s.id = static_cast<uint64_t>(loop_ + 1) << 56 | generation << 32 | slot;
    s.state = SessionState::kNew;
    return s;
}

void SessionPool::release(Session& s) {
    assert(s.unacked_count == 0 && s.timer == 0);
    const SessionId id = s.id;
    s = Session();
    s.id = id;
    free_.push_back(static_cast<uint32_t>(id));
}

}  // namespace sara::chat
