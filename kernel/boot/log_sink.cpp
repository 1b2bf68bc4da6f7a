#include "boot/log_sink.h"

#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <thread>
#include <utility>

#include "boot/log_file.h"
#include "boot/log_line.h"
#include "loop/counters.h"

namespace sara::boot {

namespace {

constexpr std::chrono::milliseconds kGather{10};
constexpr size_t kGatherBytes = 256 << 10;

loop::Counter droppedCounter() {
    return loop::Counters::instance().define(loop::CounterKind::kCounter, "log_lines_dropped_total",
                                             "log lines that did not fit or could not be written");
}

int64_t linesIn(std::string_view text) { return std::count(text.begin(), text.end(), '\n'); }

// Bytes that did not go out. A pipe that nobody reads costs half a second once, not the process.
size_t writeConsole(std::string_view text) {
    while (!text.empty()) {
        pollfd out{STDOUT_FILENO, POLLOUT, 0};
        if (::poll(&out, 1, 500) <= 0) return text.size();
        // A small part: what poll promised for a pipe.
        const ssize_t n = ::write(STDOUT_FILENO, text.data(), std::min<size_t>(text.size(), 4096));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return text.size();
        text.remove_prefix(static_cast<size_t>(n));
    }
    return 0;
}

}  // namespace

struct LogSink::Shared {
    explicit Shared(const Options& o)
        : options(o), file(o.file, o.file_bytes_max, o.file_count), console_on(o.console) {}

    void run();
    size_t held() const { return file_lines.size() + console_lines.size(); }

    const Options options;
    LogFile file;  // the writer's, after start()
    loop::Counter dropped = droppedCounter();
    std::atomic<bool> console_on;

    std::mutex mutex;  // guards all below
    std::condition_variable work;
    std::condition_variable idle;
    std::string file_lines, console_lines;
    bool reopen = false, stop = false, running = false, ended = false;
    bool urgent = false;               // somebody waits in flush()
    uint64_t queued = 0, written = 0;  // batches, for flush()
    int64_t dropped_since_told = 0;
};

LogSink::LogSink(Options options, const loop::Clock& clock)
    : shared_(std::make_shared<Shared>(options)),
      clock_(clock),
      level_(static_cast<int32_t>(options.level)) {}

bool LogSink::start(std::string* error) {
    if (!shared_->file.open(error)) {
        *error = "log file " + shared_->options.file + ": " + *error;
        return false;
    }
    {
        const std::lock_guard<std::mutex> lock(shared_->mutex);
        shared_->running = true;
    }
    std::thread([shared = shared_] {
        sigset_t all;
        sigfillset(&all);
        sigdelset(&all, SIGPROF);  // of profilers: it is for the thread that runs
        pthread_sigmask(SIG_SETMASK, &all, nullptr);
        pthread_setname_np(pthread_self(), "sara-log");
        shared->run();
    }).detach();
    return true;
}

void LogSink::Shared::run() {
    std::string to_file, to_console;
    std::unique_lock<std::mutex> lock(mutex);
    for (;;) {
        work.wait(lock, [&] { return stop || reopen || held() > 0; });
        // A little later there is more to write at once, and callers need not wake us for each
        // line.
        work.wait_for(lock, kGather,
                      [&] { return stop || reopen || urgent || held() >= kGatherBytes; });
        urgent = false;
        to_file.swap(file_lines);
        to_console.swap(console_lines);
        const uint64_t batch = queued;
        const bool anew = std::exchange(reopen, false);
        if (stop && to_file.empty() && to_console.empty()) break;
        lock.unlock();
        if (anew) file.reopen();
        const size_t lost = file.write(to_file);
        if (lost > 0) dropped.add(linesIn(std::string_view(to_file).substr(to_file.size() - lost)));
        if (!to_console.empty() && console_on && writeConsole(to_console) > 0) console_on = false;
        to_file.clear();
        to_console.clear();
        lock.lock();
        written = batch;
        idle.notify_all();
    }
    ended = true;
    idle.notify_all();
}

void LogSink::append(loop::LogLevel level, std::string_view source, std::string_view text,
                     bool console) {
    if (!enabled(level)) return;
    thread_local std::string line;
    line.clear();
    const Options& options = shared_->options;
    appendLogLine(clock_.wallMs(), level, source, text, options.line_bytes_max, &line);
    console = console && shared_->console_on.load(std::memory_order_relaxed);
    const bool to_file = !options.file.empty();
    const std::lock_guard<std::mutex> lock(shared_->mutex);
    const size_t held = shared_->held();
    if (held + line.size() > options.queue_bytes_max) {
        shared_->dropped.add();
        ++shared_->dropped_since_told;
        return;
    }
    if (shared_->dropped_since_told > 0) {
        std::string told;
        appendLogLine(clock_.wallMs(), loop::LogLevel::kWarn, "log",
                      std::to_string(std::exchange(shared_->dropped_since_told, 0)) +
                          " lines were dropped here: the writer is too slow",
                      options.line_bytes_max, &told);
        if (to_file) shared_->file_lines += told;
        if (console) shared_->console_lines += told;
    }
    if (to_file) shared_->file_lines += line;
    if (console) shared_->console_lines += line;
    ++shared_->queued;
    if (held == 0 || (held < kGatherBytes && shared_->held() >= kGatherBytes)) {
        shared_->work.notify_one();
    }
}

void LogSink::write(loop::LogLevel level, std::string_view source, std::string_view text) {
    append(level, source, text, true);
}

void LogSink::writeToFile(loop::LogLevel level, std::string_view source, std::string_view text) {
    append(level, source, text, false);
}

void LogSink::leaveConsole() { shared_->console_on = false; }

void LogSink::reopen() {
    const std::lock_guard<std::mutex> lock(shared_->mutex);
    shared_->reopen = true;
    shared_->work.notify_one();
}

bool LogSink::flush(uint64_t timeout_ms) {
    std::unique_lock<std::mutex> lock(shared_->mutex);
    if (!shared_->running) return true;
    const uint64_t wanted = shared_->queued;
    if (shared_->written < wanted) shared_->urgent = true;
    shared_->work.notify_one();
    return shared_->idle.wait_for(lock, std::chrono::milliseconds(timeout_ms),
                                  [&] { return shared_->written >= wanted || shared_->ended; });
}

LogSink::~LogSink() {
    std::unique_lock<std::mutex> lock(shared_->mutex);
    shared_->stop = true;
    shared_->work.notify_one();
    if (shared_->running) {
        shared_->idle.wait_for(lock, std::chrono::milliseconds(kFlushMs),
                               [&] { return shared_->ended; });
    }
}

}  // namespace sara::boot
