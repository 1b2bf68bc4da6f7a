// Sessions of one loop by number. Decides that a number names one session for ever: a reused slot
// has another generation, so a late answer finds nobody.
#pragma once
#include <cstdint>
#include <deque>
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
        if (slot >= sessions_.size()) return nullptr;
        Session& s = sessions_[slot];
        return s.id == id && s.state != SessionState::kFree ? &s : nullptr;
    }
    uint32_t live() const { return static_cast<uint32_t>(sessions_.size() - free_.size()); }
    static uint32_t loopOf(SessionId id) { return static_cast<uint32_t>(id >> 56) - 1; }
    template <class Fn>
    void forEach(Fn fn) {
        for (size_t i = 0; i < sessions_.size(); ++i) {
            if (sessions_[i].state != SessionState::kFree) fn(sessions_[i]);
        }
    }

  private:
    const uint32_t loop_;
    std::deque<Session> sessions_;  // addresses stay
    std::vector<uint32_t> free_;
};

}  // namespace sara::chat
