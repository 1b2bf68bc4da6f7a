// What one log line costs the thread that writes it: our sink against POCO's asynchronous channel,
// each with a file behind it. Decision 0042.
#include <Poco/AsyncChannel.h>
#include <Poco/AutoPtr.h>
#include <Poco/FileChannel.h>
#include <Poco/FormattingChannel.h>
#include <Poco/Message.h>
#include <Poco/PatternFormatter.h>
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "boot/log_sink.h"

namespace {

constexpr const char* kText =
    "session of alice@example.org/phone opened from 203.0.113.7:40112 on loop 1, 17 packets were "
    "waiting for it";

class LogFolder {
  public:
    LogFolder() {
        std::string name = (std::filesystem::temp_directory_path() / "sara-log-XXXXXX").string();
        path_ = ::mkdtemp(name.data());
    }
    ~LogFolder() { std::filesystem::remove_all(path_); }
    std::string file() const { return (path_ / "log").string(); }

  private:
    std::filesystem::path path_;
};

void ourSink(benchmark::State& state) {
    const LogFolder folder;
    const sara::loop::SystemClock clock;
    sara::boot::LogSink::Options options;
    options.file = folder.file();
    options.queue_bytes_max = 64 << 20;
    sara::boot::LogSink log(options, clock);
    std::string error;
    if (!log.start(&error)) return state.SkipWithError(error.c_str());
    for (auto _ : state) log.write(sara::loop::LogLevel::kInfo, "chat", kText);
    (void)log.flush(10'000);
}
BENCHMARK(ourSink)->MeasureProcessCPUTime()->Iterations(100'000);

void ourSinkBelowItsLevel(benchmark::State& state) {
    const sara::loop::SystemClock clock;
    sara::boot::LogSink log({}, clock);
    for (auto _ : state) log.write(sara::loop::LogLevel::kDebug, "chat", kText);
}
BENCHMARK(ourSinkBelowItsLevel);

void pocoAsyncChannel(benchmark::State& state) {
    const LogFolder folder;
    Poco::AutoPtr<Poco::FileChannel> file(new Poco::FileChannel(folder.file()));
    file->setProperty("flush", "false");
    Poco::AutoPtr<Poco::PatternFormatter> pattern(
        new Poco::PatternFormatter("[%Y/%m/%d %H:%M:%S UTC] [%p] (%s) %t"));
    Poco::AutoPtr<Poco::FormattingChannel> formatting(new Poco::FormattingChannel(pattern, file));
    Poco::AutoPtr<Poco::AsyncChannel> async(new Poco::AsyncChannel(formatting));
    async->setProperty("queueSize", "1000000");
    for (auto _ : state) async->log(Poco::Message("chat", kText, Poco::Message::PRIO_INFORMATION));
    async->close();
}
BENCHMARK(pocoAsyncChannel)->MeasureProcessCPUTime()->Iterations(100'000);

}  // namespace
