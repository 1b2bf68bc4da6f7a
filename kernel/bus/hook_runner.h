// Runs the chain of a hook: filters in order, verdicts checked, failures handled by the filter's
// policy, taps last; parks an event and goes on with it. Decides what a bad verdict, a timeout and
// a switched-off filter mean. Does not know who may subscribe.
#pragma once
#include <atomic>
#include <cstdint>
#include <vector>

#include "bus/deadline_ring.h"
#include "bus/hook_chain.h"
#include "bus/suspended.h"
#include "loop/clock.h"
#include "loop/counters.h"
#include "loop/log.h"
#include "loop/loop_set.h"

namespace sara::bus {

class HookRunner final : public Hooks {
  public:
    static constexpr uint32_t kSuspendMsMax = 60'000;
    static constexpr uint64_t kRewriteBytesMax = 1 << 20;  // docs/limits.md: rewrite_bytes_max

    struct Options {
        loop::LoopSet& loops;
        const loop::Clock& clock;
        loop::Log& log;
        uint32_t suspended_max;
        FilterHealth::Limits health;
    };
    explicit HookRunner(Options options);
    ~HookRunner() override;

    sara_verdict emit(Hook h, sara_event* ev, Finished finished, void* user, uint64_t a) override;
    void setPacketCheck(PacketCheck check) override { packet_check_ = check; }

    // [control]
    bool subscribe(std::unique_ptr<Subscription> s);
    bool unsubscribe(const Instance* owner, sara_id handle);
    void unsubscribeAll(const Instance* owner);
    // What sara.bus/1 promises; owner is the instance that calls.
    sara_id suspend(const Instance* owner, sara_event* ev, uint32_t timeout_ms,
                    sara_verdict on_timeout);
    sara_status resume(const Instance* owner, sara_id token, sara_verdict v, sara_str reason);
    sara_status setStr(const Instance* owner, sara_event* ev, uint32_t field, sara_str v);
    sara_status setRaw(const Instance* owner, sara_event* ev, sara_buf* b);

    // [loop] Tokens of this loop that owner (nullptr: anybody) holds get their timeout verdict now.
    // Also [control] while the loops stand still.
    void finishParked(uint32_t loop, const Instance* owner);
    // [control] No new token from now on.
    void close() { closed_.store(true, std::memory_order_relaxed); }

  private:
    // One emission while it runs; they nest when a filter causes another event.
    struct Frame {
        Frame* outer;
        sara_event* ev;
        const Instance* owner;  // whose filter runs
        Suspended* record;      // nullptr: cannot be parked
        const Chain* chain;
        sara_id token = 0;
        Hook hook;
        bool spoiled = false;  // a token was dropped while its answer was under way: no second one
        Finished finished = nullptr;
        void* user = nullptr;
        uint64_t a = 0;
    };
    // What belongs to one loop.
    struct alignas(64) Lane {
        HookRunner* runner = nullptr;
        uint32_t index = 0;
        uint32_t credit = 0;       // tokens that this loop may still give out
        StringArena turn_strings;  // what filters rewrote; reset at the end of the turn
        std::vector<loop::Buffer*> turn_buffers;
        bool turn_end_asked = false;
        DeadlineRing deadlines;  // of the open tokens
        loop::TimerId sweep = 0;
        Suspended* ready_first = nullptr;  // answered on this loop, go on at its next turn
        Suspended* ready_last = nullptr;
    };

    sara_verdict walk(Frame& f, size_t index);
    sara_verdict settle(Frame& f, size_t index, sara_verdict v);
    sara_verdict failed(Frame& f, const FilterEntry& e, sara_verdict v);
    sara_verdict switchedOff(Frame& f, const FilterEntry& e);
    void dropToken(Frame& f);
    bool takeCredit(Lane& lane);
    void giveCredit(Lane& lane);
    void runTaps(Frame& f);
    void leave(Frame& f, sara_event* ev);
    void proceed(Suspended& s);
    sara_verdict answerOf(Frame& f, Suspended& s);
    void give(Suspended& s);
    void drainReady(Lane& lane);
    // nullptr off our loops: another set's loop in a test counts as none.
    loop::EventLoop* currentLoop() const {
        loop::EventLoop* loop = loop::EventLoop::current();
        if (loop == nullptr || loop->index() >= lanes_.size()) return nullptr;
        return &options_.loops.at(loop->index()) == loop ? loop : nullptr;
    }
    Lane* turnLane();
    Frame* frameOf(const Instance* owner, const sara_event* ev) const;
    uint64_t nowMs() const;

    bool startSweep(Lane& lane);
    void timedOut(Suspended& s);

    static void onSweep(void* lane) noexcept;
    static void onAnswer(void* self, uint64_t record, uint64_t) noexcept;
    static void onReady(void* self, uint64_t lane, uint64_t) noexcept;
    static void onTurnEnd(void* lane) noexcept;

    Options options_;
    HookChains chains_;
    TicketPool<Suspended> pool_;
    std::vector<Lane> lanes_;
    PacketCheck packet_check_ = nullptr;
    const uint32_t credit_block_;
    std::atomic<uint32_t> credit_;  // tokens of suspended_max that no loop holds
    std::atomic<bool> closed_{false};
    loop::Counter failures_, timeouts_, refused_, switched_off_;

    static constinit thread_local Frame* frame_;
};

}  // namespace sara::bus
