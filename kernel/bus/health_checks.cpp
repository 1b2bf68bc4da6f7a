#include "bus/health_checks.h"

#include <algorithm>

namespace sara::bus {
namespace {

bool validName(std::string_view name) {
    if (name.empty() || name.size() > HealthChecks::kNameBytesMax) return false;
    if (name[0] < 'a' || name[0] > 'z') return false;
    return std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    });
}

}  // namespace

sara_status HealthChecks::add(const Instance* owner, std::string_view name, sara_check_fn fn,
                              void* user) {
    if (!validName(name) || fn == nullptr) return SARA_E_INVALID;
    const std::lock_guard lock(mutex_);
    if (checks_.contains(name)) return SARA_E_EXISTS;
    if (checks_.size() >= kChecksMax) return SARA_E_FULL;
    checks_.emplace(std::string(name), Check{owner, fn, user});
    return SARA_OK;
}

void HealthChecks::removeAll(const Instance* owner) {
    const std::lock_guard lock(mutex_);
    std::erase_if(checks_, [&](const auto& c) { return c.second.owner == owner; });
}

sara_status HealthChecks::visit(sara_check_visit_fn fn, void* user) {
    const std::lock_guard lock(mutex_);
    sara_status all = SARA_OK;
    for (const auto& [name, check] : checks_) {
        sara_check_answer answer{sizeof answer, SARA_OK, {name.data(), name.size()}, {nullptr, 0}};
        answer.status = check.fn(check.user, &answer.why);
        if (answer.why.ptr == nullptr) answer.why.len = 0;
        if (all == SARA_OK) all = answer.status;
        if (fn != nullptr) fn(user, &answer);
    }
    return all;
}

}  // namespace sara::bus
