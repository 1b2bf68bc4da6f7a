// Can this certificate and key serve TLS? Asked by `sara check`, so that an operator learns it
// before a restart; the transport plugin asks again for itself.
#pragma once
#include <string>

namespace sara::boot {

// [any] Empty: yes. Else one sentence that names the file.
std::string checkCertificate(const std::string& cert_file, const std::string& key_file);

}  // namespace sara::boot
