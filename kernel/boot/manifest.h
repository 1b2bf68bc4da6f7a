// What a plugin says about itself before any of its code runs: the JSON in its ELF section. Decides
// which manifests are valid; the file that carries it is elf_image's business, the order of plugins
// plugin_plan's.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "boot/conf_value.h"
#include "boot/plugin_schema.h"

namespace sara::boot {

struct Manifest {
    static constexpr uint64_t kManifestBytesMax = 256 << 10;
    static constexpr uint32_t kManifestDepthMax = 16;
    static constexpr size_t kListMax = 256;  // entries of provides, requires, hooks, after

    struct Need {
        std::string service;
        bool hard = true;
    };

    std::string id;  // "org.sara.transport-tcp"
    std::string
        name;  // "transport-tcp": its section in the conf file; default: last part of the id
    std::string version;  // "1.0.0"
    uint16_t abi_major = 0;
    uint16_t abi_minor = 0;
    std::string license, description;
    std::vector<std::string> provides;
    std::vector<Need> requires_;
    std::vector<std::string> after;  // ids
    std::vector<std::string> hooks;
    PluginSchema config;
    std::map<std::string, std::string> legacy;  // flat conf key -> own key

    // [any] text may end with NUL bytes (a C string literal has one). Empty: problems says why.
    static std::optional<Manifest> parse(std::string_view text, Problems* problems);

    bool offers(std::string_view service) const;
};

}  // namespace sara::boot
