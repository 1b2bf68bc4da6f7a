// The host as this plugin uses it: config, log, metrics, time and posts behind a few plain
// functions. Missing extensions are harmless but for the loop, without which init() is refused.
#pragma once
#include <sara/sara.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace sara::store_redis {

inline sara_str toStr(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view toView(sara_str text) {
    return text.len == 0 ? std::string_view() : std::string_view(text.ptr, text.len);
}

enum class Metric : uint32_t {
    kAppends,
    kErrors,
    kReconnects,
    kRedirects,
    kQueueOperations,
    kExpired,
    kBacklogFull,
    kRegisteredAgain,
    kCount
};

class HostFace {
  public:
    explicit HostFace(const sara_host* host) : host_(host) {}

    // [control] Finds the extensions and defines the metrics. False: this host has no event loops.
    bool bind();

    const sara_host* table() const { return host_; }
    const sara_loop& loop() const { return *loop_; }
    // [any] Milliseconds since 1970.
    uint64_t wallMs() const { return loop_->wall_ms(host_); }
    // [loop] Monotonic milliseconds.
    uint64_t nowMs() const { return loop_->now_ms(host_); }
    // [any]
    void log(int32_t level, std::string_view text) const;
    // [any]
    void add(Metric metric, int64_t value) const;
    // [control]
    void setError(std::string_view text) const { host_->set_error(host_, toStr(text)); }
    // [control] fallback when the key is absent or of another type.
    int64_t configInt(const char* key, int64_t fallback) const;
    bool configBool(const char* key, bool fallback) const;
    std::string configStr(const char* key, std::string_view fallback) const;

  private:
    const sara_host* const host_;
    const sara_loop* loop_ = nullptr;
    const sara_log* log_ = nullptr;
    const sara_metrics* metrics_ = nullptr;
    const sara_config* config_ = nullptr;
    uint32_t metric_ids_[static_cast<size_t>(Metric::kCount)] = {};
};

}  // namespace sara::store_redis
