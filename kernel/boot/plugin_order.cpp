// Kahn's algorithm over services; the cycle that is left when it stops is walked for the error.
#include <algorithm>
#include <optional>

#include "boot/plugin_plan.h"

namespace sara::boot {

namespace {

struct Edge {
    size_t user;
    size_t provider;
    std::string service;
};

std::vector<Edge> edgesOf(const std::vector<PlannedPlugin>& plugins, bool soft_too) {
    std::vector<Edge> edges;
    for (size_t user = 0; user < plugins.size(); ++user) {
        const Manifest& manifest = plugins[user].plugin.manifest;
        for (size_t other = 0; other < plugins.size(); ++other) {
            const Manifest& provider = plugins[other].plugin.manifest;
            if (other == user) continue;
            for (const Manifest::Need& need : manifest.requires_) {
                if ((need.hard || soft_too) && provider.offers(need.service)) {
                    edges.push_back({user, other, need.service});
                }
            }
            const auto& after = manifest.after;
            if (soft_too && std::find(after.begin(), after.end(), provider.id) != after.end()) {
                edges.push_back({user, other, "after"});
            }
        }
    }
    return edges;
}

// Indices in order; those in or behind a cycle are missing.
std::vector<size_t> kahn(const std::vector<PlannedPlugin>& plugins,
                         const std::vector<Edge>& edges) {
    std::vector<size_t> order;
    std::vector<bool> placed(plugins.size(), false);
    for (;;) {
        std::optional<size_t> next;
        for (size_t i = 0; i < plugins.size(); ++i) {
            const bool ready =
                !placed[i] && std::all_of(edges.begin(), edges.end(), [&](const Edge& edge) {
                    return edge.user != i || placed[edge.provider];
                });
            if (ready &&
                (!next || plugins[i].plugin.manifest.id < plugins[*next].plugin.manifest.id)) {
                next = i;
            }
        }
        if (!next) return order;
        placed[*next] = true;
        order.push_back(*next);
    }
}

// Walks from provider to provider among the unplaced until one comes again.
void describeCycle(const std::vector<PlannedPlugin>& plugins, const std::vector<Edge>& edges,
                   const std::vector<size_t>& order, std::string* text, std::set<size_t>* members) {
    const std::set<size_t> placed(order.begin(), order.end());
    std::vector<const Edge*> path;
    std::vector<size_t> seen;
    size_t at = 0;
    while (placed.count(at) > 0) ++at;
    while (std::find(seen.begin(), seen.end(), at) == seen.end()) {
        seen.push_back(at);
        const auto edge = std::find_if(edges.begin(), edges.end(), [&](const Edge& e) {
            return e.user == at && placed.count(e.provider) == 0;
        });
        path.push_back(&*edge);  // every unplaced one waits for an unplaced one
        at = edge->provider;
    }
    const auto begin = std::find(seen.begin(), seen.end(), at) - seen.begin();
    text->clear();
    members->clear();
    for (size_t i = static_cast<size_t>(begin); i < path.size(); ++i) {
        if (!text->empty()) *text += ", ";
        *text += "'" + plugins[path[i]->user].instance + "' requires " + path[i]->service +
                 " of '" + plugins[path[i]->provider].instance + "'";
        members->insert(path[i]->user);
    }
}

}  // namespace

bool sortByNeeds(std::vector<PlannedPlugin>* plugins, std::string* cycle,
                 std::set<size_t>* members) {
    std::vector<size_t> order = kahn(*plugins, edgesOf(*plugins, true));
    if (order.size() < plugins->size()) {
        // Wishes (soft needs, "after") must not keep a server from starting.
        const std::vector<Edge> hard = edgesOf(*plugins, false);
        order = kahn(*plugins, hard);
        if (order.size() < plugins->size()) {
            describeCycle(*plugins, hard, order, cycle, members);
            return false;
        }
    }
    std::vector<PlannedPlugin> sorted;
    for (const size_t i : order) sorted.push_back(std::move((*plugins)[i]));
    *plugins = std::move(sorted);
    return true;
}

}  // namespace sara::boot
