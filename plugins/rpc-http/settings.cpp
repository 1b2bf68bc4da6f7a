#include "settings.h"

namespace sara::rpc_http {

Settings Settings::read(const Config& config) {
    const auto number = [&](const char* key, uint32_t fallback) {
        return static_cast<uint32_t>(config.integer(key, fallback));
    };
    Settings s;
    s.token = std::string(config.text("accesstoken", ""));
    s.address = std::string(config.text("rpcbind", ""));
    if (s.address.empty()) {
        s.address = s.token.empty() ? "127.0.0.1" : std::string(config.text("bind", "0.0.0.0"));
    }
    s.port = static_cast<uint16_t>(config.integer("rpcport", 4280));
    s.metrics_need_token = config.flag("metrics_need_token", false);
    s.threads_max = number("threads_max", s.threads_max);
    s.queue_max = number("queue_max", s.queue_max);
    s.body_bytes_max = number("body_bytes_max", 1 << 20);
    s.request_timeout_ms = number("request_timeout_ms", s.request_timeout_ms);
    s.keep_alive_timeout_ms = number("keep_alive_timeout_ms", s.keep_alive_timeout_ms);
    s.call_timeout_ms = number("call_timeout_ms", s.call_timeout_ms);
    s.wrong_tokens_per_minute_max =
        number("wrong_tokens_per_minute_max", s.wrong_tokens_per_minute_max);
    return s;
}

}  // namespace sara::rpc_http
