// What the plugin counts. Decides the names of its metrics; a host without metrics counts nothing.
#pragma once
#include <sara/metrics.hpp>

namespace sara::auth_callback {

struct Counters {
    // [control] In init().
    void define(const Metrics& m) {
        logins = m.counter("callback_logins_total", "logins that the backend was asked about");
        logins_refused =
            m.counter("callback_logins_refused_total", "logins that the backend refused");
        logins_undecided = m.counter("callback_logins_undecided_total",
                                     "logins about which the backend gave no answer in time");
        logins_failed_open = m.counter("callback_logins_failed_open_total",
                                       "logins let in by auth_fail_open without an answer");
        group_hits = m.counter("callback_group_hits_total", "group look-ups answered from memory");
        group_misses =
            m.counter("callback_group_misses_total", "group look-ups that waited for the backend");
        group_joined =
            m.counter("callback_group_joined_total", "group look-ups that joined a call under way");
        groups = m.gauge("callback_groups_cached", "groups that are remembered");
        group_bytes =
            m.gauge("callback_group_cached_bytes", "bytes of members that are remembered");
        group_evicted =
            m.counter("callback_group_evicted_total",
                      "groups forgotten at group_cache_groups_max or group_cache_bytes_max");
        calls = m.counter("callback_calls_total", "HTTP requests sent to the backend");
        calls_failed = m.counter("callback_calls_failed_total",
                                 "HTTP requests that failed: connection, time, limits, status");
        call_timeouts = m.counter("callback_call_timeouts_total", "calls that ended at timeout_ms");
        call_retries = m.counter("callback_call_retries_total", "calls that were tried again");
        answers_cut = m.counter("callback_answers_cut_total",
                                "answers cut at answer_bytes_max or at a limit of their headers");
        queue_full = m.counter("callback_queue_full_total", "calls refused at queue_calls_max");
        queued = m.gauge("callback_calls_waiting", "calls that wait for a connection");
        sending = m.gauge("callback_calls_under_way", "calls that wait for the backend");
        breaker_opened =
            m.counter("callback_breaker_opened_total", "times that the backend was given up");
        breaker_open = m.gauge("callback_breaker_open", "1 while the backend is not asked");
        breaker_refused = m.counter("callback_breaker_refused_total",
                                    "calls that ended unsent while the backend is not asked");
        notices = m.gauge("callback_outbox_notices", "offline notices that wait for the backend");
        notice_bytes = m.gauge("callback_outbox_bytes", "bytes of offline notices that wait");
        notices_taken =
            m.counter("callback_notices_total", "offline notices taken into the outbox");
        notices_delivered =
            m.counter("callback_notices_delivered_total", "offline notices that the backend took");
        notices_repeated =
            m.counter("callback_notices_repeated_total", "offline notices sent again");
        notices_full =
            m.counter("callback_notices_full_total",
                      "offline notices dropped at outbox_notices_max or outbox_bytes_max");
        notices_expired =
            m.counter("callback_notices_expired_total", "offline notices given up at outbox_age_s");
        outbox_errors = m.counter("callback_outbox_errors_total", "failures of the outbox on disk");
    }

    Counter logins, logins_refused, logins_undecided, logins_failed_open;
    Counter group_hits, group_misses, group_joined, group_evicted;
    Gauge groups, group_bytes;
    Counter calls, calls_failed, call_timeouts, call_retries, answers_cut, queue_full;
    Gauge queued, sending;
    Counter breaker_opened, breaker_refused;
    Gauge breaker_open;
    Gauge notices, notice_bytes;
    Counter notices_taken, notices_delivered, notices_repeated, notices_full, notices_expired;
    Counter outbox_errors;
};

}  // namespace sara::auth_callback
