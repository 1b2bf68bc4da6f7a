#include "boot/json_text.h"

#include <Poco/Exception.h>
#include <Poco/JSON/Array.h>
#include <Poco/JSON/ParseHandler.h>
#include <Poco/JSON/Parser.h>

#include <cstdio>

#include "boot/json_check.h"

namespace sara::boot {

namespace {

void writeValue(const Poco::Dynamic::Var& value, std::string* out);

void writeObject(const Poco::JSON::Object& object, std::string* out) {
    out->push_back('{');
    bool first = true;
    for (const auto& [key, member] : object) {
        if (!first) out->push_back(',');
        first = false;
        *out += jsonQuote(key);
        out->push_back(':');
        writeValue(member, out);
    }
    out->push_back('}');
}

void writeArray(const Poco::JSON::Array& array, std::string* out) {
    out->push_back('[');
    for (size_t i = 0; i < array.size(); ++i) {
        if (i > 0) out->push_back(',');
        writeValue(array.get(static_cast<unsigned>(i)), out);
    }
    out->push_back(']');
}

void writeValue(const Poco::Dynamic::Var& value, std::string* out) {
    if (value.isEmpty()) {
        *out += "null";
    } else if (value.type() == typeid(Poco::JSON::Object::Ptr)) {
        writeObject(*value.extract<Poco::JSON::Object::Ptr>(), out);
    } else if (value.type() == typeid(Poco::JSON::Array::Ptr)) {
        writeArray(*value.extract<Poco::JSON::Array::Ptr>(), out);
    } else if (value.isBoolean()) {
        *out += value.convert<bool>() ? "true" : "false";
    } else if (value.isString()) {
        *out += jsonQuote(value.convert<std::string>());
    } else if (value.isInteger() && value.isSigned()) {
        *out += std::to_string(value.convert<Poco::Int64>());
    } else if (value.isInteger()) {
        *out += std::to_string(value.convert<Poco::UInt64>());
    } else {
        char number[32];
        std::snprintf(number, sizeof number, "%.17g", value.convert<double>());
        *out += number;
    }
}

}  // namespace

std::string JsonError::where() const {
    return "line " + std::to_string(line) + ", column " + std::to_string(column) + ": " + text;
}

bool checkJsonObject(std::string_view text, const JsonLimits& limits, JsonError* error) {
    return JsonCheck(text, limits, error).run();
}

Poco::JSON::Object::Ptr parseJsonObject(std::string_view text, const JsonLimits& limits,
                                        JsonError* error) {
    if (!checkJsonObject(text, limits, error)) return nullptr;
    try {
        Poco::JSON::ParseHandler::Ptr handler = new Poco::JSON::ParseHandler();
        Poco::JSON::Parser parser(handler);
        return parser.parse(std::string(text)).extract<Poco::JSON::Object::Ptr>();
    } catch (const Poco::Exception& e) {
        // A number out of range of every type, for instance.
        *error = {1, 1, "cannot be read: " + e.displayText()};
        return nullptr;
    }
}

std::string jsonQuote(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out.push_back('\\');
            out.push_back(c);
        } else if (byte < 0x20 || byte == 0x7f) {
            char escape[8];
            std::snprintf(escape, sizeof escape, "\\u%04x", byte);
            out += escape;
        } else {
            out.push_back(c);
        }
    }
    out.push_back('"');
    return out;
}

std::string jsonText(const Poco::Dynamic::Var& value) {
    std::string out;
    writeValue(value, &out);
    return out;
}

}  // namespace sara::boot
