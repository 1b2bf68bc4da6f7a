// The signature of a request: X-Sara-Signature is "sha256=" and the HMAC-SHA256, in hex, of the
// timestamp, a full stop and the raw request body; X-Sara-Timestamp is that timestamp, in seconds
// since 1970. Decides nothing else; a backend refuses old timestamps.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace sara::auth_callback {

// [any] Lower-case hex; empty when the cryptographic library fails.
std::string signatureOf(std::string_view secret, uint64_t timestamp_s, std::string_view body);

}  // namespace sara::auth_callback
