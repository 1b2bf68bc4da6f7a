// Durable appends, put+drop pairs and a long fetch of the store-embedded plugin, through its table
// and one event loop, beside bare LevelDB group commits of the same records on the same disk.
// Compare inside one run only; "cpu_us" is the processor time of the whole process per packet.
// SARA_BENCH_DIR chooses the disk.
#include <benchmark/benchmark.h>
#include <leveldb/db.h>
#include <leveldb/write_batch.h>
#include <sys/resource.h>

#include <cstdlib>
#include <deque>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "testkit/host/fake_host.h"
#include "testkit/host/plugin_instance.h"

namespace {

using sara::testkit::FakeHost;
using sara::testkit::PluginInstance;
using sara::testkit::toStr;

constexpr int kUsers = 20'000;
constexpr int kPackets = 100'000;  // per iteration
constexpr size_t kPacketBytes = 270;

double cpuSeconds() {
    rusage use{};
    ::getrusage(RUSAGE_SELF, &use);
    const auto s = [](timeval t) { return double(t.tv_sec) + double(t.tv_usec) * 1e-6; };
    return s(use.ru_utime) + s(use.ru_stime);
}

class Folder {
  public:
    Folder() {
        const char* base = std::getenv("SARA_BENCH_DIR");
        path_ = std::string(base != nullptr ? base : "/tmp") + "/store-bench-XXXXXX";
        if (::mkdtemp(path_.data()) == nullptr) std::abort();
    }
    ~Folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    const std::string& path() const { return path_; }

  private:
    std::string path_;
};

std::string userName(int i) { return "user" + std::to_string((i * 7919) % kUsers) + "@demo"; }

std::string packetText() {
    std::string text = R"({"envelope":{"id":"0123456789abcdef","type":1,"from":"amy@demo",)";
    while (text.size() < kPacketBytes) text.push_back(static_cast<char>('a' + text.size() % 26));
    return text;
}

void report(benchmark::State& state, int64_t packets, double cpu) {
    state.SetItemsProcessed(packets);
    state.counters["cpu_us"] = cpu / static_cast<double>(packets) * 1e6;
}

// One started plugin, one loop, and a number of calls that are kept under way.
class Bench {
  public:
    explicit Bench(const std::string& datadir)
        : host_({.config_json = "{\"datadir\": \"" + datadir + "\"}",
                 .manifest_json = desc()->manifest,
                 .real_time = true}),
          plugin_(host_, desc()) {
        if (plugin_.start() != SARA_OK) {
            std::fprintf(stderr, "%s\n", host_.error().c_str());
            std::abort();
        }
        store_ = plugin_.service<sara_store>(SARA_SVC_STORE);
        for (int i = 0; i < kUsers; ++i) users_.push_back(userName(i));
        packet_ = host_.buffer(packetText());
    }
    ~Bench() { host_.unref(packet_); }
    Bench(const Bench&) = delete;
    Bench& operator=(const Bench&) = delete;

    // Appends n packets with at most window under way; with drops each is dropped once it is
    // durable.
    void run(int n, int window, bool drops, bool one_user = false) {
        left_ = n;
        done_ = 0;
        drops_ = drops;
        one_user_ = one_user;
        host_.loop().run([&] {
            for (int i = 0; i < window && left_ > 0; ++i) appendOne();
        });
        while (done_ < n) host_.loop().turn(10);
    }

    int64_t fetchAll(const std::string& user) {
        struct Page {
            uint64_t after = 0;
            int64_t n = 0;
            bool done = false;
            bool more = false;
        } page;
        do {
            page.done = false;
            host_.loop().run([&] {
                store_->fetch(
                    plugin_.self(), toStr(user), page.after, 1000, 1 << 20,
                    [](void* p, sara_status, const sara_stored* s, uint32_t n,
                       uint32_t more) noexcept {
                        auto* to = static_cast<Page*>(p);
                        to->n += n;
                        if (n > 0) to->after = s[n - 1].seq;
                        to->more = more != 0;
                        to->done = true;
                    },
                    &page);
            });
            while (!page.done) host_.loop().turn(10);
        } while (page.more);
        return page.n;
    }

  private:
    struct Call {
        Bench* bench;
        const std::string* user;
    };
    static const sara_plugin_desc* desc() {
        std::string error;
        const auto* d = sara::testkit::loadPlugin(SARA_STORE_PLUGIN, &error);
        if (d == nullptr) std::abort();
        return d;
    }

