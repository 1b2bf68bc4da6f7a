// sara/metrics.hpp - counters and gauges. Defined in init(), added to from any thread for about a
// nanosecond. A metric that the host refused counts nothing and harms nobody.
#pragma once
#include <cstdint>
#include <sara/host.hpp>
#include <string_view>

namespace sara {

// Only grows. Name ends in "_total". A default-made one counts nothing.
class Counter {
  public:
    Counter() = default;
    Counter(const Host& host, uint32_t number) noexcept : host_(&host), number_(number) {}
    bool defined() const noexcept { return number_ != UINT32_MAX; }
    // [any]
    void add(uint64_t n = 1) const noexcept {
        if (defined()) host_->metrics->add(host_->raw(), number_, static_cast<int64_t>(n));
    }

  private:
    const Host* host_ = nullptr;
    uint32_t number_ = UINT32_MAX;
};

// Goes up and down.
class Gauge {
  public:
    Gauge() = default;
    Gauge(const Host& host, uint32_t number) noexcept : host_(&host), number_(number) {}
    bool defined() const noexcept { return number_ != UINT32_MAX; }
    // [any] n may be negative.
    void add(int64_t n) const noexcept {
        if (defined()) host_->metrics->add(host_->raw(), number_, n);
    }

  private:
    const Host* host_ = nullptr;
    uint32_t number_ = UINT32_MAX;
};

class Metrics {
  public:
    explicit Metrics(const Host& host) noexcept : host_(&host) {}
    // [control] From init() on. name: [a-z][a-z0-9_]*, its unit last. help: one line.
    Counter counter(std::string_view name, std::string_view help) const noexcept {
        return {*host_, define(SARA_COUNTER, name, help)};
    }
    // [control] From init() on.
    Gauge gauge(std::string_view name, std::string_view help) const noexcept {
        return {*host_, define(SARA_GAUGE, name, help)};
    }

  private:
    uint32_t define(uint32_t kind, std::string_view name, std::string_view help) const noexcept {
        if (host_->metrics == nullptr) return UINT32_MAX;
        return host_->metrics->define(host_->raw(), kind, str(name), str(help));
    }

    const Host* host_;
};

}  // namespace sara
