// sara.config/1: an instance reads its own section and no other.
#include "bus/host_tables.h"
#include "bus/instance.h"

namespace sara::bus {
namespace {

sara_status getStr(const sara_host* h, const char* key, sara_str* out) noexcept {
    if (key == nullptr || out == nullptr) return SARA_E_INVALID;
    return Instance::of(h).config().getStr(key, out);
}

sara_status getInt(const sara_host* h, const char* key, int64_t* out) noexcept {
    if (key == nullptr || out == nullptr) return SARA_E_INVALID;
    return Instance::of(h).config().getInt(key, out);
}

sara_status getBool(const sara_host* h, const char* key, int32_t* out) noexcept {
    if (key == nullptr || out == nullptr) return SARA_E_INVALID;
    return Instance::of(h).config().getBool(key, out);
}

sara_status getJson(const sara_host* h, sara_str* out) noexcept {
    if (out == nullptr) return SARA_E_INVALID;
    *out = Instance::of(h).config().json();
    return SARA_OK;
}

constexpr sara_config kTable{sizeof(sara_config), 0, &getStr, &getInt, &getBool, &getJson};

}  // namespace

const sara_config* configTable() { return &kTable; }

}  // namespace sara::bus
