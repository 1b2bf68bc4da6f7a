#include "token_guard.h"

#include <arpa/inet.h>

#include <algorithm>

namespace sara::rpc_http {
namespace {

constexpr double kMinuteMs = 60'000;

}  // namespace

bool TokenGuard::same(std::string_view secret, std::string_view presented) {
    volatile unsigned char difference = secret.size() == presented.size() ? 0 : 1;
    for (size_t i = 0; i < presented.size(); ++i) {
        const auto a = static_cast<unsigned char>(presented[i]);
        const auto b = static_cast<unsigned char>(secret.empty() ? 0 : secret[i % secret.size()]);
        difference = static_cast<unsigned char>(difference | (a ^ b));
    }
    return difference == 0;
}

std::string TokenGuard::groupOf(std::string_view address) {
    const std::string text(address);
    unsigned char bytes[16];
    if (inet_pton(AF_INET6, text.c_str(), bytes) != 1) return text;
    const bool mapped = std::all_of(bytes, bytes + 10, [](unsigned char b) { return b == 0; }) &&
                        bytes[10] == 0xFF && bytes[11] == 0xFF;
    if (mapped) return std::string(reinterpret_cast<const char*>(bytes), 16);
    return std::string(reinterpret_cast<const char*>(bytes), 8);
}

TokenGuard::Answer TokenGuard::ask(std::string_view address, std::string_view presented,
                                   uint64_t now_ms) {
    if (token_.empty()) return Answer::kTrusted;
    if (barred(address, now_ms)) return Answer::kBarred;
    if (same(token_, presented)) return Answer::kTrusted;
    return Answer::kWrong;
}

bool TokenGuard::barred(std::string_view address, uint64_t now_ms) {
    if (per_minute_max_ == 0) return false;
    const std::lock_guard lock(mutex_);
    const std::string group = groupOf(address);
    return by_group_.contains(group) && row(group, now_ms).tokens < 1;
}

void TokenGuard::wrong(std::string_view address, uint64_t now_ms) {
    if (per_minute_max_ == 0) return;
    const std::lock_guard lock(mutex_);
    const std::string group = groupOf(address);
    Row& r = row(group, now_ms);
    r.tokens = std::max(0.0, r.tokens - 1);
    rows_.splice(rows_.begin(), rows_, by_group_[group]);
}

// The row of an address, with what time has given back to it.
TokenGuard::Row& TokenGuard::row(const std::string& group, uint64_t now_ms) {
    auto at = by_group_.find(group);
    if (at == by_group_.end()) {
        if (rows_.size() >= kAddressesMax) {  // forget whoever was wrong longest ago
            by_group_.erase(rows_.back().group);
            rows_.pop_back();
        }
        rows_.push_front({group, static_cast<double>(per_minute_max_), now_ms});
        at = by_group_.emplace(group, rows_.begin()).first;
    }
    Row& r = *at->second;
    const double passed = static_cast<double>(now_ms - std::min(now_ms, r.at_ms));
    r.tokens = std::min<double>(per_minute_max_, r.tokens + passed / kMinuteMs * per_minute_max_);
    r.at_ms = now_ms;
    return r;
}

}  // namespace sara::rpc_http
