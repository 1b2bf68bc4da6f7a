#include "testkit/transport/test_certificate.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cstdio>
#include <stdexcept>

namespace sara::testkit {
namespace {

void require(bool good, const char* what) {
    if (!good) throw std::runtime_error(std::string("test certificate: ") + what);
}

}  // namespace

CertificateFiles makeCertificate(const std::string& folder, const CertificateOptions& options) {
    static int serial = 0;
    const std::string base = folder + "/" + options.name + std::to_string(++serial);
    CertificateFiles files{base + ".pem", base + ".key"};
    EVP_PKEY* key = EVP_EC_gen("P-256");
    require(key != nullptr, "key");
    X509* x = X509_new();
    X509_set_version(x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x), serial);
    X509_gmtime_adj(X509_getm_notBefore(x), options.valid_from_s);
    X509_gmtime_adj(X509_getm_notAfter(x), options.valid_to_s);
    X509_set_pubkey(x, key);
    X509_NAME* name = X509_get_subject_name(x);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(options.name.c_str()), -1, -1,
                               0);
    X509_set_issuer_name(x, name);
    require(X509_sign(x, key, EVP_sha256()) > 0, "sign");

    std::FILE* f = std::fopen(files.certfile.c_str(), "we");
    require(f != nullptr && PEM_write_X509(f, x) == 1, "write certificate");
    std::fclose(f);
    f = std::fopen(files.keyfile.c_str(), "we");
    require(
        f != nullptr && PEM_write_PrivateKey(f, key, nullptr, nullptr, 0, nullptr, nullptr) == 1,
        "write key");
    std::fclose(f);
    X509_free(x);
    EVP_PKEY_free(key);
    return files;
}

}  // namespace sara::testkit
