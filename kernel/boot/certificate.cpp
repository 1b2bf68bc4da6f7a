#include "boot/certificate.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace sara::boot {

namespace {

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

// An encrypted key must not ask on the terminal of a daemon.
int noPassword(char*, int, int, void*) { return 0; }

}  // namespace

std::string checkCertificate(const std::string& cert_file, const std::string& key_file) {
    const File cert_on_disk(std::fopen(cert_file.c_str(), "re"), &std::fclose);
    if (!cert_on_disk) return "certfile " + cert_file + ": " + std::strerror(errno);
    const File key_on_disk(std::fopen(key_file.c_str(), "re"), &std::fclose);
    if (!key_on_disk) return "keyfile " + key_file + ": " + std::strerror(errno);
    ERR_clear_error();
    const std::unique_ptr<X509, void (*)(X509*)> cert(
        PEM_read_X509(cert_on_disk.get(), nullptr, &noPassword, nullptr), &X509_free);
    if (!cert) return "certfile " + cert_file + ": holds no PEM certificate";
    const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key(
        PEM_read_PrivateKey(key_on_disk.get(), nullptr, &noPassword, nullptr), &EVP_PKEY_free);
    if (!key) return "keyfile " + key_file + ": holds no PEM private key without a password";
    if (X509_check_private_key(cert.get(), key.get()) != 1) {
        return "keyfile " + key_file + ": is not the key of certfile " + cert_file;
    }
    if (X509_cmp_current_time(X509_get0_notAfter(cert.get())) < 0) {
        return "certfile " + cert_file + ": has expired";
    }
    return {};
}

}  // namespace sara::boot
