// The parking half of HookRunner: tokens, their deadlines, and how a parked event goes on.
#include <algorithm>
#include <utility>

#include "bus/hook_runner.h"

namespace sara::bus {

// The filter asked for a token and then decided at once.
void HookRunner::dropToken(Frame& f) {
    Suspended& s = *f.record;
    f.token = 0;
    giveCredit(lanes_[s.loop]);
    lanes_[s.loop].deadlines.remove(s);
    if (s.claim(s.generation())) {
        s.disarm();
    } else {
        // Another thread has answered already and its post is under way: the record is free after
        // it.
        s.voided = true;
        f.spoiled = true;
        f.ev->flags = static_cast<uint16_t>(f.ev->flags & ~SARA_EV_CAN_SUSPEND);
    }
}

HookRunner::Frame* HookRunner::frameOf(const Instance* owner, const sara_event* ev) const {
    for (Frame* f = frame_; f != nullptr; f = f->outer) {
        if (f->ev == ev && f->owner == owner && owner != nullptr) return f;
    }
    return nullptr;
}

// Each loop holds a few credits, so that most tokens need no counter that loops share.
bool HookRunner::takeCredit(Lane& lane) {
    if (lane.credit == 0) {
        uint32_t left = credit_.load(std::memory_order_relaxed);
        uint32_t n;
        do {
            n = std::min(left, credit_block_);
            if (n == 0) return false;
        } while (!credit_.compare_exchange_weak(left, left - n, std::memory_order_relaxed));
        lane.credit = n;
    }
    --lane.credit;
    return true;
}

void HookRunner::giveCredit(Lane& lane) {
    if (++lane.credit < 2 * credit_block_) return;
    lane.credit -= credit_block_;
    credit_.fetch_add(credit_block_, std::memory_order_relaxed);
}

sara_id HookRunner::suspend(const Instance* owner, sara_event* ev, uint32_t timeout_ms,
                            sara_verdict on_timeout) {
    Frame* f = frameOf(owner, ev);
    if (f == nullptr || f->record == nullptr || f->token != 0 || f->spoiled) return 0;
    if (timeout_ms == 0 || timeout_ms > kSuspendMsMax || on_timeout > SARA_REJECT) return 0;
    if (closed_.load(std::memory_order_relaxed)) return 0;
    Suspended& s = *f->record;
    Lane& lane = lanes_[s.loop];
    if (!takeCredit(lane)) {
        refused_.add();
        return 0;
    }
    s.owner.store(owner, std::memory_order_relaxed);
    s.runner = this;
    s.hook = f->hook;
    s.finished = f->finished;
    s.user = f->user;
    s.a = f->a;
    if (!startSweep(lane) || !s.keepStrings()) {
        giveCredit(lane);
        refused_.add();
        return 0;
    }
    lane.deadlines.add(s, options_.loops.at(s.loop).nowMs() + timeout_ms);
    s.on_timeout = on_timeout;
    s.parked = false;
    f->token = s.arm();
    return f->token;
}

sara_status HookRunner::resume(const Instance* owner, sara_id token, sara_verdict v,
                               sara_str reason) {
    if (v < SARA_PASS || v > SARA_REJECT) return SARA_E_INVALID;
    if (reason.len > Suspended::kReasonBytesMax) return SARA_E_INVALID;
    Suspended* s = pool_.claim(token, [&](const Suspended& r) { return r.owner.load() == owner; });
    if (s == nullptr) return SARA_E_STALE;
    s->answer = v;
    s->timed_out = false;
    s->reason_len = static_cast<uint32_t>(reason.len);
    if (reason.len != 0) std::char_traits<char>::copy(s->reason, reason.ptr, reason.len);
    loop::EventLoop& home = options_.loops.at(s->loop);
    if (home.isCurrent()) {
        // One post for all that this turn answers.
        Lane& lane = lanes_[s->loop];
        if (lane.ready_first == nullptr &&
            !home.post({&HookRunner::onReady, this, s->loop, 0}, loop::PostClass::kReply)) {
            s->unclaim();
            return SARA_E_CLOSED;
        }
        s->next_ready = nullptr;
        (lane.ready_first == nullptr ? lane.ready_first : lane.ready_last->next_ready) = s;
        lane.ready_last = s;
        return SARA_OK;
    }
    const loop::Post post{&HookRunner::onAnswer, this, reinterpret_cast<uint64_t>(s), 0};
    if (home.post(post, loop::PostClass::kReply)) return SARA_OK;
    s->unclaim();
    return SARA_E_CLOSED;
}

// One timer per loop for all tokens, and none while there are none.
bool HookRunner::startSweep(Lane& lane) {
    if (lane.sweep == 0) {
        lane.sweep = options_.loops.at(lane.index)
                         .startTimer(DeadlineRing::kTickMs, DeadlineRing::kTickMs,
                                     &HookRunner::onSweep, &lane);
    }
    return lane.sweep != 0;
}

void HookRunner::onSweep(void* user) noexcept {
    auto& lane = *static_cast<Lane*>(user);
    loop::EventLoop& loop = lane.runner->options_.loops.at(lane.index);
    lane.deadlines.expire(loop.nowMs(),
                          [&](Deadline& d) { lane.runner->timedOut(static_cast<Suspended&>(d)); });
    if (lane.deadlines.empty()) loop.cancelTimer(std::exchange(lane.sweep, 0));
}

void HookRunner::timedOut(Suspended& s) {
    if (!s.claim(s.generation())) return;  // the answer is under way
    timeouts_.add();
    s.answer = s.on_timeout;
    s.timed_out = true;
    s.reason_len = 0;
    proceed(s);
}

void HookRunner::onAnswer(void* self, uint64_t record, uint64_t) noexcept {
    static_cast<HookRunner*>(self)->proceed(*reinterpret_cast<Suspended*>(record));
}

void HookRunner::onReady(void* self, uint64_t lane, uint64_t) noexcept {
    auto* runner = static_cast<HookRunner*>(self);
    runner->drainReady(runner->lanes_[lane]);
}

void HookRunner::drainReady(Lane& lane) {
    Suspended* s = lane.ready_first;
    lane.ready_first = lane.ready_last = nullptr;
    while (s != nullptr) {
        Suspended* next = s->next_ready;
        proceed(*s);
        s = next;
    }
}

// Goes on with a parked event whose token has been claimed.
void HookRunner::proceed(Suspended& s) {
    if (s.voided) {
        s.voided = false;
        s.disarm();
        pool_.give(&s);
        return;
    }
    lanes_[s.loop].deadlines.remove(s);
    s.parked = false;
    s.disarm();
    giveCredit(lanes_[s.loop]);

    Frame f{.outer = frame_,
            .ev = &s.event.head,
            .owner = nullptr,
            .record = &s,
            .chain = chains_.chain(s.hook),
            .hook = s.hook,
            .finished = s.finished,
            .user = s.user,
            .a = s.a};
    frame_ = &f;
    sara_verdict v = answerOf(f, s);
    if (v == SARA_PASS) v = walk(f, HookChains::next(*f.chain, *s.chain, s.index));
    frame_ = f.outer;
    if (v == SARA_SUSPEND) return;
    if (!f.chain->taps.empty()) runTaps(f);
    if (s.finished != nullptr) s.finished(s.user, s.a, f.ev, v);
    s.owner.store(nullptr, std::memory_order_relaxed);
    s.forget();
    if (!f.spoiled) pool_.give(&s);
}

sara_verdict HookRunner::answerOf(Frame& f, Suspended& s) {
    if (s.reason_len != 0) {
        sara_str reason{s.reason, s.reason_len};
        if (s.strings.copy(reason, &reason)) reasonOf(f.hook, f.ev) = reason;
    }
    if (!s.timed_out) return s.answer;
    if (s.answer <= SARA_PASS) {  // it gave no verdict for this: its failure policy does
        return failed(f, s.chain->filters[s.index], SARA_E_TIMEOUT);
    }
    if (s.answer == SARA_REJECT) giveReason(f.hook, f.ev, "filter_timeout");
    return s.answer;
}

void HookRunner::finishParked(uint32_t loop, const Instance* owner) {
    drainReady(lanes_[loop]);
    std::vector<Suspended*> open;
    pool_.forEachArmed(loop, [&](Suspended& s) {
        if (s.parked && (owner == nullptr || s.owner.load() == owner)) open.push_back(&s);
    });
    for (Suspended* s : open) {
        if (!s->claim(s->generation())) continue;
        s->answer = s->on_timeout;
        s->timed_out = true;
        s->reason_len = 0;
        proceed(*s);
    }
    Lane& lane = lanes_[loop];
    if (lane.sweep != 0 && lane.deadlines.empty()) {
        options_.loops.at(loop).cancelTimer(std::exchange(lane.sweep, 0));
    }
}

}  // namespace sara::bus
