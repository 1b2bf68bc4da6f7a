/* sara/abi/auth.h - who may log in. Service "sara.auth/1", asked when conf key enable_auth is true.
 */
#ifndef SARA_ABI_AUTH_H
#define SARA_ABI_AUTH_H
#include <sara/abi/host.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SARA_SVC_AUTH "sara.auth/1"

typedef struct sara_auth_request {
    uint32_t struct_size;
    uint32_t reserved;
    sara_str user;
    sara_str domain;
    sara_str jid;      /* full */
    sara_str password; /* as sent, may be empty; never log it */
    sara_str peer_ip;
    sara_str transport;
} sara_auth_request;

typedef struct sara_auth {
    uint32_t struct_size;
    uint32_t reserved;
    /* [loop] Everything in r is borrowed for the call. done(SARA_OK): let in. SARA_E_DENIED: wrong
     * credentials. Every other status: no decision was possible, which is a refusal too. result is
     * NULL. The host gives up after auth_timeout_ms; a later completion touches nobody. */
    void (*check)(void *self, const sara_auth_request *r, sara_done done, void *user) SARA_NOEXCEPT;
} sara_auth;

#ifdef __cplusplus
}
#endif
#endif /* SARA_ABI_AUTH_H */
