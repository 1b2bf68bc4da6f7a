// What a hop over the bus costs: emit with 0..16 filters, taps, filters that read the envelope or
// rewrite, and a suspend with its resume. Filters are reached through the C tables, as a plugin's
// are. Run with
//   build/release/bench/micro/bench_bus --benchmark_repetitions=7
//   --benchmark_report_aggregates_only=true
#include "bus/bus.h"

#include <benchmark/benchmark.h>

#include <cstring>
#include <memory>
#include <string>

#include "bus/hooks.h"
#include "loop/buffer_pool.h"

namespace sara::bus {
namespace {

struct Silent final : loop::Log {
    bool enabled(loop::LogLevel) const override { return false; }
    void write(loop::LogLevel, std::string_view, std::string_view) override {}
};

struct World {
    World() {
        PluginIdentity i;
        i.id = i.instance = "bench";
        for (uint16_t n = 0; n < kHookCount; ++n) {
            i.hooks.emplace_back(Hooks::nameOf(static_cast<Hook>(n)));
        }
        plugin = bus.admit(i);
        plugin->enter(PluginPhase::kInit);
        h = plugin->table();
        table = static_cast<const sara_bus*>(h->get_extension(h, SARA_EXT_BUS));
    }
    void filter(Hook hook, sara_filter_fn fn) {
        const sara_filter f{sizeof f, 500, SARA_ON_FAIL_OPEN, 0, fn, this};
        sara_id handle = 0;
        if (table->filter(h, hook, &f, &handle) != SARA_OK) std::abort();
    }

