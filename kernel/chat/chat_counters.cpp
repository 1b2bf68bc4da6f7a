#include "chat/chat_counters.h"

namespace sara::chat {
namespace {

loop::Counter counter(const char* name, const char* help) {
    return loop::Counters::instance().define(loop::CounterKind::kCounter, name, help);
}
loop::Counter gauge(const char* name, const char* help) {
    return loop::Counters::instance().define(loop::CounterKind::kGauge, name, help);
}

ChatCounters define() {
    ChatCounters c;
    c.connections = gauge("chat_connections", "client connections, logged in or not");
    c.sessions = gauge("chat_sessions", "logged-in users");
    c.refused_connections_max =
        counter("chat_refused_connections_max_total", "connections above connections_max");
    c.refused_address_max =
        counter("chat_refused_address_max_total", "connections above connections_per_address_max");
    c.refused_unauthenticated_max =
        counter("chat_refused_unauthenticated_max_total", "connections above unauthenticated_max");
    c.logins = counter("chat_logins_total", "successful logins");
    c.login_failures = counter("chat_login_failures_total", "refused logins");
    c.login_timeouts = counter("chat_login_timeouts_total", "connections without a login in time");
    c.idle_timeouts = counter("chat_idle_timeouts_total", "sessions closed for silence");
    c.kicks = counter("chat_kicks_total", "sessions replaced by a newer login");
    c.moves = counter("chat_moves_total", "connections moved to their user's loop");
    c.packets_in = counter("chat_packets_in_total", "packets received from clients");
    c.packets_delivered = counter("chat_packets_delivered_total", "packets sent to online users");
    c.packets_stored = counter("chat_packets_stored_total", "packets durably stored");
    c.packets_refused = counter("chat_packets_refused_total", "packets answered with a notice");
    c.packets_malformed = counter("chat_packets_malformed_total", "frames that are no packet");
    c.too_large = counter("chat_frames_too_large_total", "frames above frame_bytes_max");
    c.rate_paused = counter("chat_rate_paused_total",
                            "pauses for messages_per_second_max or bytes_per_second_max");
    c.store_paused =
        counter("chat_store_paused_total", "pauses of senders while the store is behind");
    c.queue_cut = counter("chat_queue_cut_total", "clients cut above queue_bytes_max");
    c.unacked_overflow = counter("chat_unacked_overflow_total", "packets stored above unacked_max");
    c.acks_sent = counter("chat_acks_sent_total", "acks sent to senders");
    c.client_acks = counter("chat_client_acks_total", "acknowledgements from receivers");
    c.notifies = counter("chat_notifies_total", "system notices sent");
    c.held_stored = counter("chat_held_stored_total", "live packets stored after ack_hold_ms");
    c.kept_at_close = counter("chat_kept_at_close_total", "packets stored when a session ended");
    c.lost = counter("chat_lost_total",
                     "packets that neither reached a client nor the store; never acked");
    c.store_errors = counter("chat_store_errors_total", "store calls that failed");
    c.held_retried = counter("chat_held_retried_total",
                             "unacknowledged packets whose append failed and is tried again");
    c.store_busy = counter("chat_store_busy_total", "packets refused above store_inflight_max");
    c.mailbox_busy = counter("chat_mailbox_busy_total", "packets refused by a full mailbox");
    c.no_memory = counter("chat_no_memory_total", "packets refused above buffer_bytes_max");
    c.delay_packets = counter("chat_delay_packets_total", "stored packets sent in login replies");
    c.group_packets = counter("chat_group_packets_total", "group packets of users who may send");
    c.group_copies = counter("chat_group_copies_total", "copies of group and pushed packets");
    c.group_skipped =
        counter("chat_group_skipped_total", "members left out: backlog full, or a filter said so");
    c.group_names_invalid =
        counter("chat_group_names_invalid_total", "names of group lists that are no jid");
    c.group_busy = counter("chat_group_busy_total",
                           "group packets refused above group_fanouts_max or group_lookups_max");
    c.group_timeouts =
        counter("chat_group_timeouts_total", "group packets given up after group_timeout_ms");
    c.group_too_large =
        counter("chat_group_too_large_total", "groups with more than group_members_max names");
    c.offline_notices =
        counter("chat_offline_notices_total", "stored packets that the callback was told about");
    return c;
}

}  // namespace

const ChatCounters& ChatCounters::get() {
    static const ChatCounters counters = define();
    return counters;
}

}  // namespace sara::chat
