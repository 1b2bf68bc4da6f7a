#include "params.h"

#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>

#include <sara/jid.hpp>

namespace sara::blacklist {

Result<Params> Params::read(std::string_view json, bool wants_from) {
    if (json.size() > kBytesMax) return Error{Status::kInvalid, "params_too_large"};
    Poco::JSON::Object::Ptr object;
    try {
        Poco::JSON::Parser parser;
        parser.setDepth(8);
        object = parser.parse(std::string(json)).extract<Poco::JSON::Object::Ptr>();
    } catch (const Poco::Exception&) {
        return Error{Status::kInvalid, "params_invalid"};
    }
    const auto text = [&](const char* name) {
        const Poco::Dynamic::Var value = object->get(name);
        return value.isString() ? value.extract<std::string>() : std::string();
    };
    Params params;
    params.to = text("to");
    params.password = text("pwd");
    const auto to = Jid::parse(params.to);
    if (!to) return Error{Status::kInvalid, "to_invalid"};
    params.owner = std::string(to->bare());
    if (!wants_from) return params;
    const std::string from_text = text("from");
    const auto from = Jid::parse(from_text);
    if (!from) return Error{Status::kInvalid, "from_invalid"};
    params.blocked = std::string(from->bare());
    return params;
}

}  // namespace sara::blacklist
