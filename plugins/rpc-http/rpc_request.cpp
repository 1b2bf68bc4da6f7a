#include "rpc_request.h"

#include <simdjson.h>

namespace sara::rpc_http {
namespace {

namespace ondemand = simdjson::ondemand;

// What a member is, read from a text that has been found to be valid: no error is expected here.
void take(RpcRequest& request, std::string_view name, ondemand::value value) {
    const auto kind = value.type();
    if (kind.error()) return;
    const bool is_text = kind.value_unsafe() == ondemand::json_type::string;
    const auto text = [&](std::string& out) {
        std::string_view view;
        if (is_text && !value.get_string().get(view)) out = std::string(view);
    };
    const auto raw = [&](std::string& out) {
        std::string_view view;
        if (!simdjson::to_json_string(value).get(view)) out = std::string(view);
    };
    if (name == "service") {
        text(request.service);
    } else if (name == "method") {
        text(request.method);
        char* const first = request.method.data();
        if (*first >= 'A' && *first <= 'Z') *first = static_cast<char>(*first - 'A' + 'a');
    } else if (name == "token") {
        text(request.token);
    } else if (name == "params") {
        if (kind.value_unsafe() == ondemand::json_type::object) raw(request.params);
    } else if (name == "sn") {
        if (kind.value_unsafe() == ondemand::json_type::null) return;
        request.sn.emplace();
        is_text ? text(*request.sn) : raw(*request.sn);
    }
}

}  // namespace

std::optional<RpcRequest> RpcRequest::parse(std::string_view body) {
    const simdjson::padded_string padded(body);
    // The first reader checks everything, members that nobody asks for included; the second one
    // knows where in the text each member stands.
    simdjson::dom::parser checker;
    if (checker.allocate(padded.size() + 1, kDepthMax)) return std::nullopt;
    simdjson::dom::object object;
    if (checker.parse(padded).get(object)) return std::nullopt;
    ondemand::parser parser;
    ondemand::document document;
    if (parser.iterate(padded).get(document)) return std::nullopt;
    ondemand::object members;
    if (document.get_object().get(members)) return std::nullopt;
    RpcRequest request;
    for (auto member : members) {
        std::string_view name;
        ondemand::value value;
        if (member.unescaped_key().get(name)) return std::nullopt;
        const std::string key(name);  // value() may reuse its memory
        if (member.value().get(value)) return std::nullopt;
        take(request, key, value);
    }
    return request;
}

}  // namespace sara::rpc_http
