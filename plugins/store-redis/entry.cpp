// The plugin's one exported function.
#include <sara/sara.h>

#include "manifest.h"
#include "store-redis/plugin.h"

SARA_MANIFEST(store_redis_manifest, SARA_MANIFEST_JSON);

extern "C" SARA_EXPORT const sara_plugin_desc* sara_plugin_entry_v1(uint32_t index) noexcept {
    static const sara_plugin_desc desc = [] {
        sara_plugin_desc d{};
        sara::store_redis::fillLifeCycle(&d);
        d.id = "org.sara.store-redis";
        d.version = "1.0.0";
        d.manifest = store_redis_manifest;
        return d;
    }();
    return index == 0 ? &desc : nullptr;
}
