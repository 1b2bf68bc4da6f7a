#include "auth-callback/signature.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace sara::auth_callback {

std::string signatureOf(std::string_view secret, uint64_t timestamp_s, std::string_view body) {
    std::string text = std::to_string(timestamp_s);
    text.append(".").append(body);
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    if (HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
             reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest,
             &size) == nullptr) {
        return {};
    }
    constexpr char kLowerHex[] = "0123456789abcdef";
    std::string out;
    for (unsigned i = 0; i < size; ++i) {
        out += kLowerHex[digest[i] >> 4];
        out += kLowerHex[digest[i] & 15];
    }
    return out;
}

}  // namespace sara::auth_callback
