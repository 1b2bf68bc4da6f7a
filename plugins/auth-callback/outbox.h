// The outbox of offline notices: what a loop puts in is on disk a moment later and leaves for the
// backend until it has said 2xx, also over a restart and a kill -9. Decides about bounds (a notice
// beyond them is dropped, with a counter and a line) and about time; the order is outbox_queue's.
// One thread of its own, so that neither a loop nor the calls about logins wait for the disk.
#pragma once
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <sara/log.hpp>
#include <sara/packet.hpp>
#include <string>
#include <thread>
#include <vector>

#include "auth-callback/counters.h"
#include "auth-callback/http_client.h"
#include "auth-callback/outbox_queue.h"
#include "auth-callback/outbox_store.h"
#include "auth-callback/settings.h"

namespace sara::auth_callback {

class Outbox {
  public:
    Outbox(const Settings& settings, const Counters& counters, const Log& log, HttpClient& http)
        : settings_(settings),
          counters_(counters),
          log_(log),
          http_(http),
          queue_(settings.outbox_retry_ms, settings.outbox_age_ms) {}
    ~Outbox() { stop(); }
    Outbox(const Outbox&) = delete;
    Outbox& operator=(const Outbox&) = delete;

    // [control] Opens the folder and reads what waits. Empty: the thread runs. Otherwise the
    // sentence for the operator.
    [[nodiscard]] std::string start();
    // [control] Nothing is sent any more; before the HTTP client stops.
    void stopSending();
    // [control] Writes what is still in memory and joins the thread; behind HttpClient::stop().
    void stop();
    // [any] The packet waits for recipient since wall_ms; total: packets that wait, 0 unknown.
    void put(std::string recipient, Buffer packet, uint64_t total, uint64_t wall_ms);

  private:
    struct Intake {
        std::string recipient;
        Buffer packet;
        uint64_t total;
        uint64_t wall_ms;
        uint64_t bytes;
    };
    struct Result {
        std::string recipient;
        HttpAnswer answer;
    };

    bool load();
    bool reserve(uint64_t bytes);
    void release(const QueuedNotice& notice);
    void run();
    void store(std::vector<Intake> taken);
    void settle(std::vector<Result> results);
    void sendSome();
    // kNotFound: its row is lost. Otherwise not now.
    Status send(const OutboxQueue::Next& next);
    void complain(const std::string& what);

    const Settings& settings_;
    const Counters& counters_;
    const Log log_;
    HttpClient& http_;
    std::atomic<uint64_t> count_{0};
    std::atomic<uint64_t> bytes_{0};
    std::atomic<uint64_t> full_line_at_ms_{0};
    std::thread thread_;

    std::mutex mutex_;  // below
    std::condition_variable wake_;
    std::vector<Intake> intake_;
    std::vector<Result> results_;
    bool sending_ = false;
    bool ending_ = false;

    // The thread's own, once it runs.
    OutboxStore disk_;
    OutboxQueue queue_;
    uint64_t last_seq_ = 0;
    uint64_t paused_until_ms_ = 0;
    uint64_t complain_at_ms_ = 0;
};

}  // namespace sara::auth_callback
