#include "makeconn/summary.h"

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdio>
#include <string_view>

namespace sara::makeconn {
namespace {

[[gnu::format(printf, 1, 2)]] std::string print(const char* format, ...) {
    std::array<char, 512> text{};
    va_list values;
    va_start(values, format);
    std::vsnprintf(text.data(), text.size(), format, values);
    va_end(values);
    return text.data();
}

unsigned long long wide(uint64_t value) { return value; }

Histogram histogramOf(const std::vector<uint64_t>& slots,
                      const std::vector<uint64_t>* without = nullptr) {
    Histogram histogram;
    for (size_t i = 0; i < slots.size(); ++i) {
        histogram.addSlot(i, slots[i] - (without != nullptr ? (*without)[i] : 0));
    }
    return histogram;
}

double ms(const Histogram& histogram, double q) { return histogram.micros(q) / 1000; }

double perSecond(uint64_t count, double seconds) {
    return seconds > 0 ? static_cast<double>(count) / seconds : 0;
}

uint64_t missing(uint64_t wanted, uint64_t had) { return wanted > had ? wanted - had : 0; }

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
    return out;
}

}  // namespace

Summary sumOf(const Boards& boards, uint32_t workers) {
    Summary sum;
    for (uint32_t i = 0; i < workers; ++i) {
        const Board& board = boards.of(i);
        // Received before sent: what arrives while we read must not look like more than was sent.
        sum.received += board.received.get();
        sum.acked += board.acked.get();
        sum.online += board.online.get();
        sum.failed += board.failed.get();
        sum.closed += board.closed.get();
        sum.notices += board.notices.get();
        sum.echoes += board.echoes.get();
        sum.beats += board.beats.get();
        sum.held += board.held.get();
        const uint64_t settled_ns = board.settled_ns.load(std::memory_order_acquire);
        sum.settled += settled_ns != 0 ? 1 : 0;
        sum.settled_ns = std::max(sum.settled_ns, settled_ns);
        for (size_t slot = 0; slot < board.latency.size(); ++slot) {
            sum.latency[slot] += board.latency[slot].load(std::memory_order_relaxed);
        }
        for (const Reason& reason : board.reasons) {
            const uint32_t count = reason.count.load(std::memory_order_acquire);
            if (count == 0) break;
            const std::string text = reason.text.data();
            const auto same = std::find_if(sum.reasons.begin(), sum.reasons.end(),
                                           [&](const auto& row) { return row.first == text; });
            if (same != sum.reasons.end()) {
                same->second += count;
            } else {
                sum.reasons.emplace_back(text, count);
            }
        }
    }
    for (uint32_t i = 0; i < workers; ++i) sum.sent += boards.of(i).sent.get();
    return sum;
}

std::string liveLine(const Summary& before, const Summary& now, double seconds) {
    const Histogram latency = histogramOf(now.latency, &before.latency);
    return print(
        "SEND %llu  RECV %llu  SEND/s %.0f  RECV/s %.0f  p50 %.2f ms  p99 %.2f ms  "
        "online %llu  failed %llu",
        wide(now.sent), wide(now.received), perSecond(now.sent - before.sent, seconds),
        perSecond(now.received - before.received, seconds), ms(latency, 0.5), ms(latency, 0.99),
        wide(now.online - now.closed), wide(now.failed));
}

std::string table(const Options& options, const Summary& end, const RunTimes& times) {
    const Histogram latency = histogramOf(end.latency);
    std::string out =
        print("total: %u finished, fail: %llu  time: %.0f ms. heartbeat: %g\n", options.total,
              wide(end.failed), times.connect_s * 1000, options.heartbeat_s);
    out += print("connections  online %llu  failed %llu  closed early %llu  logins/s %.0f\n",
                 wide(end.online), wide(end.failed), wide(end.closed),
                 perSecond(end.online, times.connect_s));
    out += print("heartbeats   sent %llu  echoed %llu\n", wide(end.beats), wide(end.echoes));
    if (options.messagesPerSecond() > 0) {
        out += print(
            "messages     sent %llu  received %llu  acked %llu  missing %llu  notices %llu  "
            "held back %llu\n",
            wide(end.sent), wide(end.received), wide(end.acked),
            wide(missing(end.sent, end.received)), wide(end.notices), wide(end.held));
        out += print("per second   sent %.1f  received %.1f  over %.1f s\n",
                     perSecond(end.sent, times.load_s), perSecond(end.received, times.load_s),
                     times.load_s);
        out += print("delivery     p50 %.2f ms  p90 %.2f ms  p99 %.2f ms  p99.9 %.2f ms\n",
                     ms(latency, 0.5), ms(latency, 0.9), ms(latency, 0.99), ms(latency, 0.999));
    }
    for (const auto& [why, count] : end.reasons) out += print("%8u x ", count) + why + "\n";
    return out;
}

std::string jsonLine(const Options& options, const Summary& end, const RunTimes& times) {
    const Histogram latency = histogramOf(end.latency);
    std::string out = print(
        "{\"total\":%u,\"online\":%llu,\"failed\":%llu,\"closed\":%llu,\"connect_s\":%.3f,"
        "\"load_s\":%.3f,\"beats\":%llu,\"echoes\":%llu,\"sent\":%llu,\"received\":%llu,",
        options.total, wide(end.online), wide(end.failed), wide(end.closed), times.connect_s,
        times.load_s, wide(end.beats), wide(end.echoes), wide(end.sent), wide(end.received));
    out += print(
        "\"acked\":%llu,\"missing\":%llu,\"notices\":%llu,\"held\":%llu,\"sent_per_s\":%.1f,"
        "\"received_per_s\":%.1f,\"p50_ms\":%.3f,\"p90_ms\":%.3f,\"p99_ms\":%.3f,"
        "\"p999_ms\":%.3f,\"good\":%s,\"reasons\":{",
        wide(end.acked), wide(missing(end.sent, end.received)), wide(end.notices), wide(end.held),
        perSecond(end.sent, times.load_s), perSecond(end.received, times.load_s), ms(latency, 0.5),
        ms(latency, 0.9), ms(latency, 0.99), ms(latency, 0.999),
        isGood(options, end) ? "true" : "false");
    const char* comma = "";
    for (const auto& [why, count] : end.reasons) {
        out += comma;
        out += '"' + escaped(why) + "\":" + std::to_string(count);
        comma = ",";
    }
    return out + "}}";
}

bool isGood(const Options& options, const Summary& end) {
    return end.online == options.total && end.failed + end.closed + end.notices + end.held == 0 &&
           end.received >= end.sent && end.acked >= end.sent;
}

}  // namespace sara::makeconn
