#include "stream/tls_config.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace sara::stream {
namespace {

constexpr long kPemBytesMax = 1 << 20;

struct BioFree {
    void operator()(BIO* b) const { BIO_free_all(b); }
};
using Bio = std::unique_ptr<BIO, BioFree>;

std::string opensslText() {
    char text[256] = "no reason given";
    const unsigned long code = ERR_peek_last_error();
    if (code != 0) ERR_error_string_n(code, text, sizeof text);
    ERR_clear_error();
    return text;
}

// Reads a whole small file, so that "cannot read" and "is not PEM" are different sentences.
Bio readFile(const std::string& path, const char* what, std::string& error) {
    std::FILE* f = std::fopen(path.c_str(), "re");
    if (f == nullptr) {
        error = std::string(what) + " " + path + " cannot be read: " + std::strerror(errno);
        return nullptr;
    }
    std::string bytes(static_cast<size_t>(kPemBytesMax) + 1, '\0');
    errno = 0;
    bytes.resize(std::fread(bytes.data(), 1, bytes.size(), f));
    const bool failed = std::ferror(f) != 0;
    const int why = errno;
    std::fclose(f);
    if (failed) {
        error = std::string(what) + " " + path + " cannot be read: " + std::strerror(why);
        return nullptr;
    }
    if (bytes.size() > static_cast<size_t>(kPemBytesMax)) {
        error = std::string(what) + " " + path + " is larger than 1 MiB";
        return nullptr;
    }
    Bio bio(BIO_new(BIO_s_mem()));
    if (!bio || BIO_write(bio.get(), bytes.data(), static_cast<int>(bytes.size())) < 0) {
        error = "out of memory";
        return nullptr;
    }
    BIO_set_mem_eof_return(bio.get(), 0);
    return bio;
}

// A key that asks for a password must fail, not stop the start at a prompt.
int noPassword(char*, int, int, void*) { return -1; }

bool loadCertificates(SSL_CTX* ctx, const std::string& path, std::string& error,
                      std::string& warning) {
    Bio bio = readFile(path, "certificate", error);
    if (!bio) return false;
    X509* leaf = PEM_read_bio_X509_AUX(bio.get(), nullptr, noPassword, nullptr);
    if (leaf == nullptr) {
        ERR_clear_error();
        error = "certificate " + path + " is not a PEM certificate";
        return false;
    }
    const bool used = SSL_CTX_use_certificate(ctx, leaf) == 1;
    if (X509_cmp_current_time(X509_get0_notAfter(leaf)) < 0) {
        warning = "certificate " + path + " has expired";
    } else if (X509_cmp_current_time(X509_get0_notBefore(leaf)) > 0) {
        warning = "certificate " + path + " is not valid yet";
    }
    X509_free(leaf);
    if (!used) {
        error = "certificate " + path + " cannot be used: " + opensslText();
        return false;
    }
    while (X509* link = PEM_read_bio_X509(bio.get(), nullptr, noPassword, nullptr)) {
        if (SSL_CTX_add0_chain_cert(ctx, link) != 1) {
            X509_free(link);
            error = "certificate " + path + ": its chain cannot be used: " + opensslText();
            return false;
        }
    }
    ERR_clear_error();  // "no start line" ends the chain
    return true;
}

bool loadKey(SSL_CTX* ctx, const std::string& certfile, const std::string& path,
             std::string& error) {
    Bio bio = readFile(path, "key", error);
    if (!bio) return false;
    EVP_PKEY* key = PEM_read_bio_PrivateKey(bio.get(), nullptr, noPassword, nullptr);
    if (key == nullptr) {
        ERR_clear_error();
        error = "key " + path + " is not an unencrypted PEM private key";
        return false;
    }
    const X509* leaf = SSL_CTX_get0_certificate(ctx);
    const bool match = X509_check_private_key(leaf, key) == 1;
    const bool used = match && SSL_CTX_use_PrivateKey(ctx, key) == 1;
    EVP_PKEY_free(key);
    if (!match) {
        ERR_clear_error();
        error = "key " + path + " does not belong to certificate " + certfile;
        return false;
    }
    if (!used) {
        error = "key " + path + " cannot be used: " + opensslText();
        return false;
    }
    return true;
}

}  // namespace

TlsContext loadTls(const std::string& certfile, const std::string& keyfile, std::string& error,
                   std::string& warning) {
    ERR_clear_error();
    TlsContext ctx(SSL_CTX_new(TLS_server_method()));
    if (!ctx) {
        error = "TLS cannot be set up: " + opensslText();
        return nullptr;
    }
    SSL_CTX_set_min_proto_version(ctx.get(), TLS1_2_VERSION);
    // A peer that just closes is an ordinary end here: frames carry their own end.
    SSL_CTX_set_options(ctx.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                       SSL_OP_CIPHER_SERVER_PREFERENCE |
                                       SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(ctx.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(ctx.get(), 1);  // a record costs one read instead of two
    SSL_CTX_set_session_cache_mode(ctx.get(), SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(ctx.get(), 1);
    SSL_CTX_set_verify(ctx.get(), SSL_VERIFY_NONE, nullptr);
    if (SSL_CTX_set1_groups_list(ctx.get(), "X25519:P-256:P-384") != 1) {
        error = "TLS cannot be set up: " + opensslText();
        return nullptr;
    }
    if (!loadCertificates(ctx.get(), certfile, error, warning)) return nullptr;
    if (!loadKey(ctx.get(), certfile, keyfile, error)) return nullptr;
    return ctx;
}

}  // namespace sara::stream
