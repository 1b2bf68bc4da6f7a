// What a run came to, over all workers: the live line, the table at the end, the line of JSON.
// Decides what "good" means; refuses to read anything but the workers' boards.
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "makeconn/board.h"
#include "makeconn/histogram.h"
#include "makeconn/options.h"

namespace sara::makeconn {

// The sum of all boards at one moment.
struct Summary {
    uint64_t online = 0;
    uint64_t failed = 0;
    uint64_t closed = 0;
    uint64_t sent = 0;
    uint64_t received = 0;
    uint64_t acked = 0;
    uint64_t notices = 0;
    uint64_t beats = 0;
    uint64_t echoes = 0;
    uint64_t held = 0;
    uint32_t settled = 0;     // workers
    uint64_t settled_ns = 0;  // the last of them
    std::vector<uint64_t> latency = std::vector<uint64_t>(Histogram::kSlots);
    std::vector<std::pair<std::string, uint32_t>> reasons;
};

[[nodiscard]] Summary sumOf(const Boards& boards, uint32_t workers);

// Times of a run, filled by the parent process.
struct RunTimes {
    double connect_s = 0;  // until every connection was online or had failed
    double load_s = 0;     // from then to the end of sending
};

// "SEND 120  RECV 118  SEND/s 60  ..." between two moments.
[[nodiscard]] std::string liveLine(const Summary& before, const Summary& now, double seconds);
[[nodiscard]] std::string table(const Options& options, const Summary& end, const RunTimes& times);
[[nodiscard]] std::string jsonLine(const Options& options, const Summary& end,
                                   const RunTimes& times);
// Everybody was online to the end and every message arrived and was acked.
[[nodiscard]] bool isGood(const Options& options, const Summary& end);

}  // namespace sara::makeconn
