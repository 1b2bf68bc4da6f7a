#include "kit/tls_identity.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cstdio>
#include <memory>
#include <stdexcept>

namespace sara::wire {
namespace {

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

File openForWriting(const std::string& path) {
    File file(std::fopen(path.c_str(), "w"), std::fclose);
    if (!file) throw std::runtime_error("cannot write " + path);
    return file;
}

}  // namespace

void writeTlsIdentity(const std::string& cert_path, const std::string& key_path) {
    const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
    const std::unique_ptr<X509, void (*)(X509*)> cert(X509_new(), X509_free);
    if (!key || !cert) throw std::runtime_error("no key");
    X509_set_version(cert.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(cert.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(cert.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(cert.get()), 24L * 3600);
    X509_set_pubkey(cert.get(), key.get());
    X509_NAME* name = X509_get_subject_name(cert.get());
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
    X509_set_issuer_name(cert.get(), name);
    const bool written = X509_sign(cert.get(), key.get(), EVP_sha256()) > 0 &&
                         PEM_write_X509(openForWriting(cert_path).get(), cert.get()) == 1 &&
                         PEM_write_PrivateKey(openForWriting(key_path).get(), key.get(), nullptr,
                                              nullptr, 0, nullptr, nullptr) == 1;
    if (!written) throw std::runtime_error("cannot make a certificate");
}

}  // namespace sara::wire
