// Threads for work that blocks. Bounded queue; completions go back to the loop that asked.
#pragma once
#include <cstdint>

#include "sara/sara.h"

namespace sara::bus {

class PluginHost;

class WorkerPool {
  public:
    virtual ~WorkerPool() = default;
    // [loop] SARA_E_AGAIN when full, SARA_E_CLOSED after shutDown(), SARA_E_THREAD off the loops.
    virtual sara_status submit(sara_fn work, sara_fn done, void* user) = 0;
};

}  // namespace sara::bus