    void appendOne() {
        --left_;
        if (spare_.empty()) {
            calls_.emplace_back();
            spare_.push_back(&calls_.back());
        }
        Call* call = spare_.back();
        spare_.pop_back();
        const size_t at = one_user_ ? 0 : static_cast<size_t>(next_user_++) % users_.size();
        *call = {this, &users_[at]};
        sara_store_packet p{};
        p.struct_size = sizeof p;
        p.user = toStr(*call->user);
        p.id = toStr("0123456789abcdef");
        p.from = toStr("amy@demo");
        p.expires_ms = UINT64_MAX / 2;
        p.packet = packet_;
        store_->append(
            plugin_.self(), &p,
            [](void* user, sara_status st, uint64_t seq) noexcept {
                auto* c = static_cast<Call*>(user);
                if (st != SARA_OK) std::abort();
                c->bench->appended(c, seq);
            },
            call);
    }
    void appended(Call* call, uint64_t seq) {
        if (drops_) {
            const sara_stored_ref ref{seq, toStr("0123456789abcdef")};
            store_->drop(plugin_.self(), toStr(*call->user), &ref, 1, nullptr, nullptr);
        }
        spare_.push_back(call);
        ++done_;
        if (left_ > 0) appendOne();
    }

    FakeHost host_;
    PluginInstance plugin_;
    const sara_store* store_ = nullptr;
    sara_buf* packet_ = nullptr;
    std::vector<std::string> users_;
    std::deque<Call> calls_;
    std::vector<Call*> spare_;
    int left_ = 0, done_ = 0, next_user_ = 0;
    bool drops_ = false, one_user_ = false;
};

void bareLevelDb(benchmark::State& state, bool drops) {
    const Folder folder;
    leveldb::Options options;
    options.create_if_missing = true;
    options.write_buffer_size = 16 << 20;
    leveldb::DB* raw = nullptr;
    if (!leveldb::DB::Open(options, folder.path() + "/db", &raw).ok()) std::abort();
    const std::unique_ptr<leveldb::DB> db(raw);
    const int batch_size = static_cast<int>(state.range(0));
    const std::string value = packetText() + std::string(40, 'h');
    leveldb::WriteOptions sync;
    sync.sync = true;
    uint64_t seq = 1'000'000;
    const double cpu = cpuSeconds();
    for (auto _ : state) {
        leveldb::WriteBatch batch;
        std::vector<std::string> before;
        for (int i = 0; i < kPackets; i += batch_size) {
            batch.Clear();
            for (const auto& key : before) batch.Delete(key);
            before.clear();
            for (int k = i; k < i + batch_size && k < kPackets; ++k) {
                std::string key = "q/" + userName(k) + std::string(1, '\0');
                ++seq;
                for (int b = 56; b >= 0; b -= 8) key.push_back(static_cast<char>(seq >> b));
                batch.Put(key, value);
                if (drops) before.push_back(key);
            }
            if (!db->Write(sync, &batch).ok()) std::abort();
        }
    }
    report(state, state.iterations() * kPackets, cpuSeconds() - cpu);
}

void BareLevelDbAppends(benchmark::State& state) { bareLevelDb(state, false); }
void BareLevelDbPairs(benchmark::State& state) { bareLevelDb(state, true); }

// range: appends under way, which is what the groups are made of.
void PluginAppends(benchmark::State& state) {
    const Folder folder;
    Bench bench(folder.path() + "/data");
    const double cpu = cpuSeconds();
    for (auto _ : state) bench.run(kPackets, static_cast<int>(state.range(0)), false);
    report(state, state.iterations() * kPackets, cpuSeconds() - cpu);
}

void PluginPairs(benchmark::State& state) {
    const Folder folder;
    Bench bench(folder.path() + "/data");
    const double cpu = cpuSeconds();
    for (auto _ : state) bench.run(kPackets, static_cast<int>(state.range(0)), true);
    report(state, state.iterations() * kPackets, cpuSeconds() - cpu);
}

void PluginFetchOf20000(benchmark::State& state) {
    const Folder folder;
    Bench bench(folder.path() + "/data");
    bench.run(20'000, 1000, false, true);
    const double cpu = cpuSeconds();
    int64_t n = 0;
    for (auto _ : state) n += bench.fetchAll(userName(0));
    if (n != 20'000 * state.iterations()) state.SkipWithError("packets are missing");
    report(state, n, cpuSeconds() - cpu);
}

BENCHMARK(BareLevelDbAppends)->Arg(64)->Arg(256)->Iterations(3)->UseRealTime();
BENCHMARK(PluginAppends)->Arg(64)->Arg(256)->Arg(1024)->Arg(8192)->Iterations(3)->UseRealTime();
BENCHMARK(BareLevelDbPairs)->Arg(256)->Iterations(2)->UseRealTime();
BENCHMARK(PluginPairs)->Arg(256)->Arg(1024)->Iterations(2)->UseRealTime();
BENCHMARK(PluginFetchOf20000)->Iterations(5)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
