#include "boot/plugin_schema.h"

#include <Poco/JSON/Array.h>

#include <cmath>
#include <cstdio>

namespace sara::boot {

namespace {

using Key = PluginSchema::Key;
using Type = PluginSchema::Type;

std::optional<Type> typeOf(const std::string& word) {
    if (word == "integer") return Type::kInteger;
    if (word == "number") return Type::kNumber;
    if (word == "boolean") return Type::kFlag;
    if (word == "string") return Type::kText;
    if (word == "array") return Type::kArray;
    if (word == "object") return Type::kObject;
    return std::nullopt;
}

std::optional<double> readNumber(const Poco::Dynamic::Var& value) {
    if (value.isEmpty() || value.isBoolean() || value.isString()) return std::nullopt;
    if (!value.isNumeric()) return std::nullopt;
    return value.convert<double>();
}

std::string shortNumber(double number) {
    char text[32];
    std::snprintf(text, sizeof text, "%.15g", number);
    return text;
}

bool inRange(const Key& key, double number) {
    return !(key.minimum && number < *key.minimum) && !(key.maximum && number > *key.maximum);
}

void readKey(const std::string& name, const Poco::JSON::Object& schema, const std::string& where,
             std::vector<Key>* keys, Problems* problems) {
    const std::string what = where + ": config key \"" + name + "\"";
    Key key;
    key.name = name;
    const auto text = [&](const char* member) {
        const Poco::Dynamic::Var value = schema.get(member);
        return value.isString() ? value.extract<std::string>() : std::string();
    };
    const auto type = typeOf(text("type"));
    if (!type) {
        problems->push_back(what + " has the type " + describeFound(schema.get("type"), false) +
                            ", expected integer, number, boolean, string, array or object");
        return;
    }
    if (name == "enabled" || name == "required") {
        problems->push_back(what + " is a word of the server; rename it");
        return;
    }
    key.type = *type;
    key.minimum = readNumber(schema.get("minimum"));
    key.maximum = readNumber(schema.get("maximum"));
    key.format = text("format");
    key.description = text("description");
    key.secret = readFlag(schema.get("secret")).value_or(false);
    key.required = readFlag(schema.get("required")).value_or(false);
    if (const auto words = schema.getArray("enum")) {
        key.words = readTexts(words).value_or(std::vector<std::string>());
        if (key.words.empty())
            problems->push_back(what + " has an enum that is not a list of texts");
    }
    const Poco::Dynamic::Var fallback = schema.get("default");
    if (!fallback.isEmpty()) {
        if (!PluginSchema::accept(key, fallback, &key.fallback)) {
            problems->push_back(what + " has the default " + describeFound(fallback, false) +
                                ", expected " + PluginSchema::describe(key));
        }
    }
    keys->push_back(std::move(key));
}

}  // namespace

PluginSchema PluginSchema::read(const Poco::JSON::Object& config, const std::string& where,
                                Problems* problems) {
    PluginSchema schema;
    const Poco::JSON::Object* keys = &config;
    const auto properties = config.getObject("properties");
    if (properties) keys = properties.get();
    for (const auto& [name, value] : *keys) {
        if (value.type() != typeid(Poco::JSON::Object::Ptr)) {
            problems->push_back(where + ": config key \"" + name + "\" is " +
                                describeFound(value, false) + ", expected a schema object");
            continue;
        }
        readKey(name, *value.extract<Poco::JSON::Object::Ptr>(), where, &schema.keys_, problems);
    }
    if (!properties) return schema;
    for (const auto& name :
         readTexts(config.get("required")).value_or(std::vector<std::string>())) {
        for (Key& key : schema.keys_) {
            if (key.name == name) key.required = true;
        }
    }
    return schema;
}

const PluginSchema::Key* PluginSchema::find(const std::string& name) const {
    for (const Key& key : keys_) {
        if (key.name == name) return &key;
    }
    return nullptr;
}

std::vector<std::string> PluginSchema::names() const {
    std::vector<std::string> names;
    for (const Key& key : keys_) names.push_back(key.name);
    return names;
}

bool PluginSchema::accept(const Key& key, const Poco::Dynamic::Var& value,
                          Poco::Dynamic::Var* out) {
    switch (key.type) {
        case Type::kInteger: {
            const auto number = readInteger(value);
            if (!number || !inRange(key, static_cast<double>(*number))) return false;
            *out = static_cast<Poco::Int64>(*number);
            return true;
        }
        case Type::kNumber: {
            const auto number = readNumber(value);
            if (!number || !inRange(key, *number)) return false;
            *out = value;
            return true;
        }
        case Type::kFlag: {
            const auto flag = readFlag(value);
            if (flag) *out = *flag;
            return flag.has_value();
        }
        case Type::kText: {
            const auto text = readText(value);
            if (!text) return false;
            bool known = key.words.empty();
            for (const std::string& word : key.words) known = known || word == *text;
            *out = *text;
            return known;
        }
        case Type::kArray:
        case Type::kObject: {
            const auto& wanted = key.type == Type::kArray ? typeid(Poco::JSON::Array::Ptr)
                                                          : typeid(Poco::JSON::Object::Ptr);
            if (value.isEmpty() || value.type() != wanted) return false;
            *out = value;
            return true;
        }
    }
    return false;
}

std::string PluginSchema::describe(const Key& key) {
    if (key.type == Type::kFlag) return "true or false";
    if (key.type == Type::kArray) return "an array";
    if (key.type == Type::kObject) return "an object";
    if (key.type == Type::kText) {
        if (key.words.empty()) return "text";
        std::string out;
        for (const std::string& word : key.words)
            out += (out.empty() ? "\"" : ", \"") + word + "\"";
        return key.words.size() > 1 ? "one of " + out : out;
    }
    std::string out = key.type == Type::kInteger ? "an integer" : "a number";
    if (key.minimum && key.maximum) {
        return out + " from " + shortNumber(*key.minimum) + " to " + shortNumber(*key.maximum);
    }
    if (key.minimum) return out + " of at least " + shortNumber(*key.minimum);
    if (key.maximum) return out + " of at most " + shortNumber(*key.maximum);
    return out;
}

}  // namespace sara::boot
