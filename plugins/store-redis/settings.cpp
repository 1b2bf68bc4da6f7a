#include "store-redis/settings.h"

namespace sara::store_redis {

bool readSettings(const HostFace& host, Settings* settings, std::string* error) {
    Settings& s = *settings;
    const auto number = [&host](const char* key, uint64_t* value) {
        *value = static_cast<uint64_t>(host.configInt(key, static_cast<int64_t>(*value)));
    };
    number("dbpool", &s.pool);
    number("wait_replicas", &s.wait_replicas);
    number("wait_timeout_ms", &s.wait_timeout_ms);
    number("call_timeout_ms", &s.call_timeout_ms);
    number("reply_timeout_ms", &s.reply_timeout_ms);
    number("backlog_messages_max", &s.backlog_messages_max);
    number("queue_operations_max", &s.queue_operations_max);
    number("queue_bytes_max", &s.queue_bytes_max);
    s.node_id = host.table()->node_id;
    s.boot_ms = host.wallMs();
    s.node_addr = host.configStr("nodeaddr", "localhost:4281");
    s.user = host.configStr("user", "");
    s.password = host.configStr("password", "");
    s.tls = host.configBool("tls", false);
    s.tls_verify = host.configBool("tls_verify", true);
    s.tls_ca_file = host.configStr("tls_ca_file", "");
    s.tls_cert_file = host.configStr("tls_cert_file", "");
    s.tls_key_file = host.configStr("tls_key_file", "");
    if (!s.user.empty() && s.password.empty()) {
        *error = "key \"user\": found a name and no \"password\", expected both or neither";
        return false;
    }
    if (!s.tls && !(s.tls_ca_file + s.tls_cert_file + s.tls_key_file).empty()) {
        *error = "key \"tls\": found false with TLS files beside it, expected true";
        return false;
    }
    if (s.wait_replicas > 0 && s.wait_timeout_ms >= s.reply_timeout_ms) {
        *error = "key \"wait_timeout_ms\": found " + std::to_string(s.wait_timeout_ms) +
                 ", expected less than \"reply_timeout_ms\"";
        return false;
    }
    return parseAddresses(host.configStr("dbaddr", "localhost:6379"), &s.addresses, error);
}

}  // namespace sara::store_redis
