// What each hook allows: who may filter it, whether it may wait, and which fields of its event a
// filter may rewrite. A table and look-ups into it, no state. Decides nothing about order or
// failure.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "bus/hooks.h"

namespace sara::bus {

enum class EventFamily : uint8_t { kConn, kLogin, kPacket, kGroup, kRpc };

struct HookRule {
    std::string_view name;
    EventFamily family;
    uint32_t bytes;  // of the event
    bool filters;    // false: taps only
    bool suspends;   // a filter may park the event
    bool raw;        // bus.set_raw() is allowed
    bool redirect;   // SARA_F_TO is allowed
};

inline constexpr std::array<HookRule, kHookCount> kHookRules{{
    {SARA_HOOK_CONN_OPEN, EventFamily::kConn, sizeof(sara_ev_conn), true, true, false, false},
    {SARA_HOOK_CONN_CLOSE, EventFamily::kConn, sizeof(sara_ev_conn), false, false, false, false},
    {SARA_HOOK_SESSION_LOGIN, EventFamily::kLogin, sizeof(sara_ev_login), true, true, false, false},
    {SARA_HOOK_SESSION_ONLINE, EventFamily::kLogin, sizeof(sara_ev_login), false, false, false,
     false},
    {SARA_HOOK_PACKET_IN, EventFamily::kPacket, sizeof(sara_ev_packet), true, true, true, true},
    {SARA_HOOK_GROUP_EXPAND, EventFamily::kGroup, sizeof(sara_ev_group), true, true, false, false},
    {SARA_HOOK_PACKET_ROUTE, EventFamily::kPacket, sizeof(sara_ev_packet), true, true, false, true},
    // One event per recipient: parking it would multiply what one sender can hold.
    {SARA_HOOK_PACKET_DELIVER, EventFamily::kPacket, sizeof(sara_ev_packet), true, false, true,
     false},
    {SARA_HOOK_PACKET_OFFLINE, EventFamily::kPacket, sizeof(sara_ev_packet), true, false, false,
     false},
    {SARA_HOOK_PACKET_ACK, EventFamily::kPacket, sizeof(sara_ev_packet), false, false, false,
     false},
    {SARA_HOOK_RPC_CALL, EventFamily::kRpc, sizeof(sara_ev_rpc), true, true, false, false},
}};

// Room for an event of any family.
union AnyEvent {
    sara_event head;
    sara_ev_conn conn;
    sara_ev_login login;
    sara_ev_packet packet;
    sara_ev_group group;
    sara_ev_rpc rpc;
};

// Offsets of the strings of a family, the reason last.
struct StringFields {
    uint8_t count;
    uint16_t offset[6];
};
const StringFields& stringFields(EventFamily family);

inline sara_str& stringAt(sara_event* ev, uint16_t offset) {
    return *reinterpret_cast<sara_str*>(reinterpret_cast<char*>(ev) + offset);
}
// The field that set_str() may write, or nullptr.
sara_str* writableField(Hook hook, sara_event* ev, uint32_t field);
// The reason of the event; every family has one.
sara_str& reasonOf(Hook hook, sara_event* ev);
// Unless a filter gave one already; text must outlive the event.
inline void giveReason(Hook hook, sara_event* ev, std::string_view text) {
    sara_str& reason = reasonOf(hook, ev);
    if (reason.len == 0) reason = sara_str{text.data(), text.size()};
}
// The buffer that the event carries, or nullptr when its family has none.
sara_buf** bufferOf(Hook hook, sara_event* ev);

// Copies what stands behind the head of an event. The size is a constant in each branch, so that it
// becomes a few moves.
inline void copyBody(Hook hook, sara_event* to, const sara_event* from) {
    const auto copy = [&]<class Event>(Event*) {
        std::memcpy(to + 1, from + 1, sizeof(Event) - sizeof(sara_event));
    };
    switch (kHookRules[hook].family) {
        case EventFamily::kConn:
            return copy(static_cast<sara_ev_conn*>(nullptr));
        case EventFamily::kLogin:
            return copy(static_cast<sara_ev_login*>(nullptr));
        case EventFamily::kPacket:
            return copy(static_cast<sara_ev_packet*>(nullptr));
        case EventFamily::kGroup:
            return copy(static_cast<sara_ev_group*>(nullptr));
        case EventFamily::kRpc:
            return copy(static_cast<sara_ev_rpc*>(nullptr));
    }
}

}  // namespace sara::bus
