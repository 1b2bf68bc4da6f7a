#include "bus/hook_chain.h"

#include <algorithm>

namespace sara::bus {
namespace {

bool before(const Subscription& a, const Subscription& b) {
    if (a.filter.priority != b.filter.priority) return a.filter.priority > b.filter.priority;
    if (a.plugin_id != b.plugin_id) return a.plugin_id < b.plugin_id;
    return a.handle < b.handle;
}

}  // namespace

HookChains::HookChains() {
    published_.push_back(std::make_unique<const Chain>());
    for (auto& c : current_) c.store(published_.back().get(), std::memory_order_release);
}

bool HookChains::add(std::unique_ptr<Subscription> s) {
    std::vector<Subscription*>& live = live_[s->hook];
    if (live.size() >= kSubscriptionsMax) return false;
    const auto at = std::upper_bound(
        live.begin(), live.end(), s.get(),
        [](const Subscription* a, const Subscription* b) { return before(*a, *b); });
    live.insert(at, s.get());
    const Hook hook = s->hook;
    all_.push_back(std::move(s));
    publish(hook);
    return true;
}

bool HookChains::remove(const Instance* owner, sara_id handle) {
    for (uint16_t h = 0; h < kHookCount; ++h) {
        auto& live = live_[h];
        const auto at = std::find_if(live.begin(), live.end(), [&](const Subscription* s) {
            return s->handle == handle && s->owner == owner;
        });
        if (at == live.end()) continue;
        live.erase(at);
        publish(static_cast<Hook>(h));
        return true;
    }
    return false;
}

size_t HookChains::removeAll(const Instance* owner) {
    size_t removed = 0;
    for (uint16_t h = 0; h < kHookCount; ++h) {
        const size_t n =
            std::erase_if(live_[h], [&](const Subscription* s) { return s->owner == owner; });
        if (n != 0) publish(static_cast<Hook>(h));
        removed += n;
    }
    return removed;
}

size_t HookChains::next(const Chain& now, const Chain& then, size_t index) {
    if (&now == &then) return index + 1;
    const Subscription& place = *then.filters[index].of;
    const auto at = std::find_if(now.filters.begin(), now.filters.end(),
                                 [&](const FilterEntry& e) { return before(place, *e.of); });
    return static_cast<size_t>(at - now.filters.begin());
}

uint32_t HookChains::mask() const {
    uint32_t bits = 0;
    for (uint16_t h = 0; h < kHookCount; ++h) {
        if (!live_[h].empty()) bits |= 1u << h;
    }
    return bits;
}

void HookChains::publish(Hook h) {
    auto chain = std::make_unique<Chain>();
    for (Subscription* s : live_[h]) {
        if (s->filter.fn != nullptr) {
            chain->filters.push_back(
                {s->filter.fn, s->filter.user, s->owner, s, s->filter.type_mask});
        } else {
            chain->taps.push_back({s->tap, s->tap_user});
        }
    }
    published_.push_back(std::move(chain));
    current_[h].store(published_.back().get(), std::memory_order_release);
}

}  // namespace sara::bus
