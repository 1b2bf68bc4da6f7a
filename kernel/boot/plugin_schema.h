// What a plugin says about its own configuration: the "config" member of its manifest, a subset of
// JSON Schema (type, default, minimum, maximum, enum, format, secret, required, description).
// Decides which schemas are valid and checks one value against one key.
#pragma once
#include <Poco/JSON/Object.h>

#include <optional>
#include <string>
#include <vector>

#include "boot/conf_value.h"

namespace sara::boot {

class PluginSchema {
  public:
    enum class Type { kInteger, kNumber, kFlag, kText, kArray, kObject };
    struct Key {
        std::string name;
        Type type = Type::kText;
        Poco::Dynamic::Var fallback;  // empty: none
        std::optional<double> minimum, maximum;
        std::vector<std::string> words;  // enum of a text
        std::string format;
        std::string description;
        bool secret = false;
        bool required = false;
    };

    // [any] config is either {"key": {"type": ...}} or a schema object with "properties" and
    // "required". Each fault is appended to problems; where begins their sentences.
    static PluginSchema read(const Poco::JSON::Object& config, const std::string& where,
                             Problems* problems);

    const std::vector<Key>& keys() const { return keys_; }
    const Key* find(const std::string& name) const;
    std::vector<std::string> names() const;

    // [any] *out is the value in the key's own type; false when it does not fit. Lenient as the
    // conf file.
    [[nodiscard]] static bool accept(const Key& key, const Poco::Dynamic::Var& value,
                                     Poco::Dynamic::Var* out);
    // [any] "an integer from 1 to 5".
    static std::string describe(const Key& key);

  private:
    std::vector<Key> keys_;
};

}  // namespace sara::boot
