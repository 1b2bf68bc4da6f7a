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

enum {                            /* flags of command_with(), as find() tells them */
       SARA_RPC_SELF_CHECKED = 1u /* the command itself decides, from its params and call_flags(),
                                     who may have it: transports offer it without a token too */
};
enum {                       /* flags of call_with(), as call_flags() tells them */
       SARA_RPC_TRUSTED = 1u /* the transport has checked the caller's token, or wants none */
};

typedef struct sara_rpc {
    uint32_t struct_size;
    uint32_t reserved;
    /* [control] In init() only. Adds service.method; SARA_E_EXISTS when taken. help is one line. */
    sara_status (*command)(const sara_host *h, sara_str service, sara_str method, sara_str help,
                           sara_command_fn fn, void *user, sara_id *handle) SARA_NOEXCEPT;
    /* [any] Answers a command; the first answer wins, later ones get SARA_E_STALE. result is a JSON
     * value or NULL, also with a failure; takes its own reference. */
    sara_status (*reply)(const sara_host *h, sara_id token, sara_status st,
                         sara_buf *result) SARA_NOEXCEPT;
    /* [loop] Runs a command; done on this loop, SARA_E_NOTFOUND without one, SARA_E_TIMEOUT after
     * timeout_ms. peer is for the log. result as given to reply(); with
     * SARA_E_DENIED by a filter its reason as a JSON string, or NULL. */
    void (*call)(const sara_host *h, sara_str service, sara_str method, sara_str peer,
                 sara_buf *params, uint32_t timeout_ms, sara_done done, void *user) SARA_NOEXCEPT;
    /* [control] As command(), with SARA_RPC_SELF_CHECKED or 0 as flags. */
    sara_status (*command_with)(const sara_host *h, sara_str service, sara_str method,
                                sara_str help, uint32_t flags, sara_command_fn fn, void *user,
                                sara_id *handle) SARA_NOEXCEPT;
    /* [any] SARA_OK: there is such a command, *flags are its own. SARA_E_NOTFOUND: the service has
     * no such method. SARA_E_UNSUPPORTED: there is no such service. */
    sara_status (*find)(const sara_host *h, sara_str service, sara_str method,
                        uint32_t *flags) SARA_NOEXCEPT;
    /* [loop] As call(), with SARA_RPC_TRUSTED or 0 as flags. Whoever calls for a stranger asks
     * find() first and does not call what is not self-checked without trust. */
    void (*call_with)(const sara_host *h, sara_str service, sara_str method, sara_str peer,
                      sara_buf *params, uint32_t flags, uint32_t timeout_ms, sara_done done,
                      void *user) SARA_NOEXCEPT;
    /* [loop] Inside a command's function only, with its token: the flags of the call. 0 for
     * call(). */
    uint32_t (*call_flags)(const sara_host *h, sara_id token) SARA_NOEXCEPT;
} sara_rpc;

#ifdef __cplusplus
}
#endif
#endif /* SARA_ABI_RPC_H */
