// The configuration of one plugin instance: its section of the conf file, the flat keys that its
// manifest maps, and its defaults, checked against its schema. Decides the order of precedence
// (section, flat key, default).
#pragma once
#include <optional>
#include <string>

#include "boot/conf_file.h"
#include "boot/manifest.h"

namespace sara::boot {

// [any] One JSON object with every key that has a value, sorted. Empty: problems says why.
std::optional<std::string> pluginConfig(const Conf& conf, const std::string& instance,
                                        const Manifest& manifest, Problems* problems);

}  // namespace sara::boot
