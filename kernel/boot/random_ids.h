// Ids that nobody can guess, from the system's random source, a block of it at a time per thread.
#pragma once
#include "chat/ports.h"

namespace sara::boot {

class RandomIds final : public chat::IdSource {
  public:
    // [any] A version 4 UUID. Aborts when the system has no random bytes: ids must never repeat.
    void uuid(char (&out)[36]) override;
};

}  // namespace sara::boot
