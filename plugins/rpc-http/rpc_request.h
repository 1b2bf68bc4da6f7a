// One request of the lightrpc form: {"sn":..,"service":..,"method":..,"params":{..},"token":..}.
// Decides what is a request (strict JSON, bounded depth) and keeps params as the bytes that the
// caller wrote, so that no number changes on its way to a command.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace sara::rpc_http {

struct RpcRequest {
    static constexpr size_t kDepthMax = 64;  // docs/limits.md: rpc_depth_max

    std::optional<std::string> sn;  // a string decoded, anything else as its JSON text
    std::string service;            // empty: none, or not a string
    std::string method;             // first letter in lower case; empty as service
    std::string params = "{}";      // a JSON object
    std::string token;              // never log it

    // [any] Nothing: body is not one JSON object.
    static std::optional<RpcRequest> parse(std::string_view body);
};

}  // namespace sara::rpc_http
