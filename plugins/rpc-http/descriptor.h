// The descriptor of a POCO socket, for the clock. In a file of its own because it is compiled
// without the thread sanitizer: POCO counts references inside its library, which the sanitizer
// cannot see, so it takes the end of the last reference for a race with this read.
#pragma once
#include <Poco/Net/StreamSocket.h>

namespace sara::rpc_http {

// [any] A new descriptor for the same socket, the caller's to close; -1 when none is left.
int duplicateOf(const Poco::Net::StreamSocket& socket);

}  // namespace sara::rpc_http
