#include "kit/wire_test.h"

#include "kit/tls_identity.h"

namespace sara::wire {

void WireTest::writeTlsIdentity() {
    const std::string cert = folder_.file("server.pem");
    const std::string key = folder_.file("server.key");
    sara::wire::writeTlsIdentity(cert, key);
    conf_.setText("certfile", cert).setText("keyfile", key);
}

void WireTest::expectNoFindings() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    if (server_->running()) {
        EXPECT_EQ(server_->terminate(), 0);
    }
    const std::string output = server_->output();
    EXPECT_EQ(output.find("Sanitizer"), std::string::npos) << output;
    EXPECT_EQ(output.find("runtime error:"), std::string::npos) << output;
#endif
}

}  // namespace sara::wire
