#include "bus/hook_rules.h"

namespace sara::bus {
namespace {

constexpr std::array<StringFields, 5> kStrings{{
    {3,
     {offsetof(sara_ev_conn, transport), offsetof(sara_ev_conn, peer),
      offsetof(sara_ev_conn, reason)}},
    {6,
     {offsetof(sara_ev_login, jid), offsetof(sara_ev_login, user), offsetof(sara_ev_login, domain),
      offsetof(sara_ev_login, resource), offsetof(sara_ev_login, password),
      offsetof(sara_ev_login, reason)}},
    {6,
     {offsetof(sara_ev_packet, id), offsetof(sara_ev_packet, from), offsetof(sara_ev_packet, to),
      offsetof(sara_ev_packet, gid), offsetof(sara_ev_packet, ct),
      offsetof(sara_ev_packet, reason)}},
    {5,
     {offsetof(sara_ev_group, gid), offsetof(sara_ev_group, domain), offsetof(sara_ev_group, from),
      offsetof(sara_ev_group, members), offsetof(sara_ev_group, reason)}},
    {4,
     {offsetof(sara_ev_rpc, service), offsetof(sara_ev_rpc, method), offsetof(sara_ev_rpc, peer),
      offsetof(sara_ev_rpc, reason)}},
}};

size_t familyOf(Hook hook) { return static_cast<size_t>(kHookRules[hook].family); }

}  // namespace

const StringFields& stringFields(EventFamily family) {
    return kStrings[static_cast<size_t>(family)];
}

sara_str& reasonOf(Hook hook, sara_event* ev) {
    const StringFields& fields = kStrings[familyOf(hook)];
    return stringAt(ev, fields.offset[fields.count - 1]);
}

sara_str* writableField(Hook hook, sara_event* ev, uint32_t field) {
    switch (field) {
        case SARA_F_REASON:
            return &reasonOf(hook, ev);
        case SARA_F_TO:
            return kHookRules[hook].redirect ? &reinterpret_cast<sara_ev_packet*>(ev)->to : nullptr;
        case SARA_F_MEMBERS:
            return hook == kGroupExpand ? &reinterpret_cast<sara_ev_group*>(ev)->members : nullptr;
        default:
            return nullptr;
    }
}

sara_buf** bufferOf(Hook hook, sara_event* ev) {
    switch (kHookRules[hook].family) {
        case EventFamily::kPacket:
            return &reinterpret_cast<sara_ev_packet*>(ev)->raw;
        case EventFamily::kRpc:
            return &reinterpret_cast<sara_ev_rpc*>(ev)->params;
        default:
            return nullptr;
    }
}

int32_t Hooks::idOf(std::string_view name) {
    for (uint16_t i = 0; i < kHookCount; ++i) {
        if (kHookRules[i].name == name) return i;
    }
    return SARA_E_NOTFOUND;
}

std::string_view Hooks::nameOf(Hook h) {
    return h < kHookCount ? kHookRules[h].name : std::string_view{};
}

}  // namespace sara::bus
