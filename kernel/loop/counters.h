// Counters and gauges of the whole process. Decides how they are kept (one cell per thread and
// counter, relaxed, summed by the reader) and what a valid name is. A counter costs about a
// nanosecond.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sara::loop {

enum class CounterKind : uint32_t { kCounter = 0, kGauge = 1 };

class Counters;

// Cheap handle, copyable; a default-constructed one counts nowhere.
class Counter {
  public:
    Counter() = default;
    // [any]
    void add(int64_t n = 1) const;

  private:
    friend class Counters;
    explicit Counter(uint32_t slot) : slot_(slot) {}
    uint32_t slot_ = UINT32_MAX;
};

class Counters {
  public:
    struct Value {
        std::string name;
        std::string help;
        CounterKind kind;
        int64_t value;
    };
    static constexpr uint32_t kCountersMax = 1024;  // docs/limits.md: metrics_max

    // The registry of the process.
    static Counters& instance();
    // [any] name: [a-z][a-z0-9_]*. The same name and kind twice gives the same counter. A full
    // registry, a malformed name or another kind give a counter that counts nowhere.
    Counter define(CounterKind kind, std::string_view name, std::string_view help);
    // Slot number for the C ABI, UINT32_MAX as above; and back.
    uint32_t defineSlot(CounterKind kind, std::string_view name, std::string_view help);
    static Counter fromSlot(uint32_t slot) { return Counter(slot); }
    // [any] Sum over all threads, also ended ones.
    int64_t read(std::string_view name) const;
    // [any] All of them, sorted by name.
    std::vector<Value> snapshot() const;
};

}  // namespace sara::loop
