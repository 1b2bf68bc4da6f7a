/* sara/abi/rpc.h - commands that any plugin can add and any rpc transport can offer. Extension
 * "sara.rpc/1". */
#ifndef SARA_ABI_RPC_H
#define SARA_ABI_RPC_H
#include <sara/abi/host.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SARA_EXT_RPC "sara.rpc/1"

/* [loop] params is a JSON object, borrowed. Answer with reply(token) once, now or later. */
typedef void (*sara_command_fn)(void *user, sara_id token, sara_buf *params) SARA_NOEXCEPT;

typedef struct sara_rpc {
    uint32_t struct_size;
    uint32_t reserved;
    /* [control] In init() only. Adds service.method; SARA_E_EXISTS when taken. help is one line. */
    sara_status (*command)(const sara_host *h, sara_str service, sara_str method, sara_str help,
                           sara_command_fn fn, void *user, sara_id *handle) SARA_NOEXCEPT;
    /* [any] Answers a command; the first answer wins, later ones get SARA_E_STALE. result is a JSON
     * value or NULL; takes its own reference. */
    sara_status (*reply)(const sara_host *h, sara_id token, sara_status st,
                         sara_buf *result) SARA_NOEXCEPT;
    /* [loop] Runs a command; done on this loop, SARA_E_NOTFOUND without one, SARA_E_TIMEOUT after
     * timeout_ms. peer is for the log. result as given to reply(); with
     * SARA_E_DENIED by a filter its reason as a JSON string, or NULL. */
    void (*call)(const sara_host *h, sara_str service, sara_str method, sara_str peer,
                 sara_buf *params, uint32_t timeout_ms, sara_done done, void *user) SARA_NOEXCEPT;
} sara_rpc;

#ifdef __cplusplus
}
#endif
#endif /* SARA_ABI_RPC_H */
