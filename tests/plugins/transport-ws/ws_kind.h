// The ws and wss faces of the plugin as the contract suite knows them, and the client's half of the
// protocol in its plainest form.
#pragma once
#include "testkit/transport/transport_rig.h"

namespace sara::ws {

extern const testkit::TransportKind kWs;
extern const testkit::TransportKind kWss;

}  // namespace sara::ws
