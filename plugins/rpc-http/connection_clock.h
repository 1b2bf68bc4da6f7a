// Which connections the HTTP server holds, and until when. Decides that a caller who sends slowly,
// or nothing, is cut at a deadline for the whole request, and earlier when others wait for a
// thread: POCO's own timeout begins anew with each byte.
#pragma once
#include <Poco/Net/StreamSocket.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <thread>

namespace sara::rpc_http {

class ConnectionClock {
  public:
    using Clock = std::chrono::steady_clock;
    using Millis = std::chrono::milliseconds;

    static constexpr Millis kTick{100};
    // docs/limits.md: pressed_wait_ms. A request that is not complete after this time gives way to
    // connections that wait for a thread.
    static constexpr Millis kPressedWait{1000};

    struct Times {
        Millis request;     // from the first byte of a request to its last
        Millis keep_alive;  // before the first byte
        Millis answer;      // from there to the end of the answer
    };
    // waiting() says how many connections wait for a thread; cut() is told of each one that this
    // clock ends. Both are called on the clock's thread.
    ConnectionClock(Times times, std::function<int()> waiting, std::function<void()> cut);
    ~ConnectionClock();  // stop()
    ConnectionClock(const ConnectionClock&) = delete;
    ConnectionClock& operator=(const ConnectionClock&) = delete;

    // One connection, from its first moment on a thread to its last.
    class Entry {
      public:
        // Throws Poco::IOException when no descriptor is left.
        Entry(ConnectionClock& clock, const Poco::Net::StreamSocket& socket);
        ~Entry();
        Entry(const Entry&) = delete;
        Entry& operator=(const Entry&) = delete;
        // The request is complete; the answer has its own time.
        void answering();
        // The answer is out; the next request may come.
        void waiting();

      private:
        ConnectionClock& clock_;
        std::list<Entry*>::iterator place_;
        friend class ConnectionClock;
        // A descriptor of its own for the same socket: the connection's thread closes its own one
        // whenever it likes, and the number may then belong to somebody else.
        const int fd_;
        bool reads_ = true;
        bool cut_ = false;
        Clock::time_point since_;
        Clock::time_point deadline_;
    };

    // [control] Cuts every connection, also those that come later. Safe twice.
    void stop();

  private:
    void run();
    void check(Clock::time_point now);
    void end(Entry& entry);

    const Times times_;
    const std::function<int()> waiting_;
    const std::function<void()> told_;
    std::mutex mutex_;  // guards what follows
    std::condition_variable changed_;
    std::list<Entry*> entries_;
    bool stopping_ = false;
    bool over_ = false;
    std::thread thread_;
};

}  // namespace sara::rpc_http
