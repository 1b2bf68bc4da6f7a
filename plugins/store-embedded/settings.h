// The configuration of the plugin, as plugin.json describes it. Values were validated by the host;
// this only reads them.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

#include "store-embedded/host_face.h"

namespace sara::store_embedded {

struct Settings {
    std::string datadir;
    uint64_t backlog_messages_max = 100'000;
    uint64_t backlog_bytes_max = 64u << 20;
    size_t batch_operations_max = 256;
    uint64_t queue_operations_max = 262'144;
    uint64_t queue_bytes_max = 256u << 20;
    uint64_t page_bytes_max = 256u << 10;
    uint64_t sweep_interval_s = 3600;
    size_t write_buffer_bytes = 16u << 20;
    size_t cache_bytes = 8u << 20;
    int open_files_max = 256;
    size_t tail_users_max = 65'536;
    size_t tail_entries_max = 1'048'576;
};

// [control]
Settings readSettings(const HostFace& host);

}  // namespace sara::store_embedded
