// What the server is given by boot, and what it tells boot: the seam between files, signals and the
// command line on one side and loops, bus and chat on the other.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "boot/conf_file.h"
#include "boot/daemon.h"
#include "boot/log_sink.h"
#include "boot/plugin_plan.h"
#include "boot/profiler.h"
#include "boot/signals.h"
#include "loop/clock.h"

namespace sara::boot {

class PluginSet;

struct Runtime {
    const Conf& conf;
    PluginPlan plan;  // no errors; moved into the PluginSet
    LogSink& log;
    const loop::Clock& clock;
    Signals& signals;
    Daemon& daemon;
    uint64_t began_ms;   // monotonic: for "ready in"
    Profiler& profiler;  // runs with --debug only

    // [control] Says that the server is ready: the ready line on stdout and in the log, the service
    // manager, the parent of a daemon. details: more to name, e.g. {"loops 2"}; may be empty.
    void ready(const PluginSet& plugins, const std::vector<std::string>& details);
    // [control] One clear line on stderr and in the log; returns the exit code, 1.
    int fail(const std::string& sentence);
    // [control] Until SIGTERM or SIGINT; reopens the log and reports counters on the way. tick,
    // when given, is called about every tick_ms.
    void waitForEnd(const std::function<void()>& tick = {}, uint64_t tick_ms = 1000);
    // [control] Until done() or conf key drain_timeout_ms has passed; more SIGTERMs are swallowed.
    // True: done.
    bool waitForDrain(const std::function<bool()>& done);
    // [control] SIGUSR1: counters to the log, profiles to files, an answer for `sara pprof`.
    void report();
    // [control] Writes every counter to the log.
    void reportCounters();
    // [control] With --debug: one line now and then, as the earlier server had it.
    void debugStatus();
};

// [any] "sara 1.0.0 ready in 12 ms: tcp 127.0.0.1:4222, store embedded /x, plugins transport-tcp
// store-embedded"
std::string readyLine(uint64_t took_ms, const std::vector<std::string>& status_lines,
                      const std::vector<std::string>& plugins);

}  // namespace sara::boot
