// The plugin as it is, but linked into the test, so that the test can give it a broken disk.
#pragma once
#include <fstream>
#include <iterator>
#include <string>

#include "store-embedded/plugin.h"

namespace sara::store_embedded {

inline const sara_plugin_desc* roomPlugin() {
    static const std::string manifest = [] {
        std::ifstream in(std::string(SARA_SOURCE_DIR) + "/plugins/store-embedded/plugin.json");
        return std::string{std::istreambuf_iterator<char>(in), {}};
    }();
    static const sara_plugin_desc desc = [] {
        sara_plugin_desc d{};
        fillLifeCycle(&d);
        d.id = "org.sara.store-embedded";
        d.version = "test";
        d.manifest = manifest.c_str();
        return d;
    }();
    return &desc;
}

}  // namespace sara::store_embedded
