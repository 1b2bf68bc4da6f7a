// A self-signed certificate and its key for a server under test, made anew each time: no key in the
// tree.
#pragma once
#include <string>

namespace sara::wire {

// Writes an ECDSA P-256 key and a certificate for localhost, both PEM, valid for one day. Throws
// std::runtime_error.
void writeTlsIdentity(const std::string& cert_path, const std::string& key_path);

}  // namespace sara::wire
