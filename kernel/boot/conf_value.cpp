#include "boot/conf_value.h"

#include <Poco/JSON/Array.h>
#include <Poco/JSON/Object.h>

#include <charconv>
#include <cmath>

#include "boot/json_text.h"
#include "boot/utf8.h"

namespace sara::boot {

namespace {
constexpr size_t kShownBytes = 60;
}

std::optional<int64_t> readInteger(const Poco::Dynamic::Var& value) {
    if (value.isEmpty() || value.isBoolean()) return std::nullopt;
    if (value.isString()) {
        const std::string& text = value.extract<std::string>();
        int64_t number = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
        return number;
    }
    if (value.isInteger()) {
        if (!value.isSigned() && value.convert<Poco::UInt64>() > INT64_MAX) return std::nullopt;
        return value.convert<Poco::Int64>();
    }
    if (value.isNumeric()) {
        const double number = value.convert<double>();
        if (std::trunc(number) != number || std::fabs(number) > 9e15) return std::nullopt;
        return static_cast<int64_t>(number);
    }
    return std::nullopt;
}

std::optional<bool> readFlag(const Poco::Dynamic::Var& value) {
    if (value.isEmpty()) return std::nullopt;
    if (value.isBoolean()) return value.convert<bool>();
    if (value.isString()) {
        const std::string& text = value.extract<std::string>();
        for (const char* word : {"", "0", "false", "no", "off"}) {
            if (text == word) return false;
        }
        for (const char* word : {"1", "true", "yes", "on"}) {
            if (text == word) return true;
        }
        return std::nullopt;
    }
    const std::optional<int64_t> number = readInteger(value);
    if (number == 0 || number == 1) return *number == 1;
    return std::nullopt;
}

std::optional<std::string> readText(const Poco::Dynamic::Var& value) {
    if (value.isEmpty() || value.isBoolean()) return std::nullopt;
    if (value.isString()) return value.extract<std::string>();
    if (const auto number = readInteger(value)) return std::to_string(*number);
    return std::nullopt;
}

std::optional<std::vector<std::string>> readTexts(const Poco::Dynamic::Var& value) {
    std::vector<std::string> texts;
    if (value.isEmpty()) return std::nullopt;
    if (value.isString()) {
        if (!value.extract<std::string>().empty()) texts.push_back(value.extract<std::string>());
        return texts;
    }
    if (value.type() != typeid(Poco::JSON::Array::Ptr)) return std::nullopt;
    const auto array = value.extract<Poco::JSON::Array::Ptr>();
    for (size_t i = 0; i < array->size(); ++i) {
        const auto text = readText(array->get(static_cast<unsigned>(i)));
        if (!text) return std::nullopt;
        texts.push_back(*text);
    }
    return texts;
}

std::string describeFound(const Poco::Dynamic::Var& value, bool secret) {
    if (value.isEmpty()) return "null";
    if (value.type() == typeid(Poco::JSON::Object::Ptr)) return "an object";
    if (value.type() == typeid(Poco::JSON::Array::Ptr)) return "an array";
    if (secret) return "a value that is not shown";
    std::string shown = jsonText(value);
    if (shown.size() > kShownBytes) {
        size_t cut = 0;
        while (cut < kShownBytes) cut += utf8Length(std::string_view(shown).substr(cut));
        shown = shown.substr(0, cut) + "...";
    }
    return value.isString() ? shown + " (text)" : shown;
}

std::string keyProblem(const std::string& file, const std::string& key, const std::string& found,
                       const std::string& expected) {
    return file + ": key \"" + key + "\": found " + found + ", expected " + expected;
}

}  // namespace sara::boot
