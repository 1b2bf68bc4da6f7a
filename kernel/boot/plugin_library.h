// The only file that knows Boost.DLL: a plugin's shared object in the process. Decides how it is
// loaded (all symbols at once, private to it, never unmapped) and gives the loader's own words when
// it cannot be.
#pragma once
#include <filesystem>
#include <memory>
#include <string>

#include "sara/abi/plugin.h"

namespace sara::boot {

class PluginLibrary {
  public:
    virtual ~PluginLibrary() = default;
    // [control] Runs the file's static constructors. nullptr: *error has the text of dlerror().
    static std::unique_ptr<PluginLibrary> load(const std::filesystem::path& absolute,
                                               std::string* error);
    // [control] The descriptor with this index, or nullptr behind the last one.
    virtual const sara_plugin_desc* entry(uint32_t index) const = 0;
};

}  // namespace sara::boot
