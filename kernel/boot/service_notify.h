// Tells the service manager (systemd Type=notify) what the server is doing: one datagram to
// $NOTIFY_SOCKET.
#pragma once
#include <string>

namespace sara::boot {

// [control] "READY=1\nSTATUS=..." and the like. Without a manager, or when it does not listen:
// nothing.
void notifyService(const std::string& state);

}  // namespace sara::boot
