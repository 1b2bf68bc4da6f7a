#include "bus/hook_runner.h"

#include <algorithm>
#include <string>

namespace sara::bus {
namespace {

constexpr std::string_view kFailedReason = "filter_failed";
constexpr std::string_view kTimeoutReason = "filter_timeout";

void giveReason(Hook hook, sara_event* ev, std::string_view text) {
    sara_str& reason = reasonOf(hook, ev);
    if (reason.len == 0) reason = sara_str{text.data(), text.size()};
}

// Bits of type_mask that this event matches; every bit for hooks without packets.
uint32_t typeBit(Hook hook, const sara_event* ev) {
    if (kHookRules[hook].family != EventFamily::kPacket) return UINT32_MAX;
    const uint32_t type = reinterpret_cast<const sara_ev_packet*>(ev)->type;
    return type < 32 ? 1u << type : 0;
}

}  // namespace

constinit thread_local HookRunner::Frame* HookRunner::frame_ = nullptr;

HookRunner::HookRunner(Options options)
    : options_(options),
      pool_(options.loops.size(), options.suspended_max),
      lanes_(options.loops.size()),
      credit_block_(
          std::clamp<uint32_t>(options.suspended_max / (8 * options.loops.size()), 1, 64)),
      credit_(options.suspended_max) {
    for (uint32_t i = 0; i < lanes_.size(); ++i) {
        lanes_[i].runner = this;
        lanes_[i].index = i;
        lanes_[i].turn_buffers.reserve(16);
    }
    auto& counters = loop::Counters::instance();
    using enum loop::CounterKind;
    failures_ = counters.define(kCounter, "bus_filter_failures_total", "bad verdicts of filters");
    timeouts_ = counters.define(kCounter, "bus_suspend_timeouts_total",
                                "parked events that nobody answered in time");
    refused_ = counters.define(kCounter, "bus_suspend_refused_total",
                               "suspends refused at suspended_max or without a timer");
    switched_off_ = counters.define(kGauge, "bus_filters_off", "filters switched off for failing");
}

HookRunner::~HookRunner() {
    for (Lane& lane : lanes_) {
        for (loop::Buffer* b : lane.turn_buffers) loop::unrefBuffer(b);
    }
}

uint64_t HookRunner::nowMs() const {
    const loop::EventLoop* loop = currentLoop();
    return loop != nullptr ? loop->nowMs() : options_.clock.monotonicMs();
}

sara_verdict HookRunner::emit(Hook h, sara_event* ev, Finished finished, void* user, uint64_t a) {
    const Chain* chain = chains_.chain(h);
    const HookRule& rule = kHookRules[h];
    loop::EventLoop* loop = currentLoop();
    Frame f{.outer = frame_,
            .ev = ev,
            .owner = nullptr,
            .record = nullptr,
            .chain = chain,
            .hook = h,
            .finished = finished,
            .user = user,
            .a = a};
    if (rule.suspends && loop != nullptr && !chain->filters.empty()) {
        // Filters see the event where it would be parked, so a pointer that they keep stays good.
        f.record = pool_.take(loop->index());
        if (f.record != nullptr) {
            f.ev = &f.record->event.head;
            copyBody(h, f.ev, ev);
        }
    }
    // Member by member: a copy of the whole head would wait for these small writes to leave the
    // store buffer.
    const auto flags = static_cast<uint16_t>((ev->flags & SARA_EV_REMOTE) |
                                             (f.record != nullptr ? SARA_EV_CAN_SUSPEND : 0));
    const sara_id session = ev->session;
    const auto fill = [&](sara_event& head) {
        head.struct_size = rule.bytes;
        head.hook = h;
        head.flags = flags;
        head.loop = loop != nullptr ? loop->index() : UINT32_MAX;
        head.session = session;
        head.t_ms = loop != nullptr ? loop->nowMs() : options_.clock.monotonicMs();
    };
    fill(*ev);
    if (f.record != nullptr) fill(*f.ev);
    frame_ = &f;
    const sara_verdict v = walk(f, 0);
    frame_ = f.outer;
    if (v == SARA_SUSPEND) return v;
    if (Suspended* s = f.record) {
        const bool touched = (f.ev->flags & SARA_EV_DIRTY) != 0 || v == SARA_REJECT ||
                             s->owner.load(std::memory_order_relaxed) != nullptr;
        if (touched) [[unlikely]]
            leave(f, ev);
        f.ev = ev;
        if (!f.spoiled) pool_.give(s);
    }
    if (!chain->taps.empty()) runTaps(f);
    return v;
}

// Takes what filters wrote out of a record that is not parked after all.
void HookRunner::leave(Frame& f, sara_event* ev) {
    Suspended& s = *f.record;
    if (s.owner.load(std::memory_order_relaxed) != nullptr) {  // a token was taken and dropped
        if (Lane* lane = turnLane()) s.moveStrings(lane->turn_strings);
        s.owner.store(nullptr, std::memory_order_relaxed);
        s.forget();
    }
    ev->flags = f.ev->flags;
    copyBody(f.hook, ev, f.ev);
}

void HookRunner::runTaps(Frame& f) {
    f.owner = nullptr;  // taps may not rewrite or park
    for (const TapEntry& tap : f.chain->taps) tap.fn(tap.user, f.ev);
}

sara_verdict HookRunner::walk(Frame& f, size_t index) {
    const std::vector<FilterEntry>& filters = f.chain->filters;
    const uint32_t bit = typeBit(f.hook, f.ev);
    for (; index < filters.size(); ++index) {
        const FilterEntry& e = filters[index];
        if (e.type_mask != 0 && (e.type_mask & bit) == 0) continue;
        sara_verdict v;
        if (e.of->health.off()) [[unlikely]] {
            v = switchedOff(f, e);
        } else {
            f.owner = e.owner;
            v = e.fn(e.user, f.ev);
            if (v != SARA_PASS || f.token != 0) [[unlikely]]
                v = settle(f, index, v);
        }
        if (v != SARA_PASS) return v;
    }
    return SARA_PASS;
}

sara_verdict HookRunner::settle(Frame& f, size_t index, sara_verdict v) {
    if (v == SARA_SUSPEND && f.token != 0) {
        f.record->chain = f.chain;
        f.record->index = index;
        f.record->parked = true;
        return v;
    }
    if (f.token != 0) dropToken(f);
    if (v >= SARA_PASS && v <= SARA_REJECT) return v;
    return failed(f, f.chain->filters[index], v);
}

// The filter asked for a token and then decided at once.
void HookRunner::dropToken(Frame& f) {
    Suspended& s = *f.record;
    f.token = 0;
    giveCredit(lanes_[s.loop]);
    options_.loops.at(s.loop).cancelTimer(s.timer);
    s.timer = 0;
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

sara_verdict HookRunner::failed(Frame& f, const FilterEntry& e, sara_verdict v) {
    Subscription& s = *e.of;
    failures_.add();
    const bool off = s.health.fail(nowMs(), options_.health);
    const auto level = off ? loop::LogLevel::kError : loop::LogLevel::kWarn;
    if (options_.log.enabled(level)) {
        std::string text = "plugin '" + s.instance + "': filter on " + std::string(nameOf(f.hook)) +
                           " failed (" + std::to_string(v) + "), " +
                           std::to_string(s.health.failures()) + " of " +
                           std::to_string(options_.health.failures_max) + " in " +
                           std::to_string(options_.health.window_ms) + " ms";
        if (off) text += "; switched off until the server is restarted";
        options_.log.write(level, "bus", text);
    }
    if (off) switched_off_.add();
    if (s.filter.on_failure == SARA_ON_FAIL_OPEN) return SARA_PASS;
    giveReason(f.hook, f.ev, kFailedReason);
    return SARA_REJECT;
}

// Closed stays closed: who makes a filter fail often enough must not get past it.
sara_verdict HookRunner::switchedOff(Frame& f, const FilterEntry& e) {
    if (e.of->filter.on_failure == SARA_ON_FAIL_OPEN) return SARA_PASS;
    giveReason(f.hook, f.ev, kFailedReason);
    return SARA_REJECT;
}

// --- tokens ---

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
    s.timer = s.keepStrings()
                  ? options_.loops.at(s.loop).startTimer(timeout_ms, 0, &HookRunner::onTimeout, &s)
                  : 0;
    if (s.timer == 0) {
        giveCredit(lane);
        refused_.add();
        return 0;
    }
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

void HookRunner::onTimeout(void* user) noexcept {
    auto& s = *static_cast<Suspended*>(user);
    s.timer = 0;
    if (!s.claim(s.generation())) return;  // the answer is under way
    s.runner->timeouts_.add();
    s.answer = s.on_timeout;
    s.timed_out = true;
    s.reason_len = 0;
    s.runner->proceed(s);
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
    if (s.timer != 0) options_.loops.at(s.loop).cancelTimer(s.timer);
    s.timer = 0;
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
    if (s.answer == SARA_REJECT) giveReason(f.hook, f.ev, kTimeoutReason);
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
}

}  // namespace sara::bus
