// A plugin as it lies on disk: which file, what its manifest says, and why it cannot be used if so.
// Decides the refusals that need no plugin code (plugin-abi.md 1.4): each says what the server has,
// what the plugin has and what to do.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "boot/manifest.h"

namespace sara::boot {

struct PluginFile {
    std::filesystem::path file;  // absolute
    std::string name;            // from the manifest, else the file's stem
    Manifest manifest;
    std::string manifest_text;  // without trailing NULs
    std::string refusal;        // empty: usable. One sentence without the plugin's name

    // "plugin 'quota' (quota.so): "
    std::string title() const;
};

// [any] Never throws but std::bad_alloc; never runs code of the file.
PluginFile inspectPlugin(const std::filesystem::path& file);

// [any] All *.so of the folders, sorted by name; the first folder wins when two have the same name.
// A folder that cannot be read is skipped.
std::vector<PluginFile> scanPlugins(const std::vector<std::filesystem::path>& folders);

}  // namespace sara::boot
