// What the chat room counts. One row per limit and per thing that can be refused, kept or lost.
#pragma once
#include "loop/counters.h"

namespace sara::chat {

struct ChatCounters {
    static const ChatCounters& get();

    loop::Counter connections, sessions;
    loop::Counter refused_connections_max, refused_address_max, refused_unauthenticated_max;
    loop::Counter logins, login_failures, login_timeouts, idle_timeouts, kicks, moves;
    loop::Counter packets_in, packets_delivered, packets_stored, packets_refused, packets_malformed;
    loop::Counter too_large, rate_paused, store_paused, queue_cut, unacked_overflow;
    loop::Counter acks_sent, client_acks, notifies, held_stored, kept_at_close, lost;
    loop::Counter store_errors, store_busy, held_retried, mailbox_busy, no_memory;
    loop::Counter delay_packets;
    loop::Counter group_packets, group_copies, group_skipped, group_names_invalid;
    loop::Counter group_busy, group_timeouts, group_too_large, offline_notices;
};

}  // namespace sara::chat
