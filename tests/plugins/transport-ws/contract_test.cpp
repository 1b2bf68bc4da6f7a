// ws and wss keep the contract of transports.
#include "testkit/transport/transport_contract.h"
#include "ws_kind.h"

namespace sara::testkit {

INSTANTIATE_TEST_SUITE_P(TransportWs, TransportContract, testing::Values(&ws::kWs, &ws::kWss),
                         kindName);

}  // namespace sara::testkit
