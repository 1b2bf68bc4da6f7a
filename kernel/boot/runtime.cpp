#include "boot/runtime.h"

#include <algorithm>
#include <cstdio>

#include "boot/plugin_set.h"
#include "boot/service_notify.h"
#include "loop/counters.h"

namespace sara::boot {

using loop::LogLevel;

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
    for (;;) {
        const Signals::Event event = signals.wait(tick ? tick_ms : UINT64_MAX);
        if (tick) tick();
        if (event == Signals::Event::kEnd) break;
        if (event == Signals::Event::kReopen) {
            log.reopen();
            log.write(LogLevel::kInfo, "boot", "log reopened");
        }
        if (event == Signals::Event::kReport) reportCounters();
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
                reportCounters();
                break;
            case Signals::Event::kNone:
                break;
        }
    }
    return true;
}

void Runtime::reportCounters() {
    for (const loop::Counters::Value& value : loop::Counters::instance().snapshot()) {
        log.write(LogLevel::kInfo, "counters", value.name + " " + std::to_string(value.value));
    }
}

}  // namespace sara::boot
