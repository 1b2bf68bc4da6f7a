// Real threads: answers from strangers, the worker pool, and an instance that leaves while loops
// run.
#include <atomic>
#include <chrono>
#include <latch>
#include <thread>

#include "bus_harness.h"

namespace sara::bus {
namespace {

using namespace std::chrono_literals;

bool soon(const std::function<bool()>& f) {
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (!f()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::sleep_for(1ms);
    }
    return true;
}

// A bus whose loops run.
class Threads : public testing::Test {
  protected:
    Threads() {
        Bus::Options o{loops, clock, log, "n01", "1"};
        o.workers = 2;
        o.work_queue_max = 64;
        bus = std::make_unique<Bus>(std::move(o));
        PluginIdentity i;
        i.id = "org.a";
        i.instance = "a";
        i.hooks = {"session.login", "packet.in"};
        plugin = std::make_unique<TestPlugin>(*bus, i);
    }
    ~Threads() override {
        bus->shutDown();
        plugin.reset();
        loops.stop();
        bus.reset();
    }
    // fn(loop) on every loop, and waits.
    void onEach(std::function<void(uint32_t)> fn) {
        loops.runOnEach(
            [](void* user, uint32_t loop) {
                (*static_cast<std::function<void(uint32_t)>*>(user))(loop);
            },
            &fn);
    }

