// Sessions of one loop by number. Decides that a number names one session for ever: a reused slot
// has another generation, so a late answer finds nobody.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "chat/session.h"

namespace sara::chat {

class SessionPool {
  public:
    explicit SessionPool(uint32_t loop) : loop_(loop) {}

    Session& claim();
    void release(Session& s);
    // nullptr when the id is not of a live session of this loop.
    Session* find(SessionId id) {
        const uint32_t slot = static_cast<uint32_t>(id);
        if (slot >= size_) return nullptr;
        Session& s = at(slot);
        return s.id == id && s.state != SessionState::kFree ? &s : nullptr;
    }
    uint32_t live() const { return size_ - static_cast<uint32_t>(free_.size()); }
    // For whoever walks over the sessions in several turns: slots keep their place.
    uint32_t slots() const { return size_; }
    const Session* inSlot(uint32_t slot) {
        const Session& s = at(slot);
        return s.state == SessionState::kFree ? nullptr : &s;
    }
    static uint32_t loopOf(SessionId id) { return static_cast<uint32_t>(id >> 56) - 1; }
    template <class Fn>
    void forEach(Fn fn) {
        for (uint32_t slot = 0; slot < size_; ++slot) {
            if (at(slot).state != SessionState::kFree) fn(at(slot));
        }
    }

  private:
    static constexpr uint32_t kBlockBits = 6;
    static constexpr uint32_t kBlockSessions = 1u << kBlockBits;
    Session& at(uint32_t slot) { return blocks_[slot >> kBlockBits][slot & (kBlockSessions - 1)]; }

    const uint32_t loop_;
    uint32_t size_ = 0;
    std::vector<std::unique_ptr<Session[]>> blocks_;  // addresses stay
    std::vector<uint32_t> free_;
};

}  // namespace sara::chat
