// TCP and TLS keep the contract of transports.
#include "tcp_kind.h"
#include "testkit/transport/transport_contract.h"

namespace sara::testkit {

INSTANTIATE_TEST_SUITE_P(TransportTcp, TransportContract, testing::Values(&tcp::kTcp, &tcp::kTls),
                         kindName);

}  // namespace sara::testkit
