// Certificates for tests, made on the spot: nothing secret lies in the tree, nothing expires in it.
#pragma once
#include <string>

namespace sara::testkit {

struct CertificateFiles {
    std::string certfile;
    std::string keyfile;
};

struct CertificateOptions {
    long valid_from_s = -3600;  // relative to now
    long valid_to_s = 3600;
    std::string name = "localhost";
};

// A self-signed P-256 certificate and its key, written into folder. Throws std::runtime_error.
CertificateFiles makeCertificate(const std::string& folder, const CertificateOptions& options = {});

}  // namespace sara::testkit
