// The configuration of the plugin, as plugin.json describes it. Decides which URL is good enough to
// be called and how it may be shown; ranges were checked by the host. Refuses what would only fail
// at the first login.
#pragma once
#include <cstddef>
#include <cstdint>
#include <sara/config.hpp>
#include <string>
#include <string_view>

namespace sara::auth_callback {

struct Settings {
    std::string url;        // empty: quiet
    std::string shown_url;  // without password and query, for the log
    bool enable_auth = false;
    bool enable_offline_callback = false;
    std::string datadir;
    uint64_t timeout_ms = 2000;
    uint64_t connect_timeout_ms = 2000;
    size_t connections_max = 32;
    size_t queue_calls_max = 8192;
    size_t answer_bytes_max = 4u << 20;
    unsigned auth_retries = 1;
    unsigned group_retries = 1;
    bool auth_fail_open = false;
    unsigned breaker_failures = 5;
    uint64_t breaker_open_ms = 1000;
    uint64_t group_cache_ms = 3'600'000;
    uint64_t group_negative_ms = 10'000;
    size_t group_cache_groups_max = 10'000;
    size_t group_cache_bytes_max = 64u << 20;
    size_t group_members_max = 100'000;
    size_t outbox_notices_max = 100'000;
    uint64_t outbox_bytes_max = 256u << 20;
    size_t outbox_sending_max = 8;
    uint64_t outbox_retry_ms = 1000;
    uint64_t outbox_age_ms = 604'800'000;
    std::string ca_file;
    std::string signing_secret;

    bool active() const { return !url.empty(); }
    bool sendsNotices() const { return active() && enable_offline_callback; }
};

// [control] The error's text is the sentence for the operator.
Result<Settings> readSettings(const Config& config);

// [any] Empty: an http or https URL with a host. Otherwise what is wrong with it. *shown gets it
// without user, password, query and fragment.
std::string urlProblem(const std::string& url, std::string* shown);

}  // namespace sara::auth_callback
