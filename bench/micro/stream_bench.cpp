// What framing costs per packet, without sockets: finding frames in a read of 64 KiB, and laying
// packets into a write queue, a window of 16 at a time.
#include <benchmark/benchmark.h>

#include <cstring>
#include <memory>
#include <string>

#include "frame_splitter.h"
#include "tcp_framing.h"

namespace {

using namespace sara;

constexpr size_t kReadBytes = 65536;

struct CountingSink {
    uint64_t frames = 0;
    uint64_t bytes = 0;
    uint64_t limit() const { return 1 << 20; }
    bool frame(const uint8_t* body, uint64_t len) {
        benchmark::DoNotOptimize(body);
        ++frames;
        bytes += len;
        return true;
    }
    bool heartbeat() { return true; }
    void tooLarge() {}
    void noMemory() {}
};

void splitReads(benchmark::State& state) {
    const std::string frame(static_cast<size_t>(state.range(0)), 'x');
    std::string read;
    while (read.size() < kReadBytes) read += frame + '\x01';
    read.resize(kReadBytes);  // the last one is cut, as in a busy server
    const auto buffer = std::make_unique<uint8_t[]>(kReadBytes + stream::kPaddingBytes);
    std::memcpy(buffer.get(), read.data(), kReadBytes);
    stream::BlockPool pool;
    stream::Block* partial = nullptr;
    CountingSink sink;
    for (auto _ : state) {
        benchmark::DoNotOptimize(tcp::split(pool, partial, buffer.get(), kReadBytes, sink));
        pool.put(partial);
        partial = nullptr;
    }
    state.SetItemsProcessed(static_cast<int64_t>(sink.frames));
    state.SetBytesProcessed(static_cast<int64_t>(sink.bytes));
}
BENCHMARK(splitReads)->Arg(64)->Arg(212)->Arg(1172);

void queuePackets(benchmark::State& state) {
    const std::string head(90, 'h');
    const std::string ct = "1795336641981";
    const std::string tail(static_cast<size_t>(state.range(0)) - 103, 't');
    const sara_str pieces[] = {
        {head.data(), head.size()}, {ct.data(), ct.size()}, {tail.data(), tail.size()}};
    stream::BlockPool pool;
    stream::WriteQueue queue;
    tcp::TcpFraming framing({});
    int64_t packets = 0;
    for (auto _ : state) {
        for (int i = 0; i < 16; ++i)
            benchmark::DoNotOptimize(framing.frame(pool, queue, pieces, 3));
        packets += 16;
        iovec iov[64];
        benchmark::DoNotOptimize(queue.gather(iov, 64));
        queue.consume(pool, queue.queued());
    }
    state.SetItemsProcessed(packets);
}
BENCHMARK(queuePackets)->Arg(212)->Arg(1172);

}  // namespace

BENCHMARK_MAIN();
