#include "boot/plugin_set.h"

#include <algorithm>
#include <cassert>

namespace sara::boot {

PluginSet::PluginSet(PluginPlan plan, bus::Bus& bus, loop::LoopSet& loops, loop::Log& log)
    : log_(log) {
    assert(plan.errors.empty());
    for (const std::string& warning : plan.warnings) {
        log_.write(loop::LogLevel::kWarn, "boot", warning);
    }
    for (PlannedPlugin& planned : plan.order) {
        instances_.push_back(std::make_unique<PluginInstance>(std::move(planned), bus, loops));
    }
}

PluginSet::~PluginSet() {
    stop();
    destroy();
}

template <typename Mine, typename Step>
bool PluginSet::each(Mine mine, Step step) {
    for (size_t i = 0; i < instances_.size();) {
        PluginInstance& instance = *instances_[i];
        std::string service;
        if (!mine(instance)) {
            ++i;
            continue;
        }
        // A provider that is optional may have failed before: whoever needs it cannot live either.
        const bool orphan = missesAProvider(instance, &service);
        if (!orphan && step(instance)) {
            ++i;
            continue;
        }
        error_ = orphan ? instance.plan().plugin.title() + "requires the service " + service +
                              ", whose plugin failed to start"
                        : instance.error();
        if (instance.plan().required) return false;
        log_.write(loop::LogLevel::kWarn, "boot", error_ + "; it is optional, the server goes on");
        giveUp(i);
    }
    return true;
}

bool PluginSet::missesAProvider(const PluginInstance& instance, std::string* service) const {
    for (const Manifest::Need& need : instance.plan().plugin.manifest.requires_) {
        const auto offered_by = [&](const std::unique_ptr<PluginInstance>& other) {
            return other->plan().plugin.manifest.offers(need.service);
        };
        if (need.hard && std::any_of(failed_.begin(), failed_.end(), offered_by) &&
            std::none_of(instances_.begin(), instances_.end(), offered_by)) {
            *service = need.service;
            return true;
        }
    }
    return false;
}

void PluginSet::giveUp(size_t index) {
    PluginInstance& instance = *instances_[index];
    instance.stop();
    instance.destroy();
    failed_.push_back(std::move(instances_[index]));
    instances_.erase(instances_.begin() + static_cast<std::ptrdiff_t>(index));
}

bool PluginSet::initialise() {
    const auto all = [](const PluginInstance&) { return true; };
    return each(all, [](PluginInstance& p) { return p.load(); }) &&
           each(all, [](PluginInstance& p) { return p.initialise(); });
}

bool PluginSet::startServices() {
    return each([](const PluginInstance&) { return true; },
                [](PluginInstance& p) { return p.startLoops(); }) &&
           each([](const PluginInstance& p) { return !p.isTransport(); },
                [](PluginInstance& p) { return p.start(); });
}

bool PluginSet::startTransports() {
    return each([](const PluginInstance& p) { return p.isTransport(); },
                [](PluginInstance& p) { return p.start(); });
}

void PluginSet::drain(uint32_t deadline_ms) {
    for (const bool transports : {true, false}) {
        for (auto p = instances_.rbegin(); p != instances_.rend(); ++p) {
            if ((*p)->isTransport() == transports) (*p)->drain(deadline_ms);
        }
    }
}

void PluginSet::stop() {
    for (const bool transports : {true, false}) {
        for (auto p = instances_.rbegin(); p != instances_.rend(); ++p) {
            if ((*p)->isTransport() == transports) (*p)->stop();
        }
    }
}

void PluginSet::destroy() {
    for (auto p = instances_.rbegin(); p != instances_.rend(); ++p) (*p)->destroy();
}

std::vector<std::string> PluginSet::names() const {
    std::vector<std::string> names;
    for (const bool transports : {true, false}) {
        for (const auto& p : instances_) {
            if (p->isTransport() == transports) names.push_back(p->plan().instance);
        }
    }
    return names;
}

std::vector<std::string> PluginSet::statusLines() const {
    std::vector<std::string> lines;
    for (const bool transports : {true, false}) {
        for (const auto& p : instances_) {
            if (p->isTransport() != transports) continue;
            std::string line = p->statusLine();
            if (line.empty()) continue;
            const bool store = p->plan().plugin.manifest.offers(SARA_SVC_STORE);
            lines.push_back(store && line.rfind("store", 0) != 0 ? "store " + line : line);
        }
    }
    return lines;
}

}  // namespace sara::boot