    loop::SystemClock clock;
    Silent log;
    loop::LoopSet loops{1, clock, {}};
    Bus bus{{loops, clock, log, "n01", "1"}};
    std::unique_ptr<PluginHost> plugin;
    const sara_host* h = nullptr;
    loop::BufferRef raw{loop::newBuffer(64)};
    const sara_bus* table = nullptr;
    uint64_t completions = 0;
    uint64_t matches = 0;
};

// A packet whose strings are views of its bytes, as chat makes it.
sara_ev_packet packet(loop::Buffer* raw) {
    static constexpr std::string_view kText = R"("id-0001","alice@test.com/p","bob@test.com/x")";
    std::memcpy(raw->bytes(), kText.data(), kText.size());
    const auto* text = reinterpret_cast<const char*>(raw->bytes());
    sara_ev_packet ev{};
    ev.type = 1;
    ev.id = {text + 1, 7};
    ev.from = {text + 11, 16};
    ev.to = {text + 30, 14};
    ev.raw = reinterpret_cast<sara_buf*>(raw);
    return ev;
}

sara_verdict pass(void*, sara_event*) noexcept { return SARA_PASS; }

sara_verdict readsEnvelope(void* user, sara_event* ev) noexcept {
    const auto* p = reinterpret_cast<const sara_ev_packet*>(ev);
    auto& w = *static_cast<World*>(user);
    if (p->type == 1 && p->to.len >= 4 && std::memcmp(p->to.ptr, "spam", 4) == 0) ++w.matches;
    return SARA_PASS;
}

sara_verdict rewrites(void* user, sara_event* ev) noexcept {
    const auto& w = *static_cast<World*>(user);
    (void)w.table->set_str(w.h, ev, SARA_F_TO, {"carol@test.com", 14});
    return SARA_PASS;
}

sara_verdict parks(void* user, sara_event* ev) noexcept {
    const auto& w = *static_cast<World*>(user);
    const sara_id token = w.table->suspend(w.h, ev, 3000, SARA_REJECT);
    (void)w.table->resume(w.h, token, SARA_ACCEPT, {nullptr, 0});
    return SARA_SUSPEND;
}

void finished(void* user, uint64_t, sara_event*, sara_verdict) noexcept {
    ++static_cast<World*>(user)->completions;
}

// Runs the measured loop inside of the event loop.
template <class F>
void inLoop(World& w, benchmark::State& state, F body) {
    struct Run {
        benchmark::State& state;
        F& body;
    } run{state, body};
    w.loops.at(0).enter(
        [](void* user, uint32_t) {
            auto& r = *static_cast<Run*>(user);
            for (auto _ : r.state) r.body();
        },
        &run);
}

void emits(World& w, benchmark::State& state, Hook hook) {
    Hooks& hooks = w.bus.hooks();
    sara_ev_packet ev = packet(w.raw.get());
    inLoop(w, state, [&] {
        if (hooks.any(hook)) {
            benchmark::DoNotOptimize(hooks.emit(hook, &ev.h, &finished, &w, 0));
        }
        benchmark::ClobberMemory();
    });
}

void nobody(benchmark::State& state) {
    World w;
    emits(w, state, kPacketIn);
}
BENCHMARK(nobody);

void filters(benchmark::State& state) {
    World w;
    for (int64_t i = 0; i < state.range(0); ++i) w.filter(kPacketIn, &pass);
    emits(w, state, kPacketIn);
}
BENCHMARK(filters)->Arg(1)->Arg(4)->Arg(16);

void filtersPerRecipient(benchmark::State& state) {
    World w;
    for (int64_t i = 0; i < state.range(0); ++i) w.filter(kPacketDeliver, &pass);
    emits(w, state, kPacketDeliver);
}
BENCHMARK(filtersPerRecipient)->Arg(1)->Arg(4)->Arg(16);

void filtersReadingTheEnvelope(benchmark::State& state) {
    World w;
    for (int64_t i = 0; i < state.range(0); ++i) w.filter(kPacketIn, &readsEnvelope);
    emits(w, state, kPacketIn);
}
BENCHMARK(filtersReadingTheEnvelope)->Arg(1)->Arg(16);

void taps(benchmark::State& state) {
    World w;
    for (int64_t i = 0; i < state.range(0); ++i) {
        sara_id handle = 0;
        const auto fn = [](void*, const sara_event*) noexcept {};
        if (w.table->tap(w.h, kPacketIn, fn, nullptr, &handle) != SARA_OK) std::abort();
    }
    emits(w, state, kPacketIn);
}
BENCHMARK(taps)->Arg(1)->Arg(4);

// Emits in batches, each ended by turns of the loop, so that turn-end work is in the price.
void perTurn(World& w, benchmark::State& state) {
    constexpr int kBatch = 64;
    struct Batch {
        World& w;
        sara_ev_packet ev;
    } batch{w, packet(w.raw.get())};
    const auto run = [](void* self, uint64_t, uint64_t) noexcept {
        auto& b = *static_cast<Batch*>(self);
        for (int i = 0; i < kBatch; ++i) {
            benchmark::DoNotOptimize(b.w.bus.hooks().emit(kPacketIn, &b.ev.h, &finished, &b.w, 0));
        }
    };
    loop::EventLoop& loop = w.loops.at(0);
    for (auto _ : state) {
        (void)loop.post({run, &batch, 0, 0}, loop::PostClass::kReply);
        loop.turn(0);
        loop.turn(0);
    }
    state.SetItemsProcessed(state.iterations() * kBatch);
    state.counters["each"] =
        benchmark::Counter(static_cast<double>(state.iterations() * kBatch),
                           benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

// The loop's own share of the two below: two turns, no token.
void twoTurnsOfPlainEmits(benchmark::State& state) {
    World w;
    w.filter(kPacketIn, &pass);
    perTurn(w, state);
}
BENCHMARK(twoTurnsOfPlainEmits);

void rewriteOfOneField(benchmark::State& state) {
    World w;
    w.filter(kPacketIn, &rewrites);
    perTurn(w, state);
}
BENCHMARK(rewriteOfOneField);

void suspendAndResume(benchmark::State& state) {
    World w;
    w.filter(kPacketIn, &parks);
    perTurn(w, state);
    // What the last turn parked completes before the world ends.
    w.loops.at(0).turn(0);
}
BENCHMARK(suspendAndResume);

}  // namespace
}  // namespace sara::bus
