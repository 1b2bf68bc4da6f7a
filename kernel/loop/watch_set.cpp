#include "loop/watch_set.h"

#include <sys/epoll.h>

#include "loop/event_loop.h"

namespace sara::loop {
namespace {

epoll_event eventOf(uint64_t id, uint32_t events) {
    epoll_event e{};
    e.events = ((events & kIoRead) != 0 ? uint32_t{EPOLLIN} : 0U) |
               ((events & kIoWrite) != 0 ? uint32_t{EPOLLOUT} : 0U);
    e.data.u64 = id;
    return e;
}

}  // namespace

uint64_t WatchSet::add(int fd, uint32_t events, Fn fn, void* user) {
    if (fn == nullptr) return 0;
    if (free_ == kNil) {
        free_ = static_cast<uint32_t>(slots_.size());
        slots_.push_back(Slot{nullptr, nullptr, -1, 1, 0, kNil});
    }
    const uint32_t i = free_;
    Slot& slot = slots_[i];
    const uint64_t id = uint64_t{slot.generation} << 32 | i;
    epoll_event e = eventOf(id, events);
    if (epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, fd, &e) != 0) return 0;
    free_ = slot.next_free;
    slot = Slot{fn, user, fd, slot.generation, events, kNil};
    return id;
}

bool WatchSet::change(uint64_t id, uint32_t events) {
    Slot* const slot = find(id);
    if (slot == nullptr) return false;
    if (slot->events == events) return true;
    epoll_event e = eventOf(id, events);
    if (epoll_ctl(epoll_fd_, EPOLL_CTL_MOD, slot->fd, &e) != 0) return false;
    slot->events = events;
    return true;
}

bool WatchSet::remove(uint64_t id) {
    Slot* const slot = find(id);
    if (slot == nullptr) return false;
    // Fails when the owner has closed the descriptor first; then epoll has forgotten it already.
    epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, slot->fd, nullptr);
    slot->fn = nullptr;
    if (++slot->generation == 0) slot->generation = 1;
    slot->next_free = free_;
    free_ = static_cast<uint32_t>(id);
    return true;
}

void WatchSet::dispatch(const epoll_event& event) {
    const Slot* const slot = find(event.data.u64);
    if (slot == nullptr) return;
    uint32_t events = 0;
    if ((event.events & EPOLLIN) != 0) events |= kIoRead;
    if ((event.events & EPOLLOUT) != 0) events |= kIoWrite;
    events &= slot->events;
    if ((event.events & (EPOLLHUP | EPOLLERR)) != 0) events |= kIoHangup;
    if (events != 0) slot->fn(slot->user, events);
}

WatchSet::Slot* WatchSet::find(uint64_t id) {
    const auto i = static_cast<uint32_t>(id);
    if (i >= slots_.size()) return nullptr;
    Slot& slot = slots_[i];
    return slot.generation == id >> 32 && slot.fn != nullptr ? &slot : nullptr;
}

}  // namespace sara::loop
