#include "loop/counters.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>

namespace sara::loop {
namespace {

// What one thread has counted. Only the thread writes, so a load and a store do where an atomic
// addition would cost ten times as much.
struct Cells {
    std::atomic<int64_t> value[Counters::kCountersMax] = {};
};

struct Registry {
    struct Entry {
        std::string name;
        std::string help;
        CounterKind kind;
    };
    std::mutex mutex;
    std::vector<Entry> entries;                            // mutex; index is the slot
    std::map<std::string, uint32_t, std::less<>> by_name;  // mutex
    std::vector<Cells*> threads;                           // mutex
    Cells retired;  // sums of ended threads; added to under mutex or atomically
};

// Never destroyed: threads count until the very end.
Registry& registry() {
    static Registry* const r = new Registry;
    return *r;
}

constinit thread_local Cells* t_cells = nullptr;
constinit thread_local bool t_ended = false;

struct ThreadCells {
    Cells cells;
    ThreadCells() {
        Registry& r = registry();
        const std::lock_guard lock(r.mutex);
        r.threads.push_back(&cells);
    }
    ~ThreadCells() {
        t_cells = nullptr;
        t_ended = true;
        Registry& r = registry();
        const std::lock_guard lock(r.mutex);
        std::erase(r.threads, &cells);
        for (uint32_t i = 0; i < r.entries.size(); ++i) {
            r.retired.value[i].fetch_add(cells.value[i].load(std::memory_order_relaxed),
                                         std::memory_order_relaxed);
        }
    }
};

[[gnu::noinline]] void addFirst(uint32_t slot, int64_t n) {
    if (t_ended) {  // a destructor of the ending thread counts
        registry().retired.value[slot].fetch_add(n, std::memory_order_relaxed);
        return;
    }
    thread_local const std::unique_ptr<ThreadCells> owner = std::make_unique<ThreadCells>();
    t_cells = &owner->cells;
    t_cells->value[slot].store(n, std::memory_order_relaxed);
}

bool validName(std::string_view name) {
    if (name.empty() || name.size() > 128 || name[0] < 'a' || name[0] > 'z') return false;
    return std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    });
}

int64_t sum(const Registry& r, uint32_t slot) {
    int64_t total = r.retired.value[slot].load(std::memory_order_relaxed);
    for (const Cells* cells : r.threads) {
        total += cells->value[slot].load(std::memory_order_relaxed);
    }
    return total;
}

}  // namespace

void Counter::add(int64_t n) const {
    if (slot_ >= Counters::kCountersMax) return;
    if (t_cells == nullptr) {
        addFirst(slot_, n);
        return;
    }
    std::atomic<int64_t>& cell = t_cells->value[slot_];
    cell.store(cell.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
}

Counters& Counters::instance() {
    static Counters counters;
    return counters;
}

Counter Counters::define(CounterKind kind, std::string_view name, std::string_view help) {
    return Counter(defineSlot(kind, name, help));
}

uint32_t Counters::defineSlot(CounterKind kind, std::string_view name, std::string_view help) {
    if (!validName(name)) return UINT32_MAX;
    Registry& r = registry();
    const std::lock_guard lock(r.mutex);
    if (const auto found = r.by_name.find(name); found != r.by_name.end()) {
        return r.entries[found->second].kind == kind ? found->second : UINT32_MAX;
    }
    if (r.entries.size() >= kCountersMax) return UINT32_MAX;
    const auto slot = static_cast<uint32_t>(r.entries.size());
    r.entries.push_back({std::string(name), std::string(help), kind});
    r.by_name.emplace(name, slot);
    return slot;
}

int64_t Counters::read(std::string_view name) const {
    Registry& r = registry();
    const std::lock_guard lock(r.mutex);
    const auto found = r.by_name.find(name);
    return found == r.by_name.end() ? 0 : sum(r, found->second);
}

std::vector<Counters::Value> Counters::snapshot() const {
    Registry& r = registry();
    const std::lock_guard lock(r.mutex);
    std::vector<Value> values;
    values.reserve(r.entries.size());
    for (const auto& [name, slot] : r.by_name) {
        const Registry::Entry& e = r.entries[slot];
        values.push_back({name, e.help, e.kind, sum(r, slot)});
    }
    return values;
}

}  // namespace sara::loop
