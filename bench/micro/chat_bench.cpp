// What the chat room costs: reading an envelope (beside simdjson's dom in the same run), building a
// packet, and a whole message through a room whose wire and store cost nothing.
#include <benchmark/benchmark.h>
#include <simdjson.h>

#include "group_rig.h"
#include "relay_rig.h"

namespace sara::chat::test {
namespace {

// range(0): bytes of payload content.
std::string textOf(const benchmark::State& state) {
    return RelayRig::chat("user100000@example.com", "user100001@example.com",
                          static_cast<size_t>(state.range(0)));
}

void readEnvelope(benchmark::State& state) {
    std::string text = textOf(state);
    const size_t size = text.size();
    text.append(64, ' ');
    EnvelopeReader reader(64);
    Envelope e;
    for (auto _ : state) {
        if (!reader.read({text.data(), size}, e)) state.SkipWithError("not read");
        benchmark::DoNotOptimize(e.to.data());
    }
    state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * size));
}
BENCHMARK(readEnvelope)->Arg(9)->Arg(1024);

void simdjsonDom(benchmark::State& state) {
    std::string text = textOf(state);
    const size_t size = text.size();
    text.append(simdjson::SIMDJSON_PADDING, ' ');
    simdjson::dom::parser parser;
    for (auto _ : state) {
        simdjson::dom::element doc;
        if (parser.parse(text.data(), size, false).get(doc)) state.SkipWithError("not parsed");
        std::string_view to;
        if (doc["envelope"]["to"].get(to)) state.SkipWithError("no to");
        benchmark::DoNotOptimize(to.data());
    }
    state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * size));
}
BENCHMARK(simdjsonDom)->Arg(9)->Arg(1024);

void build(benchmark::State& state) {
    std::string text = textOf(state);
    const size_t size = text.size();
    text.append(64, ' ');
    EnvelopeReader reader(64);
    Envelope e;
    if (!reader.read({text.data(), size}, e)) state.SkipWithError("not read");
    EnvelopeEdits edits;
    edits.ct = "1700000000000";
    for (auto _ : state) {
        const Packet packet = buildPacket({text.data(), size}, e, edits);
        benchmark::DoNotOptimize(packet.buffer());
    }
}
BENCHMARK(build)->Arg(9)->Arg(1024);

// A message that asks for an ack, the recipient's ack, the sender's ack: three packets in and out.
void relayOnOneLoop(benchmark::State& state) {
    const auto pairs = static_cast<uint32_t>(state.range(0));
    RelayRig rig(1, pairs, 9);
    size_t i = 0;
    for (auto _ : state) {
        rig.relayHere(i);
        if (++i == pairs) i = 0;
    }
    state.SetItemsProcessed(static_cast<int64_t>(state.iterations()));
}
BENCHMARK(relayOnOneLoop)->Arg(100)->Arg(10'000);

// A group packet to so many members, their acks, the sender's; per member, beside relayOnOneLoop.
void groupOnOneLoop(benchmark::State& state) {
    const auto members = static_cast<uint32_t>(state.range(0));
    GroupRig rig(members, 9);
    for (auto _ : state) rig.relayGroup();
    state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * members));
}
BENCHMARK(groupOnOneLoop)->Arg(100)->Arg(10'000);

// The names of a group as the callback gives them, read and sorted by loop.
void readRoster(benchmark::State& state) {
    std::vector<std::string> texts;
    for (int64_t i = 0; i < state.range(0); ++i) texts.push_back("user" + std::to_string(i));
    const std::vector<std::string_view> names(texts.begin(), texts.end());
    const loop::ManualClock clock;
    const loop::LoopSet loops(2, clock, {});
    RosterReader reader(loops, 7);
    for (auto _ : state) {
        const Roster roster = reader.read(names, "example.com", "user0@example.com");
        benchmark::DoNotOptimize(roster.members);
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(readRoster)->Arg(100)->Arg(10'000);

void relayAcrossTwoLoops(benchmark::State& state) {
    const auto pairs = static_cast<uint32_t>(state.range(0));
    RelayRig rig(2, pairs, 9);
    for (auto _ : state) rig.relayAcross();
    state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * pairs));
}
BENCHMARK(relayAcrossTwoLoops)->Arg(100)->Arg(1000);

}  // namespace
}  // namespace sara::chat::test
