// `sara` without a command: reads the conf file, resolves the plugins, takes the pid file, opens
// the log and hands over to the server. Decides the order of these steps and that each failure is
// one line and exit code 1.
#pragma once
#include "boot/command_line.h"

namespace sara::boot {

// [control] The exit code of the process.
int runStart(const CommandLine& line);

}  // namespace sara::boot
