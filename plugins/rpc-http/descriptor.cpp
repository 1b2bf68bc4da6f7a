#include "descriptor.h"

#include <fcntl.h>

namespace sara::rpc_http {

int duplicateOf(const Poco::Net::StreamSocket& socket) {
    return ::fcntl(socket.impl()->sockfd(), F_DUPFD_CLOEXEC, 0);
}

}  // namespace sara::rpc_http
