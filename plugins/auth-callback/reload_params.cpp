#include "auth-callback/reload_params.h"

#include <simdjson.h>

namespace sara::auth_callback {
namespace {

std::string textOf(const simdjson::dom::object& object, std::string_view name) {
    simdjson::dom::element value;
    if (object.at_key(name).get(value) != simdjson::SUCCESS) return {};
    std::string_view text;
    if (value.get(text) == simdjson::SUCCESS) return std::string(text);
    if (value.is_int64() || value.is_uint64()) return simdjson::minify(value);
    return {};
}

}  // namespace

ReloadParams readReloadParams(std::string_view json) {
    simdjson::dom::parser parser;
    simdjson::dom::object object;
    if (json.empty() ||
        parser.parse(json.data(), json.size(), true).get(object) != simdjson::SUCCESS) {
        return {};
    }
    return {textOf(object, "gid"), textOf(object, "domain")};
}

std::string groupKey(std::string_view gid, std::string_view domain) {
    std::string key;
    key.reserve(gid.size() + 1 + domain.size());
    key.append(gid).append("@").append(domain);
    return key;
}

}  // namespace sara::auth_callback
