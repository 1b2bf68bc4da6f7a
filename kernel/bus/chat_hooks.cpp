#include "bus/chat_hooks.h"

#include <array>
#include <atomic>

#include "bus/abi_text.h"
#include "chat/envelope.h"
#include "chat/replies.h"
#include "loop/event_loop.h"

namespace sara::bus {
namespace {

constexpr std::array kHookOf = {kConnOpen,  kConnClose,   kSessionLogin,  kSessionOnline,
                                kPacketIn,  kPacketRoute, kPacketDeliver, kPacketOffline,
                                kPacketAck, kGroupExpand};

Hook hookOf(chat::HookPoint p) { return kHookOf[static_cast<size_t>(p)]; }

// A filter's text is read like a client's, and must be the packet that it was.
std::atomic<uint32_t> depth_max{64};

bool samePacket(const sara_ev_packet& before, const uint8_t* data, uint64_t len,
                sara_ev_packet* after) noexcept {
    thread_local chat::EnvelopeReader reader(depth_max.load(std::memory_order_relaxed));
    chat::Envelope e;
    if (!reader.read({reinterpret_cast<const char*>(data), len}, e)) return false;
    if (e.type != before.type || e.id != view(before.id) || e.from != view(before.from)) {
        return false;
    }
    after->id = str(e.id);
    after->from = str(e.from);
    after->to = str(e.to);
    after->gid = str(e.gid);
    after->ct = str(e.ct);
    after->ack = e.ack;
    return true;
}

}  // namespace

ChatHooks::ChatHooks(Hooks& hooks, uint32_t loops, uint32_t json_depth_max)
    : hooks_(hooks), free_(loops, nullptr), owned_(loops) {
    depth_max.store(json_depth_max, std::memory_order_relaxed);
    hooks_.setPacketCheck(samePacket);
    refresh();
}

ChatHooks::~ChatHooks() = default;

void ChatHooks::refresh() {
    uint32_t mask = 0;
    for (uint32_t i = 0; i < kHookOf.size(); ++i) {
        if (hooks_.any(kHookOf[i])) mask |= 1u << i;
    }
    mask_.store(mask, std::memory_order_relaxed);
}

ChatHooks::Parked& ChatHooks::claim(const Parked& facts) {
    const uint32_t loop = loop::EventLoop::current()->index();
    if (free_[loop] == nullptr) {
        owned_[loop].push_back(std::make_unique<Parked>());
        owned_[loop].back()->next = nullptr;
        free_[loop] = owned_[loop].back().get();
    }
    Parked& parked = *free_[loop];
    free_[loop] = parked.next;
    parked = facts;
    return parked;
}

void ChatHooks::release(Parked& parked) {
    const uint32_t loop = loop::EventLoop::current()->index();
    parked.next = free_[loop];
    free_[loop] = &parked;
}

chat::HookAnswer ChatHooks::answerOf(Hook h, const sara_event* ev, sara_verdict v) {
    chat::HookAnswer answer;
    answer.verdict = static_cast<chat::Verdict>(v);
    switch (h) {
        case kConnOpen:
        case kConnClose:
            answer.reason = view(reinterpret_cast<const sara_ev_conn*>(ev)->reason);
            break;
        case kSessionLogin:
        case kSessionOnline:
            answer.reason = view(reinterpret_cast<const sara_ev_login*>(ev)->reason);
            break;
        case kGroupExpand: {
            const auto& g = *reinterpret_cast<const sara_ev_group*>(ev);
            answer.reason = view(g.reason);
            answer.members = view(g.members);
            break;
        }
        default: {
            const auto& p = *reinterpret_cast<const sara_ev_packet*>(ev);
            answer.reason = view(p.reason);
            if ((ev->flags & SARA_EV_DIRTY) == 0) break;
            answer.redirect = view(p.to);
            answer.text = {reinterpret_cast<const char*>(p.raw->data), p.raw->len};
        }
    }
    return answer;
}

chat::HookAnswer ChatHooks::run(Hook h, sara_event* ev, const Parked& facts) {
    ev->session = facts.session;
    Parked& parked = claim(facts);
    const sara_verdict v =
        hooks_.emit(h, ev, onFinished, this, reinterpret_cast<uint64_t>(&parked));
    if (v == SARA_SUSPEND) {
        chat::HookAnswer later;
        later.verdict = chat::Verdict::kSuspend;
        return later;
    }
    release(parked);
    return answerOf(h, ev, v);
}

void ChatHooks::onFinished(void* hooks, uint64_t parked, sara_event* ev, sara_verdict v) noexcept {
    auto& facts = *reinterpret_cast<Parked*>(parked);
    const Parked copy = facts;
    static_cast<ChatHooks*>(hooks)->release(facts);
    copy.resume(*copy.room, copy.session, copy.arg, answerOf(copy.hook, ev, v));
}

chat::HookAnswer ChatHooks::conn(chat::HookPoint p, chat::Room& room, chat::SessionId session,
                                 const chat::ConnFacts& facts, Continue resume, uint64_t arg) {
    const Hook h = hookOf(p);
    sara_ev_conn ev{};
    ev.transport = str(facts.transport);
    ev.peer = str(facts.peer);
    ev.reason = str(facts.reason);
    return run(h, &ev.h, {&room, session, resume, arg, h, nullptr});
}

chat::HookAnswer ChatHooks::login(chat::HookPoint p, chat::Room& room, chat::SessionId session,
                                  const chat::LoginFacts& facts, Continue resume, uint64_t arg) {
    const Hook h = hookOf(p);
    sara_ev_login ev{};
    ev.jid = str(facts.jid);
    ev.user = str(facts.user);
    ev.domain = str(facts.domain);
    ev.resource = str(facts.resource);
    ev.password = str(facts.password);
    return run(h, &ev.h, {&room, session, resume, arg, h, nullptr});
}

chat::HookAnswer ChatHooks::packet(chat::HookPoint p, chat::Room& room, chat::SessionId session,
                                   const chat::Packet& packet, Continue resume, uint64_t arg) {
    const Hook h = hookOf(p);
    char stamp[chat::kStampDigits];
    chat::writeStamp(packet.facts().ct_ms, stamp);
    sara_ev_packet ev{};
    ev.type = packet.facts().type;
    ev.ack = packet.facts().ack;
    ev.id = str(packet.id());
    ev.from = str(packet.from());
    ev.to = str(packet.to());
    ev.gid = str(packet.gid());
    ev.ct = {stamp, chat::kStampDigits};
    ev.raw = reinterpret_cast<sara_buf*>(packet.buffer());
    const std::string_view to = packet.to();
    const std::string_view text = packet.text();
    chat::HookAnswer answer = run(h, &ev.h, {&room, session, resume, arg, h, nullptr});
    // Unchanged parts do not come back, so the room rebuilds nothing for them.
    if (answer.redirect.data() == to.data() || answer.redirect == to) answer.redirect = {};
    if (answer.text.data() == text.data()) answer.text = {};
    return answer;
}

chat::HookAnswer ChatHooks::group(chat::HookPoint p, chat::Room& room, chat::SessionId session,
                                  const chat::GroupFacts& facts, Continue resume, uint64_t arg) {
    const Hook h = hookOf(p);
    sara_ev_group ev{};
    ev.gid = str(facts.gid);
    ev.domain = str(facts.domain);
    ev.from = str(facts.from);
    return run(h, &ev.h, {&room, session, resume, arg, h, nullptr});
}

}  // namespace sara::bus
