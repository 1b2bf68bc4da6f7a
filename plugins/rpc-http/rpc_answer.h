// Answers of the lightrpc form, byte for byte as the clients know them. Decides the order of the
// members and the words of errors.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace sara::rpc_http {

// [any] Appends text as a JSON string, with < > & escaped as the earlier server does. text is
// UTF-8.
void appendQuoted(std::string& out, std::string_view text);

// [any] {"sn":..,"success":..,"entity":..}; sn and entity (a JSON value) only when they are there.
std::string rpcAnswer(const std::optional<std::string>& sn, bool success, std::string_view entity);

// [any] {"success":false,"entity":{"errCode":..,"reason":..}}: errors of the form itself carry no
// sn.
std::string rpcError(std::string_view code, std::string_view reason);

}  // namespace sara::rpc_http
