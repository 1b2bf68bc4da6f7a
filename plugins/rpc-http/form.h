// Form fields of a query or of an application/x-www-form-urlencoded body, as the clients of 2014
// write them: percent signs and plus signs are decoded, a semicolon is data, a trailing & is
// nothing. Refuses a field whose percent signs are wrong: it counts as missing.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace sara::rpc_http {

// [any] The first field of this name, decoded.
std::optional<std::string> formField(std::string_view form, std::string_view name);

// [any] Does this Content-Type header announce a form? Parameters behind a semicolon are ignored.
bool isForm(std::string_view content_type);

}  // namespace sara::rpc_http
