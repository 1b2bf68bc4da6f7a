// A bus on loops that the test turns by hand, and plugins whose functions are lambdas of the test.
// Decides nothing about what is tested; it only keeps lambdas alive behind C function pointers.
#pragma once
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "bus/bus.h"
#include "bus/hooks.h"
#include "bus/rpc_commands.h"
#include "bus/service_table.h"
#include "bus/worker_pool.h"
#include "loop/buffer_pool.h"

namespace sara::bus {

inline sara_str str(std::string_view s) { return {s.data(), s.size()}; }
inline std::string text(sara_str s) { return {s.ptr == nullptr ? "" : s.ptr, s.len}; }

// Keeps every line.
class KeptLog final : public loop::Log {
  public:
    bool enabled(loop::LogLevel) const override { return true; }
    void write(loop::LogLevel level, std::string_view source, std::string_view line) override {
        const std::lock_guard lock(mutex_);
        lines_.push_back({level, std::string(source) + ": " + std::string(line)});
    }
    size_t count(loop::LogLevel level) const {
        const std::lock_guard lock(mutex_);
        size_t n = 0;
        for (const auto& l : lines_) n += l.first == level;
        return n;
    }
    std::string last() const {
        const std::lock_guard lock(mutex_);
        return lines_.empty() ? "" : lines_.back().second;
    }

  private:
    mutable std::mutex mutex_;
    std::vector<std::pair<loop::LogLevel, std::string>> lines_;
};

using Filter = std::function<sara_verdict(sara_event*)>;
using Tap = std::function<void(const sara_event*)>;

// One admitted instance.
class TestPlugin {
  public:
    TestPlugin(Bus& bus, PluginIdentity identity) : host(bus.admit(std::move(identity))) {
        if (host == nullptr) return;
        h = host->table();
        bus_table = extension<sara_bus>(SARA_EXT_BUS);
        loop = extension<sara_loop>(SARA_EXT_LOOP);
        rpc = extension<sara_rpc>(SARA_EXT_RPC);
        host->enter(PluginPhase::kInit);
    }
    template <class T>
    const T* extension(const char* id) const {
        return static_cast<const T*>(h->get_extension(h, id));
    }
    sara_status filter(Hook hook, Filter f, int32_t priority = 500,
                       uint32_t on_failure = SARA_ON_FAIL_OPEN, uint32_t type_mask = 0) {
        filters_.push_back(std::make_unique<Filter>(std::move(f)));
        sara_filter table{};
        table.struct_size = sizeof table;
        table.priority = priority;
        table.on_failure = on_failure;
        table.type_mask = type_mask;
        table.fn = [](void* user, sara_event* ev) noexcept {
            return (*static_cast<Filter*>(user))(ev);
        };
        table.user = filters_.back().get();
        return bus_table->filter(h, hook, &table, &handle);
    }
    sara_status tap(Hook hook, Tap f) {
        taps_.push_back(std::make_unique<Tap>(std::move(f)));
        const auto fn = [](void* user, const sara_event* ev) noexcept {
            (*static_cast<Tap*>(user))(ev);
        };
        return bus_table->tap(h, hook, fn, taps_.back().get(), &handle);
    }
    sara_id suspend(sara_event* ev, uint32_t timeout_ms = 3000,
                    sara_verdict on_timeout = SARA_REJECT) const {
        return bus_table->suspend(h, ev, timeout_ms, on_timeout);
    }
    sara_status resume(sara_id token, sara_verdict v, std::string_view reason = {}) const {
        return bus_table->resume(h, token, v, str(reason));
    }
    sara_status setStr(sara_event* ev, uint32_t field, std::string_view v) const {
        return bus_table->set_str(h, ev, field, str(v));
    }

    std::unique_ptr<PluginHost> host;
    const sara_host* h = nullptr;
    const sara_bus* bus_table = nullptr;
    const sara_loop* loop = nullptr;
    const sara_rpc* rpc = nullptr;
    sara_id handle = 0;  // of the last subscription

  private:
    std::vector<std::unique_ptr<Filter>> filters_;
    std::vector<std::unique_ptr<Tap>> taps_;
};

// What emit() and its completion said. A test may end while an event is parked: the completion that
// the fixture's end causes then finds nobody.
struct Outcome {
    Outcome() { living().insert(this); }
    ~Outcome() { living().erase(this); }
    Outcome(const Outcome&) = delete;
    Outcome& operator=(const Outcome&) = delete;
    static std::set<const void*>& living() {
        static std::set<const void*> all;
        return all;
    }

