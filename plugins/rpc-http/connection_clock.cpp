#include "connection_clock.h"

#include <Poco/Exception.h>
#include <sys/socket.h>
#include <unistd.h>

#include "descriptor.h"

namespace sara::rpc_http {

ConnectionClock::ConnectionClock(Times times, std::function<int()> waiting,
                                 std::function<void()> cut)
    : times_(times), waiting_(std::move(waiting)), told_(std::move(cut)) {
    thread_ = std::thread([this] { run(); });
}

ConnectionClock::~ConnectionClock() {
    stop();
    {
        const std::lock_guard lock(mutex_);
        over_ = true;
        changed_.notify_all();
    }
    thread_.join();
}

ConnectionClock::Entry::Entry(ConnectionClock& clock, const Poco::Net::StreamSocket& socket)
    : clock_(clock), fd_(duplicateOf(socket)), since_(Clock::now()) {
    if (fd_ < 0) throw Poco::IOException("no file descriptor left");
    deadline_ = since_ + clock.times_.request;
    const std::lock_guard lock(clock.mutex_);
    place_ = clock.entries_.insert(clock.entries_.end(), this);
    if (clock.stopping_) clock.end(*this);
    clock.changed_.notify_all();
}

ConnectionClock::Entry::~Entry() {
    {
        const std::lock_guard lock(clock_.mutex_);
        clock_.entries_.erase(place_);
    }
    ::close(fd_);
}

void ConnectionClock::Entry::answering() {
    const std::lock_guard lock(clock_.mutex_);
    reads_ = false;
    since_ = Clock::now();
    deadline_ = since_ + clock_.times_.answer;
}

void ConnectionClock::Entry::waiting() {
    const std::lock_guard lock(clock_.mutex_);
    reads_ = true;
    since_ = Clock::now();
    deadline_ = since_ + clock_.times_.keep_alive + clock_.times_.request;
}

void ConnectionClock::stop() {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (Entry* entry : entries_) end(*entry);
}

// The thread that serves it sees the end of the stream, and says goodbye itself.
void ConnectionClock::end(Entry& entry) {
    if (entry.cut_) return;
    entry.cut_ = true;
    ::shutdown(entry.fd_, SHUT_RDWR);
}

void ConnectionClock::check(Clock::time_point now) {
    Entry* oldest = nullptr;
    for (Entry* entry : entries_) {
        if (entry->cut_) continue;
        if (now >= entry->deadline_) {
            end(*entry);
            told_();
        } else if (entry->reads_ && now - entry->since_ >= kPressedWait &&
                   (oldest == nullptr || entry->since_ < oldest->since_)) {
            oldest = entry;
        }
    }
    // As many as wait could go; one per tick and waiter keeps a burst of good callers apart.
    for (int waiting = oldest == nullptr ? 0 : waiting_(); waiting > 0; --waiting) {
        end(*oldest);
        told_();
        oldest = nullptr;
        for (Entry* entry : entries_) {
            if (entry->cut_ || !entry->reads_ || now - entry->since_ < kPressedWait) continue;
            if (oldest == nullptr || entry->since_ < oldest->since_) oldest = entry;
        }
        if (oldest == nullptr) return;
    }
}

void ConnectionClock::run() {
    std::unique_lock lock(mutex_);
    while (!over_) {
        if (entries_.empty()) {
            changed_.wait(lock, [this] { return over_ || !entries_.empty(); });
            continue;
        }
        changed_.wait_for(lock, kTick, [this] { return over_; });
        check(Clock::now());
    }
}

}  // namespace sara::rpc_http