    loop::SystemClock clock;
    KeptLog log;
    loop::LoopSet loops{2, clock, {}};
    std::unique_ptr<Bus> bus;
    std::unique_ptr<TestPlugin> plugin;
};

TEST_F(Threads, AnswersFromManyThreadsCompleteEachEventOnce) {
    constexpr int kEvents = 2000;
    struct Shared {
        std::mutex mutex;
        std::vector<sara_id> tokens;
        std::atomic<int> accepted{0}, rejected{0}, first{0}, stale{0};
    } shared;
    ASSERT_EQ(plugin->filter(kSessionLogin,
                             [&](sara_event* ev) -> sara_verdict {
                                 const sara_id t = plugin->suspend(ev, 60'000, SARA_REJECT);
                                 if (t == 0) return SARA_REJECT;
                                 const std::lock_guard lock(shared.mutex);
                                 shared.tokens.push_back(t);
                                 return SARA_SUSPEND;
                             }),
              SARA_OK);
    loops.start();
    const auto finished = [](void* user, uint64_t, sara_event*, sara_verdict v) noexcept {
        auto& s = *static_cast<Shared*>(user);
        ++(v == SARA_ACCEPT ? s.accepted : s.rejected);
    };
    // Two threads answer every token that they see, in opposite senses, some of them twice.
    std::atomic<bool> end{false};
    const auto answers = [&](sara_verdict v) {
        size_t seen = 0;
        while (!end || seen < 2 * kEvents) {
            sara_id t = 0;
            {
                const std::lock_guard lock(shared.mutex);
                if (seen < shared.tokens.size()) t = shared.tokens[seen];
            }
            if (t == 0) {
                std::this_thread::yield();
                continue;
            }
            ++seen;
            const sara_status st = plugin->resume(t, v, "because of this and that");
            ++(st == SARA_OK ? shared.first : shared.stale);
        }
    };
    std::thread yes(answers, SARA_ACCEPT), no(answers, SARA_REJECT);
    onEach([&](uint32_t) {
        for (int i = 0; i < kEvents; ++i) {
            sara_ev_login ev{};
            ev.jid = str("somebody@test");
            EXPECT_EQ(bus->hooks().emit(kSessionLogin, &ev.h, finished, &shared, 0), SARA_SUSPEND);
        }
    });
    end = true;
    yes.join();
    no.join();
    EXPECT_TRUE(soon([&] { return shared.accepted + shared.rejected == 2 * kEvents; }));
    EXPECT_EQ(shared.first, 2 * kEvents);
    EXPECT_EQ(shared.stale, 2 * kEvents);
}

TEST_F(Threads, TimeoutsAndAnswersRaceForOneCompletion) {
    constexpr int kEvents = 200;
    struct Shared {
        std::mutex mutex;
        std::vector<sara_id> tokens;
        std::atomic<int> completions{0};
    } shared;
    ASSERT_EQ(plugin->filter(kSessionLogin,
                             [&](sara_event* ev) -> sara_verdict {
                                 const sara_id t = plugin->suspend(ev, 8, SARA_REJECT);
                                 const std::lock_guard lock(shared.mutex);
                                 shared.tokens.push_back(t);
                                 return SARA_SUSPEND;
                             }),
              SARA_OK);
    loops.start();
    const auto finished = [](void* user, uint64_t, sara_event*, sara_verdict) noexcept {
        ++static_cast<Shared*>(user)->completions;
    };
    onEach([&](uint32_t) {
        for (int i = 0; i < kEvents; ++i) {
            sara_ev_login ev{};
            EXPECT_EQ(bus->hooks().emit(kSessionLogin, &ev.h, finished, &shared, 0), SARA_SUSPEND);
        }
    });
    for (size_t i = 0; i < 2 * kEvents; ++i) {
        (void)plugin->resume(shared.tokens[i], SARA_ACCEPT);
        if (i % 40 == 0) std::this_thread::sleep_for(1ms);  // spreads the answers over the timeouts
    }
    EXPECT_TRUE(soon([&] { return shared.completions >= 2 * kEvents; }));
    onEach([](uint32_t) {});
    EXPECT_EQ(shared.completions, 2 * kEvents);
}

// Each loop emits in every turn until the end.
struct Emitter {
    Hooks& hooks;
    std::atomic<bool>& end;
    loop::LoopSet& loops;
    std::atomic<int>& emitting;

    static void run(void* self, uint64_t loop, uint64_t) noexcept {
        auto& e = *static_cast<Emitter*>(self);
        for (int i = 0; i < 100; ++i) {
            sara_ev_packet ev{};
            (void)e.hooks.emit(kPacketIn, &ev.h, nullptr, nullptr, 0);
        }
        const loop::Post again{&Emitter::run, self, loop, 0};
        loop::EventLoop& here = e.loops.at(static_cast<uint32_t>(loop));
        if (e.end || !here.post(again, loop::PostClass::kReply)) --e.emitting;
    }
};

TEST_F(Threads, AnInstanceLeavesWhileLoopsEmit) {
    std::atomic<int> inside{0}, calls{0};
    std::atomic<bool> gone{false}, end{false};
    ASSERT_EQ(plugin->filter(kPacketIn,
                             [&](sara_event*) {
                                 EXPECT_FALSE(gone);
                                 ++calls;
                                 return SARA_PASS;
                             }),
              SARA_OK);
    loops.start();
    Emitter emitter{bus->hooks(), end, loops, inside};
    inside = 2;
    for (uint32_t i = 0; i < 2; ++i) {
        ASSERT_TRUE(loops.at(i).post({&Emitter::run, &emitter, i, 0}, loop::PostClass::kReply));
    }
    EXPECT_TRUE(soon([&] { return calls > 1000; }));
    plugin->host->removeRegistrations();
    gone = true;
    EXPECT_FALSE(bus->hooks().any(kPacketIn));
    end = true;
    EXPECT_TRUE(soon([&] { return inside == 0; }));
}

// --- the worker pool ---

struct Job {
    std::atomic<int> worked{0}, completed{0};
    std::thread::id worker, loop_thread;
    std::latch* gate = nullptr;
    static void work(void* user) noexcept {
        auto& j = *static_cast<Job*>(user);
        if (j.gate != nullptr) j.gate->wait();
        j.worker = std::this_thread::get_id();
        ++j.worked;
    }
    static void done(void* user) noexcept {
        auto& j = *static_cast<Job*>(user);
        j.loop_thread = std::this_thread::get_id();
        EXPECT_NE(loop::EventLoop::current(), nullptr);
        ++j.completed;
    }
};

TEST_F(Threads, WorkRunsOnAWorkerAndCompletesOnTheLoop) {
    loops.start();
    Job jobs[2];
    EXPECT_EQ(plugin->loop->work(plugin->h, &Job::work, &Job::done, &jobs[0]), SARA_E_THREAD);
    std::thread::id threads[2];
    onEach([&](uint32_t loop) {
        threads[loop] = std::this_thread::get_id();
        EXPECT_EQ(plugin->loop->work(plugin->h, &Job::work, &Job::done, &jobs[loop]), SARA_OK);
    });
    EXPECT_TRUE(soon([&] { return jobs[0].completed == 1 && jobs[1].completed == 1; }));
    for (int i = 0; i < 2; ++i) {
        EXPECT_EQ(jobs[i].loop_thread, threads[i]);
        EXPECT_NE(jobs[i].worker, threads[i]);
    }
}

TEST_F(Threads, AFullQueueRefusesAndWhatWasTakenStillRunsAtShutDown) {
    loops.start();
    std::latch gate(1);
    std::vector<Job> jobs(200);
    size_t taken = 0;
    onEach([&](uint32_t loop) {
        if (loop != 0) return;
        for (Job& j : jobs) {
            j.gate = &gate;
            const sara_status st = plugin->loop->work(plugin->h, &Job::work, &Job::done, &j);
            if (st == SARA_E_AGAIN) break;
            EXPECT_EQ(st, SARA_OK);
            ++taken;
        }
    });
    EXPECT_GE(taken, 64U);      // the queue
    EXPECT_LE(taken, 64U + 2);  // and what the two workers hold
    std::thread opens([&] {
        std::this_thread::sleep_for(5ms);
        gate.count_down();
    });
    bus->shutDown();
    opens.join();
    for (size_t i = 0; i < jobs.size(); ++i) {
        EXPECT_EQ(jobs[i].worked, i < taken) << i;
        EXPECT_EQ(jobs[i].completed, i < taken) << i;
    }
    onEach([&](uint32_t) {
        EXPECT_EQ(plugin->loop->work(plugin->h, &Job::work, nullptr, &jobs[0]), SARA_E_CLOSED);
    });
}

TEST_F(Threads, ACompletionWhoseLoopHasStoppedRunsAtShutDown) {
    loops.start();
    std::latch gate(1);
    struct Late {
        std::latch* gate;
        int completed = 0;
    } late{&gate};
    onEach([&](uint32_t loop) {
        if (loop != 0) return;
        const auto work = [](void* user) noexcept { static_cast<Late*>(user)->gate->wait(); };
        const auto done = [](void* user) noexcept { ++static_cast<Late*>(user)->completed; };
        EXPECT_EQ(plugin->loop->work(plugin->h, work, done, &late), SARA_OK);
    });
    loops.stop();
    gate.count_down();
    EXPECT_EQ(late.completed, 0);
    bus->shutDown();
    EXPECT_EQ(late.completed, 1);
}

}  // namespace
}  // namespace sara::bus
