#include "kit/wire_test.h"

#include "kit/tls_identity.h"

namespace sara::wire {

void WireTest::writeTlsIdentity() {
    const std::string cert = folder_.file("server.pem");
    const std::string key = folder_.file("server.key");
    sara::wire::writeTlsIdentity(cert, key);
    conf_.setText("certfile", cert).setText("keyfile", key);
}

}  // namespace sara::wire
