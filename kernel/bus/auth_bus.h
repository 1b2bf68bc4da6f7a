// The auth service as the login asks it: over whatever plugin provides "sara.auth/1".
#pragma once
#include "chat/ports.h"
#include "sara/abi/auth.h"
#include "sara/abi/services.h"

namespace sara::bus {

class AuthBus final : public chat::AuthPort {
  public:
    explicit AuthBus(const sara_service* auth) : auth_(auth) {}
    // Without a provider the answer is kUnsupported, which is a refusal.
    void check(const chat::AuthQuestion& question, Done done, void* user) override;

  private:
    struct Call;
    static void onChecked(void* call, sara_status st, sara_buf* result) noexcept;
    static void onRefused(void* self, uint64_t call, uint64_t unused) noexcept;

    const sara_service* const auth_;
};

}  // namespace sara::bus
