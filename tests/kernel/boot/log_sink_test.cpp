#include "boot/log_sink.h"

#include <Poco/Logger.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <thread>

#include "boot/log_channel.h"
#include "boot/log_file.h"
#include "boot/log_line.h"
#include "boot_fixture.h"
#include "loop/counters.h"

namespace sara::boot {
namespace {

using loop::LogLevel;
using testing::HasSubstr;
using testing::Not;

int64_t dropped() { return loop::Counters::instance().read("log_lines_dropped_total"); }

LogSink::Options toFile(const std::string& file) {
    LogSink::Options options;
    options.file = file;
    return options;
}

std::string lineOf(std::string_view text, size_t bytes_max = 2048) {
    std::string out;
    appendLogLine(1795336575000, LogLevel::kInfo, "chat", text, bytes_max, &out);
    return out;
}

TEST(LogLine, HasTheLayoutOfTheEarlierServer) {
    EXPECT_EQ(lineOf("session opened"), "[2026/11/22 08:36:15 UTC] [INFO] (chat) session opened\n");
}

// A jid with a line feed in it must not write a line of its own.
TEST(LogLine, CannotBeForgedByControlCharacters) {
    EXPECT_EQ(lineOf("a\nb\r\x1b[31m\x7f\xc2\x9b\xff"
                     "caf\xc3\xa9"),
              "[2026/11/22 08:36:15 UTC] [INFO] (chat) a\\x0ab\\x0d\\x1b[31m\\x7f\\xc2\\x9b\\xff"
              "caf\xc3\xa9\n");
}

TEST(LogLine, IsCutBetweenCharacters) {
    EXPECT_THAT(lineOf("ab\xc3\xa9"
                       "cd",
                       3),
                testing::EndsWith(") ab...\n"));
    EXPECT_THAT(lineOf("abc", 3), testing::EndsWith(") abc\n"));
}

TEST(LogSink, WritesLinesInOrderAndOnlyThoseOfItsLevel) {
    TempFolder folder;
    const loop::SystemClock clock;
    std::string error;
    {
        LogSink log(toFile(folder / "log"), clock);
        ASSERT_TRUE(log.start(&error)) << error;
        log.write(LogLevel::kDebug, "t", "hidden");
        for (int i = 0; i < 1000; ++i) log.write(LogLevel::kInfo, "t", "line " + std::to_string(i));
    }
    const std::string text = readFile(folder / "log");
    EXPECT_THAT(text, Not(HasSubstr("hidden")));
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1000);
    EXPECT_LT(text.find("line 17\n"), text.find("line 18\n"));
    EXPECT_EQ(static_cast<unsigned>(std::filesystem::status(folder / "log").permissions()) & 0137u,
              0u);
}

TEST(LogSink, NeverWaitsForAFifoThatNobodyReads) {
    TempFolder folder;
    ASSERT_EQ(::mkfifo((folder / "fifo").c_str(), 0600), 0);
    const loop::SystemClock clock;
    const uint64_t begin = clock.monotonicMs();
    const int64_t before = dropped();
    std::string error;
    {
        LogSink log(toFile(folder / "fifo"), clock);
        ASSERT_TRUE(log.start(&error)) << error;
        for (int i = 0; i < 1000; ++i) log.write(LogLevel::kInfo, "t", "into the void");
    }
    EXPECT_LT(clock.monotonicMs() - begin, 1500u);
    EXPECT_EQ(dropped() - before, 1000);
}

TEST(LogSink, NeverWaitsForAFifoWhoseReaderSleeps) {
    TempFolder folder;
    ASSERT_EQ(::mkfifo((folder / "fifo").c_str(), 0600), 0);
    const int reader = ::open((folder / "fifo").c_str(), O_RDONLY | O_NONBLOCK);
    const loop::SystemClock clock;
    const uint64_t begin = clock.monotonicMs();
    std::string error;
    {
        LogSink log(toFile(folder / "fifo"), clock);
        ASSERT_TRUE(log.start(&error)) << error;
        for (int i = 0; i < 5000; ++i) log.write(LogLevel::kInfo, "t", std::string(100, 'x'));
    }
    EXPECT_LT(clock.monotonicMs() - begin, 1500u);
    ::close(reader);
}

TEST(LogSink, CountsTheLinesThatAFullDiskCost) {
    const loop::SystemClock clock;
    const int64_t before = dropped();
    std::string error;
    {
        LogSink log(toFile("/dev/full"), clock);
        ASSERT_TRUE(log.start(&error)) << error;
        for (int i = 0; i < 7; ++i) log.write(LogLevel::kError, "t", "no space");
    }
    EXPECT_EQ(dropped() - before, 7);
}

TEST(LogSink, DropsAndCountsWhatDoesNotFitIntoItsQueueAndSaysSoLater) {
    TempFolder folder;
    const loop::SystemClock clock;
    const int64_t before = dropped();
    LogSink::Options options = toFile(folder / "log");
    options.queue_bytes_max = 1000;
    std::string error;
    {
        LogSink log(options, clock);  // no writer yet: the queue fills
        for (int i = 0; i < 100; ++i) log.write(LogLevel::kInfo, "t", "a line of some length");
        EXPECT_GT(dropped() - before, 50);
        ASSERT_TRUE(log.start(&error)) << error;
        ASSERT_TRUE(log.flush(5000));
        log.write(LogLevel::kInfo, "t", "after");
    }
    EXPECT_THAT(readFile(folder / "log"), HasSubstr("lines were dropped here"));
}

TEST(LogSink, RotatesBySizeAndKeepsTheCount) {
    TempFolder folder;
    const loop::SystemClock clock;
    LogSink::Options options = toFile(folder / "log");
    options.file_bytes_max = 4096;
    options.file_count = 2;
    std::string error;
    {
        LogSink log(options, clock);
        ASSERT_TRUE(log.start(&error)) << error;
        for (int i = 0; i < 200; ++i) {
            log.write(LogLevel::kInfo, "t", "line " + std::to_string(i) + std::string(100, '.'));
            ASSERT_TRUE(log.flush(5000));
        }
    }
    EXPECT_THAT(readFile(folder / "log"), HasSubstr("line 199"));
    for (const char* name : {"log", "log.1", "log.2"}) {
        EXPECT_LE(readFile(folder / name).size(), 4096u) << name;
        EXPECT_GT(readFile(folder / name).size(), 0u) << name;
    }
    EXPECT_FALSE(std::filesystem::exists(folder / "log.3"));
}

TEST(LogSink, ReopensItsFileAfterItWasMovedAway) {
    TempFolder folder;
    const loop::SystemClock clock;
    std::string error;
    LogSink log(toFile(folder / "log"), clock);
    ASSERT_TRUE(log.start(&error)) << error;
    log.write(LogLevel::kInfo, "t", "before");
    ASSERT_TRUE(log.flush(5000));
    std::filesystem::rename(folder / "log", folder / "log.old");
    log.reopen();
    log.write(LogLevel::kInfo, "t", "after");
    ASSERT_TRUE(log.flush(5000));
    EXPECT_THAT(readFile(folder / "log.old"), HasSubstr("before"));
    EXPECT_THAT(readFile(folder / "log"), HasSubstr("after"));
    EXPECT_THAT(readFile(folder / "log"), Not(HasSubstr("before")));
}

TEST(LogSink, SaysWhichFileCannotBeOpened) {
    const loop::SystemClock clock;
    std::string error;
    LogSink log(toFile("/no/such/folder/log"), clock);
    EXPECT_FALSE(log.start(&error));
    EXPECT_EQ(error, "log file /no/such/folder/log: No such file or directory");
}

TEST(LogSink, TakesLinesFromManyThreads) {
    TempFolder folder;
    const loop::SystemClock clock;
    std::string error;
    {
        LogSink log(toFile(folder / "log"), clock);
        ASSERT_TRUE(log.start(&error)) << error;
        std::vector<std::thread> threads;
        for (int t = 0; t < 4; ++t) {
            threads.emplace_back([&] {
                for (int i = 0; i < 500; ++i) log.write(LogLevel::kInfo, "t", "x");
            });
        }
        for (std::thread& thread : threads) thread.join();
    }
    const std::string text = readFile(folder / "log");
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2000);
}

TEST(LogChannel, CarriesLinesOfPocoWithTheirSource) {
    MemoryLog log;
    attachPocoLog(log, LogLevel::kWarn);
    Poco::Logger::get("HTTPServer").warning("too many threads");
    Poco::Logger::get("HTTPServer").information("not shown");
    detachPocoLog();
    Poco::Logger::get("HTTPServer").warning("nobody listens");
    EXPECT_THAT(log.lines(), testing::ElementsAre("too many threads"));
}

}  // namespace
}  // namespace sara::boot
