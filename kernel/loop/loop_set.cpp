#include "loop/loop_set.h"

#include <pthread.h>

#include <cassert>
#include <csignal>
#include <cstring>
#include <latch>
#include <string>

namespace sara::loop {
namespace {

struct Round {
    void (*fn)(void* user, uint32_t loop);
    void* user;
    std::latch done;
};

void runRound(void* self, uint64_t loop, uint64_t) noexcept {
    auto* const round = static_cast<Round*>(self);
    round->fn(round->user, static_cast<uint32_t>(loop));
    round->done.count_down();
}

uint64_t fold(uint64_t a, uint64_t b) {
    __extension__ using Wide = unsigned __int128;
    const Wide product = Wide{a} * b;
    return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

// Eight bytes a step, multiply and fold: jids are long and share long prefixes and suffixes.
uint64_t hashOf(std::string_view s) {
    constexpr uint64_t kA = 0x9e3779b97f4a7c15;
    constexpr uint64_t kB = 0xd6e8feb86659fd93;
    uint64_t h = kA ^ s.size();
    while (!s.empty()) {
        uint64_t word = 0;
        const size_t n = s.size() < 8 ? s.size() : 8;
        std::memcpy(&word, s.data(), n);
        h = fold(h ^ word, kB) + kA;
        s.remove_prefix(n);
    }
    return fold(h, kA ^ kB);
}

}  // namespace

LoopSet::LoopSet(uint32_t count, const Clock& clock, EventLoop::Limits limits) {
    assert(count > 0);
    loops_.reserve(count);
    for (uint32_t i = 0; i < count; ++i) {
        loops_.push_back(std::make_unique<EventLoop>(i, clock, limits));
    }
}

LoopSet::~LoopSet() { stop(); }

void LoopSet::start() {
    assert(!running_);
    running_ = true;
    // Threads inherit the mask: signals are for the control thread.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    sigdelset(&all, SIGPROF);  // of profilers: it is for the thread that runs
    pthread_sigmask(SIG_SETMASK, &all, &before);
    threads_.reserve(loops_.size());
    for (const auto& loop : loops_) {
        threads_.emplace_back([l = loop.get()] {
            pthread_setname_np(pthread_self(), ("sara-loop-" + std::to_string(l->index())).c_str());
            l->run();
        });
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void LoopSet::stop() {
    if (!running_) return;
    for (const auto& loop : loops_) loop->stop();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
    running_ = false;
}

void LoopSet::runOnEach(void (*fn)(void* user, uint32_t loop), void* user) {
    if (!running_) {
        for (const auto& loop : loops_) loop->enter(fn, user);
        return;
    }
    assert(EventLoop::current() == nullptr);  // it would wait for itself
    Round round{fn, user, std::latch(static_cast<ptrdiff_t>(loops_.size()))};
    for (const auto& loop : loops_) {
        const bool admitted = loop->post({&runRound, &round, loop->index(), 0}, PostClass::kReply);
        assert(admitted);  // it runs until stop(), which is ours to call
        if (!admitted) round.done.count_down();
    }
    round.done.wait();
}

uint32_t LoopSet::homeOf(std::string_view bare_jid) const {
    if (loops_.size() == 1) return 0;
    // The upper half of the product: as even as a remainder, without the division.
    return static_cast<uint32_t>((hashOf(bare_jid) >> 32) * loops_.size() >> 32);
}

}  // namespace sara::loop
