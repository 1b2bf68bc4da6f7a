// The running server: loops, bus, plugins. Decides the order in which they come up and go down.
#pragma once
#include "boot/runtime.h"

namespace sara::boot {

// [control] Serves until it is told to end; the exit code.
int runServer(Runtime& runtime);

}  // namespace sara::boot
