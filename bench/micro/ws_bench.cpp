// What WebSocket framing costs per message, without sockets: reading masked frames out of a read of
// 64 KiB, ASCII and Chinese, and judging an upgrade.
#include <benchmark/benchmark.h>

#include <cstring>
#include <memory>
#include <string>

#include "client_frames.h"
#include "frame_reader.h"
#include "handshake.h"

namespace {

using namespace sara;

constexpr size_t kReadBytes = 65536;

struct CountingSink {
    uint64_t messages = 0;
    uint64_t limit() const { return 1 << 20; }
    bool message(const uint8_t* body, uint64_t) {
        benchmark::DoNotOptimize(body);
        ++messages;
        return true;
    }
    bool ping(const uint8_t*, size_t) { return true; }
    bool pong() { return true; }
    void closed(const uint8_t*, size_t) {}
    void fail(ws::WsError) {}
    void noMemory() {}
};

void readFrames(benchmark::State& state, const std::string& unit) {
    std::string text;
    while (text.size() < static_cast<size_t>(state.range(0))) text += unit;
    const std::string frame = ws::textFrame(text);
    std::string read;
    while (read.size() + frame.size() <= kReadBytes) read += frame;
    const auto buffer = std::make_unique<uint8_t[]>(kReadBytes + stream::kPaddingBytes);
    stream::BlockPool pool;
    stream::Block* partial = nullptr;
    CountingSink sink;
    for (auto _ : state) {
        // Reading unmasks in place: the copy is part of what is measured, as recv() is of a server.
        std::memcpy(buffer.get(), read.data(), read.size());
        ws::WsState connection;
        ws::FrameReader reader(pool, partial, connection, sink);
        benchmark::DoNotOptimize(reader.feed(buffer.get(), read.size()));
    }
    state.SetItemsProcessed(static_cast<int64_t>(sink.messages));
}
BENCHMARK_CAPTURE(readFrames, ascii, std::string("x"))->Arg(64)->Arg(212)->Arg(1172);
BENCHMARK_CAPTURE(readFrames, chinese, std::string("\xe4\xbd\xa0"))->Arg(64)->Arg(212)->Arg(1172);

void judgeUpgrade(benchmark::State& state) {
    const ws::Origins origins;
    for (auto _ : state) {
        const auto* p = reinterpret_cast<const uint8_t*>(ws::kRequest.data());
        const ws::Head head = ws::findHead(p, ws::kRequest.size(), 0);
        benchmark::DoNotOptimize(ws::judge(ws::kRequest.substr(0, head.bytes), origins));
    }
}
BENCHMARK(judgeUpgrade);

}  // namespace

BENCHMARK_MAIN();
