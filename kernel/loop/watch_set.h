// File descriptors of one loop. Decides which event reaches whom: none after unwatch, also not one
// of the same batch, and none that rewatch has switched off. Refuses descriptors that epoll
// refuses; never closes one.
#pragma once
#include <cstdint>
#include <vector>

struct epoll_event;

namespace sara::loop {

class WatchSet {
  public:
    using Fn = void (*)(void* user, uint32_t events) noexcept;

    explicit WatchSet(int epoll_fd) : epoll_fd_(epoll_fd) {}

    // [loop] 0 when the descriptor is refused.
    uint64_t add(int fd, uint32_t events, Fn fn, void* user);
    bool change(uint64_t id, uint32_t events);
    bool remove(uint64_t id);
    // [loop] Runs the watcher of one event of epoll_wait, if it is still there.
    void dispatch(const epoll_event& event);

  private:
    struct Slot {
        Fn fn;
        void* user;
        int fd;
        uint32_t generation;
        uint32_t events;
        uint32_t next_free;
    };
    static constexpr uint32_t kNil = UINT32_MAX;

    Slot* find(uint64_t id);

    const int epoll_fd_;
    std::vector<Slot> slots_;
    uint32_t free_ = kNil;
};

}  // namespace sara::loop
