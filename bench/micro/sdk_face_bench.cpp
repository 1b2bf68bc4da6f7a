// What the C++ face adds to a filter call: the same decision as a C function and as a lambda behind
// the exception barrier, called through the table as the host does.
#include <benchmark/benchmark.h>

#include <memory>
#include <sara/hooks.hpp>
#include <sara/jid.hpp>
#include <string>

namespace {

sara_ev_packet packetEvent() {
    sara_ev_packet ev{};
    ev.h.struct_size = sizeof ev;
    ev.type = 1;
    ev.to = sara::str("bob@example.com/phone");
    return ev;
}

sara_verdict decideInC(void*, sara_event* ev) noexcept {
    const auto* packet = reinterpret_cast<const sara_ev_packet*>(ev);
    return packet->type == 4 || packet->to.len == 0 ? SARA_REJECT : SARA_PASS;
}

void run(benchmark::State& state, const sara_filter& filter) {
    sara_ev_packet ev = packetEvent();
    for (auto _ : state) {
        const sara_filter* table = &filter;
        benchmark::DoNotOptimize(table);  // the host knows the function at run time only
        benchmark::DoNotOptimize(table->fn(table->user, &ev.h));
    }
}

void filterInC(benchmark::State& state) {
    sara_filter filter{};
    filter.fn = &decideInC;
    run(state, filter);
}
BENCHMARK(filterInC);

void filterThroughTheFace(benchmark::State& state) {
    const sara::Host host;
    const auto decide = [](sara::PacketEvent& e) {
        return e.type() == 4 || e.to().empty() ? sara::Verdict::kReject : sara::Verdict::kPass;
    };
    const std::unique_ptr<sara::detail::CallFor<decltype(decide)>> call(
        sara::detail::makeCall(&host, decide));
    sara_filter filter{};
    filter.fn = &sara::detail::filterCall<sara::PacketEvent, std::decay_t<decltype(decide)>>;
    filter.user = static_cast<sara::detail::Call*>(call.get());
    run(state, filter);
}
BENCHMARK(filterThroughTheFace);

void jidParse(benchmark::State& state) {
    std::string text = "alice@example.com/phone";
    for (auto _ : state) {
        benchmark::DoNotOptimize(text.data());
        benchmark::DoNotOptimize(sara::Jid::parse(text));
    }
}
BENCHMARK(jidParse);

}  // namespace
