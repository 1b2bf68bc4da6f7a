#include "websocket_key.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <algorithm>
#include <cstring>

namespace sara::ws {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
constexpr size_t kKeyChars = 24;
constexpr size_t kDigits = 22;

}  // namespace

bool isWebSocketKey(std::string_view key) noexcept {
    if (key.size() != kKeyChars || key.substr(kDigits) != "==") return false;
    const std::string_view digits = key.substr(0, kDigits);
    return std::all_of(digits.begin(), digits.end(), [](char c) {
        return c != '\0' && kAlphabet.find(c) != std::string_view::npos;
    });
}

void answerKey(std::string_view key, char (&accept)[29]) noexcept {
    unsigned char text[kKeyChars + kGuid.size()];
    std::memcpy(text, key.data(), kKeyChars);
    std::memcpy(text + kKeyChars, kGuid.data(), kGuid.size());
    unsigned char hash[SHA_DIGEST_LENGTH];
    SHA1(text, sizeof text, hash);
    EVP_EncodeBlock(reinterpret_cast<unsigned char*>(accept), hash, sizeof hash);
}

}  // namespace sara::ws
