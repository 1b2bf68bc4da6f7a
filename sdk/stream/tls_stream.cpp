#include "stream/tls_stream.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>

namespace sara::stream {
namespace {

// OpenSSL's own socket BIO writes with write(2), which raises SIGPIPE; a plugin has no business
// changing the process' signals, so the BIO is ours: the same, with send(MSG_NOSIGNAL).
BIO_METHOD* g_method = nullptr;

int fdOf(BIO* b) { return static_cast<int>(reinterpret_cast<intptr_t>(BIO_get_data(b))); }

bool wouldBlock() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

int bioWrite(BIO* b, const char* p, size_t len, size_t* n) {
    BIO_clear_retry_flags(b);
    const ssize_t r = ::send(fdOf(b), p, len, MSG_NOSIGNAL);
    if (r >= 0) {
        *n = static_cast<size_t>(r);
        return 1;
    }
    if (wouldBlock()) BIO_set_retry_write(b);
    return 0;
}

int bioRead(BIO* b, char* p, size_t len, size_t* n) {
    BIO_clear_retry_flags(b);
    const ssize_t r = ::recv(fdOf(b), p, len, 0);
    if (r > 0) {
        *n = static_cast<size_t>(r);
        return 1;
    }
    if (r < 0 && wouldBlock()) BIO_set_retry_read(b);
    if (r == 0) {
        BIO_set_flags(b, BIO_FLAGS_IN_EOF);
        errno = 0;
    }
    return 0;
}

long bioCtrl(BIO* b, int cmd, long, void*) {
    switch (cmd) {
        case BIO_CTRL_FLUSH:
        case BIO_CTRL_DUP:
            return 1;
        case BIO_CTRL_EOF:
            return BIO_test_flags(b, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
        default:
            return 0;
    }
}

int bioCreate(BIO* b) {
    BIO_set_init(b, 1);
    return 1;
}

TlsState stateOf(SSL* tls, int result) {
    const int saved = errno;
    const int why = SSL_get_error(tls, result);
    ERR_clear_error();
    switch (why) {
        case SSL_ERROR_WANT_READ:
            return TlsState::kWantRead;
        case SSL_ERROR_WANT_WRITE:
            return TlsState::kWantWrite;
        case SSL_ERROR_ZERO_RETURN:
            return TlsState::kEnd;
        case SSL_ERROR_SYSCALL:
            return saved == 0 ? TlsState::kEnd : TlsState::kIoError;
        default:
            return TlsState::kFailed;
    }
}

}  // namespace

bool prepareTlsBio() {
    if (g_method != nullptr) return true;
    BIO_METHOD* m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "sara stream");
    if (m == nullptr) return false;
    BIO_meth_set_write_ex(m, bioWrite);
    BIO_meth_set_read_ex(m, bioRead);
    BIO_meth_set_ctrl(m, bioCtrl);
    BIO_meth_set_create(m, bioCreate);
    g_method =
        m;  // lives as long as the process: connections may outlast the transport that made it
    return true;
}

SSL* newTls(SSL_CTX* ctx, int fd) noexcept {
    SSL* tls = SSL_new(ctx);
    if (tls == nullptr) {
        ERR_clear_error();
        return nullptr;
    }
    BIO* bio = BIO_new(g_method);
    if (bio == nullptr) {
        ERR_clear_error();
        SSL_free(tls);
        return nullptr;
    }
    BIO_set_data(bio, reinterpret_cast<void*>(static_cast<intptr_t>(fd)));
    SSL_set_bio(tls, bio, bio);
    SSL_set_accept_state(tls);
    return tls;
}

TlsState tlsRead(SSL* tls, uint8_t* buf, size_t len, size_t* n) noexcept {
    *n = 0;
    ERR_clear_error();  // what others left on this thread must not look like ours
    while (*n < len) {
        size_t got = 0;
        errno = 0;
        const int r = SSL_read_ex(tls, buf + *n, len - *n, &got);
        if (r != 1) return stateOf(tls, r);
        *n += got;
        // Nothing left inside: what is still in the socket is announced by the watch, so asking for
        // it now would mostly fetch EAGAIN, a system call per wake-up.
        if (SSL_has_pending(tls) == 0) return TlsState::kWantRead;
    }
    return TlsState::kOk;
}

TlsState tlsWrite(SSL* tls, const void* buf, size_t len, size_t* n) noexcept {
    *n = 0;
    ERR_clear_error();
    errno = 0;
    const int r = SSL_write_ex(tls, buf, len, n);
    if (r == 1) return TlsState::kOk;
    *n = 0;
    return stateOf(tls, r);
}

void tlsEnd(SSL* tls) noexcept {
    ERR_clear_error();
    if (SSL_is_init_finished(tls) != 0) SSL_shutdown(tls);
    ERR_clear_error();
}

}  // namespace sara::stream
