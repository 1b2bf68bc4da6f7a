// The key of the handshake and the answer to it. Decides what a key is: 16 bytes in base64, so 22
// characters and "=="; what the last one says beyond the 128 bits is not looked at.
#pragma once
#include <string_view>

namespace sara::ws {

// [any]
bool isWebSocketKey(std::string_view key) noexcept;
// [any] Base64 of SHA-1 of the key and the GUID of RFC 6455: 28 characters and a NUL.
void answerKey(std::string_view key, char (&accept)[29]) noexcept;

}  // namespace sara::ws
