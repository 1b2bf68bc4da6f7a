#include "auth-callback/settings.h"

#include <curl/curl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

namespace sara::auth_callback {
namespace {

using Url = std::unique_ptr<CURLU, void (*)(CURLU*)>;

std::string part(CURLU* url, CURLUPart what) {
    char* text = nullptr;
    if (curl_url_get(url, what, &text, 0) != CURLUE_OK || text == nullptr) return {};
    std::string out(text);
    curl_free(text);
    return out;
}

}  // namespace

std::string urlProblem(const std::string& text, std::string* shown) {
    const auto control = [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7f; };
    if (std::any_of(text.begin(), text.end(), control)) return "it has a space or control byte";
    const Url url(curl_url(), &curl_url_cleanup);
    if (!url) return "there is no memory to read it";
    const CURLUcode code = curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0);
    if (code != CURLUE_OK) return curl_url_strerror(code);
    const std::string scheme = part(url.get(), CURLUPART_SCHEME);
    if (scheme != "http" && scheme != "https") return "its scheme is neither http nor https";
    const std::string host = part(url.get(), CURLUPART_HOST);
    if (host.empty()) return "it names no host";
    const std::string port = part(url.get(), CURLUPART_PORT);
    *shown =
        scheme + "://" + host + (port.empty() ? "" : ":" + port) + part(url.get(), CURLUPART_PATH);
    return {};
}

Result<Settings> readSettings(const Config& config) {
    Settings s;
    const auto number = [&config](const char* key, auto fallback) {
        return static_cast<decltype(fallback)>(config.integer(key, static_cast<int64_t>(fallback)));
    };
    s.url = config.text("callback", "");
    s.enable_auth = config.flag("enable_auth", false);
    s.enable_offline_callback = config.flag("enable_offline_callback", false);
    s.datadir = config.text("datadir", "/var/lib/sara");
    while (s.datadir.size() > 1 && s.datadir.back() == '/') s.datadir.pop_back();
    s.timeout_ms = number("timeout_ms", s.timeout_ms);
    s.connect_timeout_ms = number("connect_timeout_ms", s.connect_timeout_ms);
    s.connections_max = number("connections_max", s.connections_max);
    s.queue_calls_max = number("queue_calls_max", s.queue_calls_max);
    s.answer_bytes_max = number("answer_bytes_max", s.answer_bytes_max);
    s.auth_retries = number("auth_retries", s.auth_retries);
    s.group_retries = number("group_retries", s.group_retries);
    s.auth_fail_open = config.flag("auth_fail_open", false);
    s.breaker_failures = number("breaker_failures", s.breaker_failures);
    s.breaker_open_ms = number("breaker_open_ms", s.breaker_open_ms);
    s.group_cache_ms = 1000 * number("group_cache_s", s.group_cache_ms / 1000);
    s.group_negative_ms = 1000 * number("group_negative_s", s.group_negative_ms / 1000);
    s.group_cache_groups_max = number("group_cache_groups_max", s.group_cache_groups_max);
    s.group_cache_bytes_max = number("group_cache_bytes_max", s.group_cache_bytes_max);
    s.group_members_max = number("group_members_max", s.group_members_max);
    s.outbox_notices_max = number("outbox_notices_max", s.outbox_notices_max);
    s.outbox_bytes_max = number("outbox_bytes_max", s.outbox_bytes_max);
    s.outbox_sending_max = number("outbox_sending_max", s.outbox_sending_max);
    s.outbox_retry_ms = number("outbox_retry_ms", s.outbox_retry_ms);
    s.outbox_age_ms = 1000 * number("outbox_age_s", s.outbox_age_ms / 1000);
    s.ca_file = config.text("ca_file", "");
    s.signing_secret = config.text("signing_secret", "");
    if (!s.active()) return s;
    if (const std::string problem = urlProblem(s.url, &s.shown_url); !problem.empty()) {
        return Error{Status::kInvalid, "callback is no URL that can be called: " + problem +
                                           "; give http://host[:port]/path or https://..."};
    }
    if (!s.ca_file.empty() && ::access(s.ca_file.c_str(), R_OK) != 0) {
        return Error{Status::kInvalid, "ca_file " + s.ca_file + ": " + std::strerror(errno)};
    }
    return s;
}

}  // namespace sara::auth_callback
