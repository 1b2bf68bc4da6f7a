#include "bus/config_values.h"

#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>

#include <limits>

namespace sara::bus {

std::optional<ConfigValues> ConfigValues::parse(const std::string& json, std::string* error) {
    ConfigValues out;
    out.json_ = json.empty() ? "{}" : json;
    try {
        Poco::JSON::Parser parser;
        const Poco::Dynamic::Var root = parser.parse(out.json_);
        if (root.type() != typeid(Poco::JSON::Object::Ptr)) {
            *error = "not a JSON object";
            return std::nullopt;
        }
        for (const auto& [key, value] : *root.extract<Poco::JSON::Object::Ptr>()) {
            if (value.isEmpty()) continue;  // null: not given
            Value& v = out.values_[key];
            if (value.isString()) {
                v = value.convert<std::string>();
            } else if (value.isBoolean()) {
                v = value.convert<bool>();
            } else if (value.isInteger()) {
                if (value.isSigned() || value.convert<uint64_t>() <= INT64_MAX) {
                    v = static_cast<int64_t>(value.convert<Poco::Int64>());
                }
            }
        }
    } catch (const Poco::Exception& e) {
        *error = e.displayText();
        return std::nullopt;
    }
    return out;
}

sara_status ConfigValues::getStr(std::string_view key, sara_str* out) const {
    const auto at = values_.find(key);
    if (at == values_.end()) return SARA_E_NOTFOUND;
    const auto* s = std::get_if<std::string>(&at->second);
    if (s == nullptr) return SARA_E_INVALID;
    *out = {s->data(), s->size()};
    return SARA_OK;
}

sara_status ConfigValues::getInt(std::string_view key, int64_t* out) const {
    const auto at = values_.find(key);
    if (at == values_.end()) return SARA_E_NOTFOUND;
    const auto* n = std::get_if<int64_t>(&at->second);
    if (n == nullptr) return SARA_E_INVALID;
    *out = *n;
    return SARA_OK;
}

sara_status ConfigValues::getBool(std::string_view key, int32_t* out) const {
    const auto at = values_.find(key);
    if (at == values_.end()) return SARA_E_NOTFOUND;
    const auto* b = std::get_if<bool>(&at->second);
    if (b == nullptr) return SARA_E_INVALID;
    *out = *b ? 1 : 0;
    return SARA_OK;
}

}  // namespace sara::bus
