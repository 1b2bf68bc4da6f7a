// The configuration of one instance, parsed once. Decides which JSON types a plugin can read by
// key; arrays, objects and fractions only come as the whole text. Refuses text that is not one JSON
// object.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "sara/sara.h"

namespace sara::bus {

class ConfigValues {
  public:
    // [control] Empty text counts as "{}". nullopt: not a JSON object; *error says why.
    static std::optional<ConfigValues> parse(const std::string& json, std::string* error);

    // [any] As sara.config/1.
    sara_status getStr(std::string_view key, sara_str* out) const;
    sara_status getInt(std::string_view key, int64_t* out) const;
    sara_status getBool(std::string_view key, int32_t* out) const;
    sara_str json() const { return {json_.data(), json_.size()}; }

  private:
    using Value =
        std::variant<std::monostate, std::string, int64_t, bool>;  // monostate: another type

    std::string json_;
    std::map<std::string, Value, std::less<>> values_;
};

}  // namespace sara::bus