    sara_verdict now = SARA_E_INVALID;
    sara_verdict later = SARA_E_INVALID;
    int completions = 0;
    std::string reason, to, jid, members;
    uint16_t flags = 0;
};

class BusTest : public testing::Test {
  protected:
    static constexpr uint32_t kLoops = 2;

    BusTest() { makeBus(64); }
    ~BusTest() override {
        plugins.clear();
        bus.reset();
    }
    void makeBus(uint32_t suspended_max) {
        plugins.clear();
        bus.reset();
        Bus::Options o{loops, clock, log, "n07", "1.2.3"};
        o.suspended_max = suspended_max;
        o.filter_failures_max = 3;
        o.workers = 2;
        o.work_queue_max = 8;
        bus = std::make_unique<Bus>(std::move(o));
    }
    PluginIdentity identity(const std::string& id) {
        PluginIdentity i;
        i.id = id;
        i.version = "1.0.0";
        i.instance = id.substr(id.rfind('.') + 1);
        for (uint16_t h = 0; h < kHookCount; ++h) {
            i.hooks.emplace_back(Hooks::nameOf(static_cast<Hook>(h)));
        }
        i.config_json = "{}";
        return i;
    }
    TestPlugin& plugin(const std::string& id) {
        plugins.push_back(std::make_unique<TestPlugin>(*bus, identity(id)));
        return *plugins.back();
    }
    // Runs f in a turn of the loop.
    void on(uint32_t loop, const std::function<void()>& f) {
        const auto run = [](void* self, uint64_t, uint64_t) noexcept {
            (*static_cast<const std::function<void()>*>(self))();
        };
        ASSERT_TRUE(loops.at(loop).post({run, const_cast<std::function<void()>*>(&f), 0, 0},
                                        loop::PostClass::kReply));
        loops.at(loop).turn(0);
    }
    void turn(uint32_t loop = 0) { loops.at(loop).turn(0); }
    // Time passes on every loop.
    void advance(uint64_t ms) {
        clock.advance(ms);
        for (uint32_t i = 0; i < kLoops; ++i) turn(i);
    }
    template <class Event>
    void emit(Hook hook, Event ev, Outcome& o, uint32_t loop = 0) {
        on(loop, [&] {
            Event event = ev;
            o.now = bus->hooks().emit(hook, &event.h, &BusTest::finished, &o, hook);
            if (o.now != SARA_SUSPEND) read(hook, &event.h, o);
        });
    }
    static void finished(void* user, uint64_t hook, sara_event* ev, sara_verdict v) noexcept {
        if (!Outcome::living().contains(user)) return;
        auto& o = *static_cast<Outcome*>(user);
        o.later = v;
        ++o.completions;
        read(static_cast<Hook>(hook), ev, o);
    }
    static void read(Hook hook, sara_event* ev, Outcome& o) {
        o.flags = ev->flags;
        if (hook == kSessionLogin) {
            const auto* login = reinterpret_cast<sara_ev_login*>(ev);
            o.reason = text(login->reason);
            o.jid = text(login->jid);
        } else if (hook == kPacketIn || hook == kPacketRoute || hook == kPacketDeliver) {
            const auto* packet = reinterpret_cast<sara_ev_packet*>(ev);
            o.reason = text(packet->reason);
            o.to = text(packet->to);
        } else if (hook == kGroupExpand) {
            o.members = text(reinterpret_cast<sara_ev_group*>(ev)->members);
        }
    }
    static sara_ev_login login(std::string_view jid = "a@test/x") {
        sara_ev_login ev{};
        ev.jid = str(jid);
        return ev;
    }
    static sara_ev_packet packet(uint32_t type = 1) {
        sara_ev_packet ev{};
        ev.type = type;
        ev.to = str("b@test");
        return ev;
    }

    loop::ManualClock clock;
    KeptLog log;
    loop::LoopSet loops{kLoops, clock, {}};
    std::unique_ptr<Bus> bus;
    std::vector<std::unique_ptr<TestPlugin>> plugins;
};

}  // namespace sara::bus
