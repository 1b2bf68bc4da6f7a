#include "boot/conf_settings.h"

#include <sched.h>

#include <algorithm>

namespace sara::boot {

namespace {

uint32_t ms(const Conf& conf, const char* key) { return static_cast<uint32_t>(conf.integer(key)); }
uint32_t limit32(const Conf& conf, const char* key) {
    return static_cast<uint32_t>(conf.limit(key));
}
uint64_t limit64(const Conf& conf, const char* key) {
    return static_cast<uint64_t>(conf.limit(key));
}

// The schema has let only numbers pass.
std::vector<uint32_t> numbers(const Conf& conf, const char* key) {
    std::vector<uint32_t> out;
    for (const std::string& text : conf.texts(key)) {
        out.push_back(static_cast<uint32_t>(std::stoul(text)));
    }
    return out;
}

}  // namespace

chat::Settings chatSettings(const Conf& conf) {
    chat::Settings s;
    s.node_id = conf.text("nodeid");
    s.node_channel = conf.text("nodeaddr");
    s.ack = conf.text("ack") == "fast" ? chat::AckMode::kFast : chat::AckMode::kSafe;
    s.stamp_ct = conf.flag("stamp_ct");
    s.enable_auth = conf.flag("enable_auth");
    s.enable_offline_callback = conf.flag("enable_offline_callback");
    s.ack_hold_ms = ms(conf, "ack_hold_ms");
    s.login_timeout_ms = ms(conf, "login_timeout_ms");
    s.auth_timeout_ms = ms(conf, "auth_timeout_ms");
    s.group_timeout_ms = ms(conf, "group_timeout_ms");
    s.idle_timeout_ms = ms(conf, "idle_timeout_ms");
    s.close_flush_ms = ms(conf, "close_flush_ms");
    s.login_failure_delay_ms = ms(conf, "login_failure_delay_ms");
    s.backlog_age_ms = static_cast<uint64_t>(conf.integer("backlog_age_s")) * 1000;
    s.offline_max = static_cast<uint32_t>(conf.integer("offline_max"));
    s.offline_first_only_types = numbers(conf, "offline_first_only_types");
    s.offline_last_only_types = numbers(conf, "offline_last_only_types");
    s.frame_bytes_max = limit64(conf, "frame_bytes_max");
    s.login_frame_bytes_max = limit64(conf, "login_frame_bytes_max");
    s.json_depth_max = limit32(conf, "json_depth_max");
    s.connections_max = limit32(conf, "connections_max");
    s.connections_per_address_max = limit32(conf, "connections_per_address_max");
    s.unauthenticated_max = limit32(conf, "unauthenticated_max");
    s.queue_bytes_max = limit64(conf, "queue_bytes_max");
    s.messages_per_second_max = limit32(conf, "messages_per_second_max");
    s.bytes_per_second_max = limit64(conf, "bytes_per_second_max");
    s.unacked_max = limit32(conf, "unacked_max");
    s.store_inflight_max = limit32(conf, "store_inflight_max");
    s.group_members_max = limit32(conf, "group_members_max");
    s.group_fanouts_max = limit32(conf, "group_fanouts_max");
    s.delay_bytes_max = limit64(conf, "delay_bytes_max");
    s.delay_packets_max = limit32(conf, "delay_packets_max");
    return s;
}

loop::EventLoop::Limits loopLimits(const Conf& conf) {
    loop::EventLoop::Limits limits;
    limits.mailbox_max = limit32(conf, "mailbox_max");
    limits.timers_max = limit32(conf, "timers_max");
    return limits;
}

uint32_t loopCount(const Conf& conf) {
    const int64_t asked = conf.integer("loops");
    if (asked > 0) return static_cast<uint32_t>(asked);
    // The cores that this process may run on, not those of the machine: containers pin.
    cpu_set_t cores;
    CPU_ZERO(&cores);
    if (::sched_getaffinity(0, sizeof cores, &cores) != 0) return 1;
    return static_cast<uint32_t>(std::clamp(CPU_COUNT(&cores), 1, 256));
}

void busLimits(const Conf& conf, bus::Bus::Options* options) {
    options->node_id = conf.text("nodeid");
    options->workers = limit32(conf, "workers");
    options->work_queue_max = limit32(conf, "work_queue_max");
    options->suspended_max = limit32(conf, "suspended_max");
    options->filter_failures_max = limit32(conf, "filter_failures_max");
    options->filter_failures_window_ms = limit32(conf, "filter_failures_window_ms");
}

}  // namespace sara::boot
