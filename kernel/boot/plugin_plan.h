// Which plugins start, in which order, and why others do not: the resolved state before any plugin
// code runs. Decides selection (the transport, the store, what the conf file names), completeness
// (every hard need has one provider) and order (services first, ties by id). Loads nothing.
#pragma once
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "boot/conf_file.h"
#include "boot/plugin_file.h"

namespace sara::boot {

struct PlannedPlugin {
    PluginFile plugin;
    std::string instance;     // section of the conf file
    bool required = true;     // its failure ends the start
    std::string config_json;  // validated, complete
};

struct PluginPlan {
    std::vector<PlannedPlugin> order;  // providers before users
    Problems errors;                   // any: the server must not start
    Problems warnings;                 // optional plugins that stay out, and implied choices
};

// [any] files as scanPlugins() found them in folders.
PluginPlan planPlugins(const Conf& conf, const std::vector<PluginFile>& files,
                       const std::vector<std::filesystem::path>& folders);

// [any] Where plugins are looked for: SARA_PLUGIN_DIR (colons), conf key plugin_dir, else beside
// the program.
std::vector<std::filesystem::path> pluginFolders(const Conf& conf);

// [any] Sorts providers before users, ties by id. False: *cycle is "a needs x/1 of b, b needs y/1
// of a", and *members are the indices in it.
[[nodiscard]] bool sortByNeeds(std::vector<PlannedPlugin>* plugins, std::string* cycle,
                               std::set<size_t>* members);

}  // namespace sara::boot
