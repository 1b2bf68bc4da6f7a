// Any bytes as a conf file: it is refused with a sentence, or it gives a complete configuration
// that survives being read again from what was understood.
#include "boot/conf_file.h"

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "boot/conf_settings.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace sara::boot;
    Problems problems;
    const auto conf =
        Conf::parse({reinterpret_cast<const char*>(data), size}, "conf.json", &problems);
    if (conf.has_value() != problems.empty()) std::abort();
    if (!conf) return 0;
    const auto settings = chatSettings(*conf);
    if (settings.frame_bytes_max < 1024 || settings.node_id.empty()) std::abort();
    if (conf->integer("port") < 0 || conf->integer("port") > 65535) std::abort();
    for (const KeyRow& row : confKeys()) {
        if (row.type != KeyType::kObject && conf->flat(row.name).isEmpty()) std::abort();
    }
    return 0;
}
