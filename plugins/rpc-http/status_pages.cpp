#include "status_pages.h"

#include <algorithm>
#include <chrono>
#include <vector>

#include "process_facts.h"
#include "rpc_answer.h"
#include "steady_ms.h"

namespace sara::rpc_http {
namespace {

// HELP text: backslash and line feed are escaped; nothing else may break the line.
std::string helpText(std::string_view help) {
    std::string out;
    for (const char c : help) {
        if (c == '\\')
            out += "\\\\";
        else if (c == '\n')
            out += "\\n";
        else
            out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
    return out;
}

// Value of a label: as help, and the quote.
std::string labelText(std::string_view value) {
    std::string out;
    for (const char c : helpText(value)) {
        if (c == '"') out += '\\';
        out += c;
    }
    return out;
}

void head(std::string& out, std::string_view name, std::string_view help, bool counter) {
    out.append("# HELP ").append(name).append(" ").append(helpText(help));
    out.append("\n# TYPE ").append(name).append(counter ? " counter\n" : " gauge\n");
}

void line(std::string& out, std::string_view name, std::string_view help, bool counter,
          const std::string& value) {
    head(out, name, help, counter);
    out.append(name).append(" ").append(value).append("\n");
}

void onMetric(void* user, const sara_metric_value* m) noexcept {
    auto& out = *static_cast<std::string*>(user);
    // Gauges count things; a little below zero is only what threads have not yet published.
    const int64_t value = m->kind == SARA_COUNTER ? m->value : std::max<int64_t>(m->value, 0);
    line(out, "sara_" + std::string(view(m->name)), view(m->help), m->kind == SARA_COUNTER,
         std::to_string(value));
}

struct Check {
    std::string name, why;
    bool good;
};

std::vector<Check> ask(const Host& host) {
    std::vector<Check> checks;
    if (host.health == nullptr) return checks;
    (void)host.health->visit(
        host.raw(),
        [](void* user, const sara_check_answer* a) noexcept {
            static_cast<std::vector<Check>*>(user)->push_back(
                {std::string(view(a->name)), std::string(view(a->why)), a->status == SARA_OK});
        },
        &checks);
    return checks;
}

}  // namespace

std::string StatusPages::metrics() const {
    std::string out;
    out.reserve(64 << 10);
    head(out, "sara_build_info", "version and node of this server", false);
    out += "sara_build_info{version=\"" + labelText(host_.serverVersion()) + "\",node=\"" +
           labelText(host_.nodeId()) + "\"} 1\n";
    if (SARA_HAS_FN(sara_metrics, host_.metrics, visit)) {
        host_.metrics->visit(host_.raw(), &onMetric, &out);
    }
    bool ready = true;
    const std::vector<Check> checks = ask(host_);
    head(out, "sara_check", "1: this check says that the node can serve", false);
    for (const Check& check : checks) {
        out += "sara_check{name=\"" + labelText(check.name) + (check.good ? "\"} 1\n" : "\"} 0\n");
        ready = ready && check.good;
    }
    line(out, "sara_ready", "1: every check says that the node can serve", false,
         ready ? "1" : "0");
    for (const ProcessFact& fact : processFacts()) {
        line(out, fact.name, fact.help, fact.counter, fact.value);
    }
    return out;
}

Page StatusPages::healthz() {
    const std::lock_guard lock(mutex_);
    if (asked_ms_ != 0 && steadyMs() - asked_ms_ < kHealthAgeMs) return health_;
    const std::vector<uint32_t> deaf = calls_.deafLoops(kLoopWaitMs);
    asked_ms_ = steadyMs();
    health_.status = deaf.empty() ? 200 : 503;
    health_.body = deaf.empty() ? "{\"alive\":true" : "{\"alive\":false,\"deaf_loops\":[";
    for (size_t i = 0; i < deaf.size(); ++i) {
        health_.body += (i == 0 ? "" : ",") + std::to_string(deaf[i]);
    }
    health_.body += deaf.empty() ? "}" : "]}";
    return health_;
}

Page StatusPages::readyz() const {
    const std::vector<Check> checks = ask(host_);
    Page page;
    std::string list;
    for (const Check& check : checks) {
        list += list.empty() ? "" : ",";
        appendQuoted(list, check.name);
        list += check.good ? ":{\"ok\":true" : ":{\"ok\":false";
        if (!check.why.empty()) {
            list += ",\"reason\":";
            appendQuoted(list, check.why);
        }
        list += '}';
        if (!check.good) page.status = 503;
    }
    page.body = std::string(page.status == 200 ? "{\"ready\":true" : "{\"ready\":false") +
                ",\"checks\":{" + list + "}}";
    return page;
}

}  // namespace sara::rpc_http
