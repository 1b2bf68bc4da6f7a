// What the tables of a host work on: the parts of the bus, held together. Owned by Bus, never seen
// outside this room.
#pragma once
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "bus/bus.h"
#include "bus/health_checks.h"
#include "bus/hook_runner.h"
#include "bus/loop_registrations.h"
#include "bus/rpc_calls.h"
#include "bus/service_registry.h"
#include "bus/worker_threads.h"

namespace sara::bus {

struct BusCore {
    explicit BusCore(Bus::Options o)
        : options(std::move(o)),
          hooks({options.loops,
                 options.clock,
                 options.log,
                 options.suspended_max,
                 {options.filter_failures_max, options.filter_failures_window_ms}}),
          rpc(options.loops, hooks),
          workers(options.loops, options.workers, options.work_queue_max) {}

    const void* extension(std::string_view id) const {
        const std::lock_guard lock(mutex);
        const auto at = extensions.find(id);
        return at == extensions.end() ? nullptr : at->second;
    }

    const Bus::Options options;
    HookRunner hooks;
    ServiceRegistry services;
    RpcCalls rpc;
    HealthChecks health;
    WorkerThreads workers;
    std::atomic<sara_id> next_handle{1};  // subscriptions and commands share one sequence
    std::atomic<bool> closed{false};

    mutable std::mutex mutex;  // guards what follows
    std::map<std::string, const void*, std::less<>> extensions;
    // Of instances that are gone: a loop may still hold a turn-end call of one.
    std::vector<std::unique_ptr<LoopRegistrations>> retired;
};

}  // namespace sara::bus
