// The calls to the backend: one thread that drives many connections, three bounded queues in front
// of it, deadlines, retries and the breaker. Decides when a call is sent and when it is given up;
// every call that was taken ends exactly once, also at stop(). No loop ever waits for it.
#pragma once
#include <curl/curl.h>

#include <array>
#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <sara/log.hpp>
#include <thread>
#include <vector>

#include "auth-callback/breaker.h"
#include "auth-callback/counters.h"
#include "auth-callback/http_call.h"
#include "auth-callback/http_transfer.h"
#include "auth-callback/settings.h"

namespace sara::auth_callback {

// [any] Monotonic milliseconds of the machine; the clock of deadlines.
uint64_t steadyMs();

class HttpClient {
  public:
    // after_turn runs on the client's thread after each turn, behind the done() of that turn; true:
    // it has something left to do and wants another turn soon.
    HttpClient(const Settings& settings, const Counters& counters, const Log& log,
               std::function<bool()> after_turn);
    ~HttpClient() { stop(); }
    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;

    // [control] Empty: the thread runs. Otherwise the sentence for the operator.
    [[nodiscard]] std::string start();
    // [control] Ends every call with kClosed and joins the thread. Twice is fine.
    void stop();
    // [any] False: the lane is full or the client has stopped; call stays the caller's.
    [[nodiscard]] bool submit(std::unique_ptr<HttpCall>& call);
    // [any]
    bool breakerOpen() const { return breaker_open_.load(std::memory_order_relaxed); }

  private:
    struct Try {
        std::unique_ptr<HttpCall> call;
        std::unique_ptr<Transfer> transfer;
    };
    struct Pause {  // a call that waits for its next try
        std::unique_ptr<HttpCall> call;
        uint64_t at_ms;
    };

    void run();
    void takeIntake();
    void resumePaused(uint64_t now_ms);
    void expireQueued(uint64_t now_ms);
    void startSome(uint64_t now_ms);
    void begin(std::unique_ptr<HttpCall> call, uint64_t now_ms);
    void reap();
    void ended(Try done, CURLcode code);
    void note(const HttpAnswer& answer, uint64_t now_ms);
    void give(std::unique_ptr<HttpCall> call, HttpAnswer&& answer);
    int pauseMs(uint64_t now_ms, bool hurry) const;
    void closeAll();

    const Settings& settings_;
    const Counters& counters_;
    const Log log_;
    const std::function<bool()> after_turn_;
    CURLM* multi_ = nullptr;
    std::thread thread_;
    std::atomic<bool> stopping_{false};
    std::atomic<bool> woken_{false};
    std::atomic<bool> breaker_open_{false};
    std::array<std::atomic<size_t>, kLanes> waiting_{};

    std::mutex mutex_;  // intake_, accepting_
    std::vector<std::unique_ptr<HttpCall>> intake_;
    bool accepting_ = false;

    // The thread's own.
    Breaker breaker_;
    std::array<std::deque<std::unique_ptr<HttpCall>>, kLanes> lanes_;
    size_t next_lane_ = 0;
    std::vector<Pause> paused_;
    std::vector<Try> trying_;
    std::vector<std::unique_ptr<Transfer>> spare_;
    uint64_t log_again_ms_ = 0;
};

}  // namespace sara::auth_callback
