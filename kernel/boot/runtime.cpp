#include "boot/runtime.h"

#include <algorithm>
#include <cstdio>

#include "boot/plugin_set.h"
#include "boot/report_answer.h"
#include "boot/service_notify.h"
#include "loop/counters.h"

namespace sara::boot {

using loop::LogLevel;

namespace {

constexpr uint64_t kDebugStatusMs = 10'000;
constexpr uint64_t kWatchThreadsMs = 1000;

}  // namespace

std::string readyLine(uint64_t took_ms, const std::vector<std::string>& status_lines,
                      const std::vector<std::string>& plugins) {
    std::string line = "sara " SARA_VERSION " ready in " + std::to_string(took_ms) + " ms: ";
    for (const std::string& status : status_lines) line += status + ", ";
    line += "plugins";
    if (plugins.empty()) line += " none";
    for (const std::string& plugin : plugins) line += " " + plugin;
    return line;
}

void Runtime::ready(const PluginSet& plugins, const std::vector<std::string>& details) {
    std::vector<std::string> lines = plugins.statusLines();
    lines.insert(lines.end(), details.begin(), details.end());
    const std::string line = readyLine(clock.monotonicMs() - began_ms, lines, plugins.names());
    // What the log has for the console comes before the line that scripts wait for.
    (void)log.flush(500);
    std::fprintf(stdout, "%s\n", line.c_str());
    std::fflush(stdout);
    log.writeToFile(LogLevel::kInfo, "boot", line);
    if (daemon.isChild()) log.leaveConsole();
    daemon.ready();
    notifyService("READY=1\nSTATUS=" + line);
}

int Runtime::fail(const std::string& sentence) {
    std::string line = sentence;
    std::replace(line.begin(), line.end(), '\n', ' ');
    log.writeToFile(LogLevel::kError, "boot", line);
    std::fprintf(stderr, "sara: %s\n", line.c_str());
    return 1;
}

void Runtime::waitForEnd(const std::function<void()>& tick, uint64_t tick_ms) {
    uint64_t status_ms = clock.monotonicMs();
    for (;;) {
        profiler.watchThreads();
        const uint64_t idle_ms = profiler.running() ? kWatchThreadsMs : UINT64_MAX;
        const Signals::Event event = signals.wait(tick ? std::min(tick_ms, idle_ms) : idle_ms);
        if (tick) tick();
        if (profiler.running() && clock.monotonicMs() - status_ms >= kDebugStatusMs) {
            status_ms = clock.monotonicMs();
            debugStatus();
        }
        if (event == Signals::Event::kEnd) break;
        if (event == Signals::Event::kReopen) {
            log.reopen();
            log.write(LogLevel::kInfo, "boot", "log reopened");
        }
        if (event == Signals::Event::kReport) report();
    }
    notifyService("STOPPING=1");
    log.write(LogLevel::kInfo, "boot", "asked to end; draining");
}

bool Runtime::waitForDrain(const std::function<bool()>& done) {
    const uint64_t end =
        clock.monotonicMs() + static_cast<uint64_t>(conf.integer("drain_timeout_ms"));
    while (!done()) {
        if (clock.monotonicMs() >= end) return false;
        switch (signals.wait(10)) {
            case Signals::Event::kEnd:
                log.write(LogLevel::kInfo, "boot", "already draining");
                break;
            case Signals::Event::kReopen:
                log.reopen();
                break;
            case Signals::Event::kReport:
                report();
                break;
            case Signals::Event::kNone:
                break;
        }
    }
    return true;
}

void Runtime::report() {
    reportCounters();
    std::string answer;
    if (!profiler.running()) {
        answer =
            "!the server runs without --debug, so its counters are in its log, and there are no "
            "profiles; start it with --debug\n";
    } else {
        const Profiler::Files files = profiler.write();
        answer = files.error.empty() ? "" : "!" + files.error + "\n";
        answer += "cpu profile  : " + files.cpu + "\nheap profile : " + files.heap + "\n";
        log.write(files.error.empty() ? LogLevel::kInfo : LogLevel::kError, "boot",
                  files.error.empty() ? "profiles: " + files.cpu + ", " + files.heap : files.error);
    }
    const std::string wrong = answerReport(conf.text("pidfile"), signals.request(), answer);
    if (!wrong.empty()) log.write(LogLevel::kError, "boot", "answer to SIGUSR1: " + wrong);
}

void Runtime::debugStatus() {
    std::string line = "[debug_status]";
    for (const loop::Counters::Value& value : loop::Counters::instance().snapshot()) {
        for (const char* name : {"chat_connections", "chat_sessions", "chat_packets_in_total",
                                 "chat_packets_delivered_total"}) {
            if (value.name == name) line += " " + value.name + " " + std::to_string(value.value);
        }
    }
    log.write(LogLevel::kInfo, "boot", line);
}

void Runtime::reportCounters() {
    for (const loop::Counters::Value& value : loop::Counters::instance().snapshot()) {
        log.write(LogLevel::kInfo, "counters", value.name + " " + std::to_string(value.value));
    }
}

}  // namespace sara::boot
