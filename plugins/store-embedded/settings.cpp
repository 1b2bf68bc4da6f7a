#include "store-embedded/settings.h"

namespace sara::store_embedded {

Settings readSettings(const HostFace& host) {
    const auto number = [&host](const char* key, auto fallback) {
        return static_cast<decltype(fallback)>(host.configInt(key, static_cast<int64_t>(fallback)));
    };
    Settings s;
    s.datadir = host.configStr("datadir", "/var/lib/sara");
    while (s.datadir.size() > 1 && s.datadir.back() == '/') s.datadir.pop_back();
    s.backlog_messages_max = number("backlog_messages_max", s.backlog_messages_max);
    s.backlog_bytes_max = number("backlog_bytes_max", s.backlog_bytes_max);
    s.batch_operations_max = number("batch_operations_max", s.batch_operations_max);
    s.queue_operations_max = number("queue_operations_max", s.queue_operations_max);
    s.queue_bytes_max = number("queue_bytes_max", s.queue_bytes_max);
    s.page_bytes_max = number("page_bytes_max", s.page_bytes_max);
    s.sweep_interval_s = number("sweep_interval_s", s.sweep_interval_s);
    s.write_buffer_bytes = number("write_buffer_bytes", s.write_buffer_bytes);
    s.cache_bytes = number("cache_bytes", s.cache_bytes);
    s.open_files_max = number("open_files_max", s.open_files_max);
    s.tail_users_max = number("tail_users_max", s.tail_users_max);
    s.tail_entries_max = number("tail_entries_max", s.tail_entries_max);
    return s;
}

}  // namespace sara::store_embedded
