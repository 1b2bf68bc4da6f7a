// The server's side of TLS: certificate, key and protocol rules, loaded and checked once at start.
// Decides TLS 1.2 or newer, no renegotiation, one ticket, no session cache; refuses a key that does
// not match.
#pragma once
#include <openssl/ssl.h>

#include <memory>
#include <string>

namespace sara::stream {

struct SslCtxFree {
    void operator()(SSL_CTX* c) const { SSL_CTX_free(c); }
};
using TlsContext = std::unique_ptr<SSL_CTX, SslCtxFree>;

// [control] Files are PEM: a certificate (with its chain behind it) and an unencrypted key. nullptr
// with a sentence in error; warning gets a sentence when the certificate is not valid today.
TlsContext loadTls(const std::string& certfile, const std::string& keyfile, std::string& error,
                   std::string& warning);

}  // namespace sara::stream
