// The configuration of the plugin, as plugin.json describes it. Single values were validated by the
// host; refuses an address list that names nothing, and TLS files without TLS.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "store-redis/address.h"
#include "store-redis/host_face.h"

namespace sara::store_redis {

struct Settings {
    std::vector<Address> addresses;  // at least one
    uint64_t pool = 100;
    std::string node_id;
    uint64_t boot_ms = 0;  // since 1970, of this process
    std::string node_addr;
    std::string user;
    std::string password;
    bool tls = false;
    bool tls_verify = true;
    std::string tls_ca_file;
    std::string tls_cert_file;
    std::string tls_key_file;
    uint64_t wait_replicas = 0;
    uint64_t wait_timeout_ms = 500;
    uint64_t call_timeout_ms = 1500;
    uint64_t reply_timeout_ms = 1000;
    uint64_t backlog_messages_max = 100'000;
    uint64_t queue_operations_max = 65'536;
    uint64_t queue_bytes_max = 256u << 20;
};

// [control] False with a sentence in error.
[[nodiscard]] bool readSettings(const HostFace& host, Settings* settings, std::string* error);

}  // namespace sara::store_redis
