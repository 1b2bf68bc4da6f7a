#include "store-embedded/host_face.h"

namespace sara::store_embedded {
namespace {

struct MetricName {
    uint32_t kind;
    std::string_view name;
    std::string_view help;
};

constexpr MetricName kMetrics[static_cast<size_t>(Metric::kCount)] = {
    {SARA_COUNTER, "store_appends_total", "packets made durable"},
    {SARA_COUNTER, "store_batches_total", "group commits"},
    {SARA_COUNTER, "store_sync_us_total", "microseconds spent in group commits"},
    {SARA_COUNTER, "store_errors_total", "failures of the database or its disk"},
    {SARA_GAUGE, "store_queue_operations", "operations that wait for the writer"},
    {SARA_COUNTER, "store_expired_total", "packets deleted because their time was over"},
    {SARA_COUNTER, "store_corrupt_total", "damaged records or blocks that were skipped"},
    {SARA_COUNTER, "store_backlog_full_total", "packets refused because a user's backlog is full"},
};

}  // namespace

bool HostFace::bind() {
    const auto find = [this](const char* id) { return host_->get_extension(host_, id); };
    loop_ = static_cast<const sara_loop*>(find(SARA_EXT_LOOP));
    log_ = static_cast<const sara_log*>(find(SARA_EXT_LOG));
    metrics_ = static_cast<const sara_metrics*>(find(SARA_EXT_METRICS));
    config_ = static_cast<const sara_config*>(find(SARA_EXT_CONFIG));
    for (size_t i = 0; i < static_cast<size_t>(Metric::kCount); ++i) {
        const MetricName& m = kMetrics[i];
        metric_ids_[i] = metrics_ == nullptr
                             ? UINT32_MAX
                             : metrics_->define(host_, m.kind, toStr(m.name), toStr(m.help));
    }
    return loop_ != nullptr;
}

void HostFace::log(int32_t level, std::string_view text) const {
    if (log_ != nullptr && log_->enabled(host_, level) != 0) log_->write(host_, level, toStr(text));
}

void HostFace::add(Metric metric, int64_t value) const {
    if (metrics_ == nullptr) return;
    metrics_->add(host_, metric_ids_[static_cast<size_t>(metric)], value);
}

int64_t HostFace::configInt(const char* key, int64_t fallback) const {
    int64_t value = 0;
    if (config_ == nullptr || config_->get_int(host_, key, &value) != SARA_OK) return fallback;
    return value;
}

std::string HostFace::configStr(const char* key, std::string_view fallback) const {
    sara_str value{};
    if (config_ == nullptr || config_->get_str(host_, key, &value) != SARA_OK) {
        return std::string(fallback);
    }
    return std::string(toView(value));
}

}  // namespace sara::store_embedded
