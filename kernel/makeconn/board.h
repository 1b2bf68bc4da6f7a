// What the workers of a run tell the parent process, and it tells them: memory that they share.
// Decides that each number has one writer; nobody ever waits for anybody here.
#pragma once
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "makeconn/histogram.h"

namespace sara::makeconn {

// Counts of one worker; it is the only writer, so a plain add of relaxed atomics is enough.
struct Count {
    std::atomic<uint64_t> value{0};
    void add(uint64_t n = 1) {
        value.store(value.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
    }
    [[nodiscard]] uint64_t get() const { return value.load(std::memory_order_relaxed); }
};

// Why something failed, and how often. A text is there once its count is above 0.
struct Reason {
    std::array<char, 112> text{};
    std::atomic<uint32_t> count{0};
};

struct Board {
    Count online;    // logins that succeeded
    Count failed;    // connections that did not get online
    Count closed;    // that were online and ended before we ended them
    Count sent;      // messages
    Count received;  // messages
    Count acked;     // acks of the server
    Count notices;   // refusals of the server
    Count beats;     // heartbeats sent
    Count echoes;    // heartbeats that came back
    Count held;      // messages not sent, because the sender's socket took no more
    std::atomic<uint64_t> settled_ns{0};  // when every connection was online or had failed
    std::array<Reason, 12> reasons;
    std::array<std::atomic<uint64_t>, Histogram::kSlots> latency{};

    void fail(std::string_view why);  // adds to its reason; one too many counts as the last one
};

// Shared by all processes of one run.
struct Signal {
    std::atomic<bool> go{false};      // send messages
    std::atomic<bool> stop{false};    // send no more, keep receiving
    std::atomic<bool> finish{false};  // end
};

class Boards {
  public:
    Boards(uint32_t workers, uint32_t users);  // throws std::runtime_error
    ~Boards();
    Boards(const Boards&) = delete;
    Boards& operator=(const Boards&) = delete;

    [[nodiscard]] Board& of(uint32_t worker) const { return boards_[worker]; }
    [[nodiscard]] Signal& signal() const { return *signal_; }
    // 1 while this user is online, whoever's he is.
    [[nodiscard]] std::atomic<uint8_t>& online(uint32_t user) const { return online_[user]; }

  private:
    size_t bytes_ = 0;
    void* memory_ = nullptr;
    Signal* signal_ = nullptr;
    Board* boards_ = nullptr;
    std::atomic<uint8_t>* online_ = nullptr;
};

}  // namespace sara::makeconn
