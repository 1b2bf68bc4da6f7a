// The text of a call to the backend, byte for byte as the earlier server wrote it: one form field
// `body` holding compact JSON with sorted params. Decides escapes; refuses packets that are not one
// JSON object.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sara::auth_callback {

// [any] A random UUID, version 4.
std::string newSn();

struct AuthParams {
    std::string_view user, domain, jid, token;
};

// [any] The JSON of each call. Bytes that are no UTF-8 become U+FFFD.
std::string authBody(std::string_view sn, const AuthParams& params);
std::string groupBody(std::string_view sn, std::string_view gid);
// The members of the packet become the params, their values kept byte for byte but for the escapes,
// with the number of waiting packets among them; total 0 leaves it out. Nothing: packet is no
// object.
std::optional<std::string> offlineBody(std::string_view sn, std::string_view packet,
                                       uint64_t total);

// [any] "body=" and the text, percent-encoded with '+' for a space.
std::string formOf(std::string_view json);

// [any] A JSON string with its quotes, < > & and the two line separators escaped.
void appendJsonText(std::string_view text, std::string* out);

}  // namespace sara::auth_callback
