// Bytes through TLS on a non-blocking socket. Decides how OpenSSL's answers map to four outcomes;
// never raises SIGPIPE and leaves nothing in the thread's OpenSSL error queue.
#pragma once
#include <openssl/ssl.h>

#include <cstddef>
#include <cstdint>

namespace sara::stream {

enum class TlsState : uint8_t {
    kOk,
    kWantRead,   // nothing more until the socket is readable
    kWantWrite,  // nothing more until the socket is writable
    kEnd,        // the peer ended its direction
    kFailed,     // TLS broke: bad record, refused handshake
    kIoError     // the socket broke
};

// [control] Needed once before newTls(); false when OpenSSL has no memory.
bool prepareTlsBio();
// [loop] Server side over fd, which stays the caller's. nullptr when memory is exhausted.
SSL* newTls(SSL_CTX* ctx, int fd) noexcept;
// [loop] Drives the handshake too. *n: bytes placed at buf, also beside a state that is not kOk.
// kOk: buf is full, and more may wait inside.
TlsState tlsRead(SSL* tls, uint8_t* buf, size_t len, size_t* n) noexcept;
// [loop] Writes one record at most. *n > 0 only with kOk. After kWantWrite the next call must start
// with the same bytes.
TlsState tlsWrite(SSL* tls, const void* buf, size_t len, size_t* n) noexcept;
// [loop] Sends close_notify, without waiting for the peer's. Best effort.
void tlsEnd(SSL* tls) noexcept;

}  // namespace sara::stream
