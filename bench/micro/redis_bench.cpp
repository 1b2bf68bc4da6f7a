// Appends and fetches of the store-redis plugin, through its table and one event loop, beside a
// bare hiredis pipeline of plain HSET and HGETALL on the same server. Compare inside one run only.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "redis_server.h"
#include "running_store.h"

namespace {

using namespace sara::store_redis;
using sara::testkit::toStr;

constexpr int kPackets = 20'000;  // per iteration
constexpr int kInFlight = 256;

std::string userName(int i) { return "user" + std::to_string((i * 7919) % 5000) + "@demo"; }
const std::string kPacket(270, 'p');

struct Flow {
    RunningStore* store;
    sara_buf* packet;
    int sent = 0;
    int done = 0;
    int failed = 0;

    void next() {
        const std::string user = userName(sent);
        const std::string id = "m" + std::to_string(sent++);
        sara_store_packet p{};
        p.struct_size = sizeof p;
        p.user = toStr(user);
        p.id = toStr(id);
        p.from = toStr("amy@demo");
        p.expires_ms = UINT64_MAX / 2;
        p.packet = packet;
        store->api()->append(
            store->plugin().self(), &p,
            [](void* user_data, sara_status st, uint64_t) noexcept {
                auto* flow = static_cast<Flow*>(user_data);
                ++flow->done;
                flow->failed += st == SARA_OK ? 0 : 1;
                if (flow->sent < kPackets) flow->next();
            },
            this);
    }
};

void appends(benchmark::State& state) {
    RedisServer server;
    RunningStore store(server.address());
    store.start();
    for (auto _ : state) {
        server.command({"FLUSHALL"});
        Flow flow{&store, store.host().buffer(kPacket)};
        store.host().loop(0).run([&] {
            for (int i = 0; i < kInFlight; ++i) flow.next();
        });
        store.host().runUntil([&] { return flow.done == kPackets; }, std::chrono::seconds(60));
        store.host().unref(flow.packet);
        if (flow.done != kPackets || flow.failed != 0) state.SkipWithError("appends failed");
    }
    state.SetItemsProcessed(state.iterations() * kPackets);
    // What one append costs Redis: the rest is the way there.
    const std::string stats = server.text({"INFO", "commandstats"});
    if (const size_t at = stats.find("cmdstat_evalsha:"); at != std::string::npos) {
        const size_t cost = stats.find("usec_per_call=", at);
        state.counters["script_us"] = std::stod(stats.substr(cost + 14, 8));
    }
}
BENCHMARK(appends)->Unit(benchmark::kMillisecond)->UseRealTime();

void barePipeline(benchmark::State& state) {
    RedisServer server;
    redisContext* c = redisConnectUnix((server.folder() + "/redis.sock").c_str());
    for (auto _ : state) {
        server.command({"FLUSHALL"});
        int sent = 0;
        for (int done = 0; done < kPackets; ++done) {
            for (; sent < kPackets && sent - done < kInFlight; ++sent) {
                redisAppendCommand(c, "HSET offline_%s_idx m%d %s", userName(sent).c_str(), sent,
                                   kPacket.c_str());
            }
            void* reply = nullptr;
            if (redisGetReply(c, &reply) != REDIS_OK) return state.SkipWithError("no reply");
            freeReplyObject(reply);
        }
    }
    redisFree(c);
    state.SetItemsProcessed(state.iterations() * kPackets);
}
BENCHMARK(barePipeline)->Unit(benchmark::kMillisecond)->UseRealTime();

void fetchThousand(benchmark::State& state) {
    RedisServer server;
    RunningStore store(server.address());
    store.start();
    auto client = store.client();
    for (int i = 0; i < 1000; ++i) client.append("bob@demo", "m" + std::to_string(i), kPacket);
    for (auto _ : state) {
        if (client.fetch("bob@demo").packets.size() != 1000) state.SkipWithError("fetch failed");
    }
    state.SetItemsProcessed(state.iterations() * 1000);
}
BENCHMARK(fetchThousand)->Unit(benchmark::kMillisecond)->UseRealTime();

void bareHgetall(benchmark::State& state) {
    RedisServer server;
    for (int i = 0; i < 1000; ++i) {
        server.command({"HSET", "offline_bob@demo_idx", "m" + std::to_string(i), kPacket});
    }
    redisContext* c = redisConnectUnix((server.folder() + "/redis.sock").c_str());
    for (auto _ : state) freeReplyObject(redisCommand(c, "HGETALL offline_bob@demo_idx"));
    redisFree(c);
    state.SetItemsProcessed(state.iterations() * 1000);
}
BENCHMARK(bareHgetall)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
