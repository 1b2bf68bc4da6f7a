// The TCP and TLS faces of the plugin as the contract suite knows them.
#pragma once
#include "testkit/transport/transport_rig.h"

namespace sara::tcp {

extern const testkit::TransportKind kTcp;
extern const testkit::TransportKind kTls;

}  // namespace sara::tcp
