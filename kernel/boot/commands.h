// The commands that do not serve: setup, check, plugin list, stop, pprof, version. Each returns the
// exit code of the process; one clear line per problem on stderr.
#pragma once
#include "boot/command_line.h"
#include "boot/conf_file.h"

namespace sara::boot {

// [control]
int runSetup(const CommandLine& line);
int runCheck(const CommandLine& line);
int runPluginList(const CommandLine& line);
int runStop(const CommandLine& line);
int runPprof(const CommandLine& line);
int runVersion(bool brief);

}  // namespace sara::boot
