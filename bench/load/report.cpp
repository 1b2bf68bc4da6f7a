#include "load/report.h"

#include <sys/resource.h>

#include <array>
#include <cstdio>

namespace sara::bench {

void Report::number(const std::string& name, double value) {
    std::array<char, 40> text{};
    std::snprintf(text.data(), text.size(), "%.6g", value);
    text_ += ",\"" + name + "\":" + text.data();
}

void Report::count(const std::string& name, uint64_t value) {
    text_ += ",\"" + name + "\":" + std::to_string(value);
}

void Report::latency(const std::string& name, const Histogram& histogram) {
    number(name + "_p50_us", histogram.micros(0.5));
    number(name + "_p99_us", histogram.micros(0.99));
    number(name + "_p999_us", histogram.micros(0.999));
}

void Report::usage(const ProcessUsage& before, const ProcessUsage& after, double own_cpu_seconds,
                   double seconds, double units) {
    const double server = after.cpu_seconds - before.cpu_seconds;
    number("server_cpu_percent", server / seconds * 100);
    if (units > 0) number("server_cpu_s_per_million", server / units * 1e6);
    number("server_rss_mb", static_cast<double>(after.rss_bytes) / 1e6);
    number("load_cpu_percent", own_cpu_seconds / seconds * 100);
}

double ownCpuSeconds() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace sara::bench
