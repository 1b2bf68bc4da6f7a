/* sara/abi/callback.h - the operator's own backend: group members and offline notices.
 * Service "sara.callback/1". Without a provider every group is group_notfound. */
#ifndef SARA_ABI_CALLBACK_H
#define SARA_ABI_CALLBACK_H
#include <sara/abi/host.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SARA_SVC_CALLBACK "sara.callback/1"

/* users are member names as the backend gives them (with or without @domain), borrowed for the
 * call. */
typedef void (*sara_members_done)(void *user, sara_status st, const sara_str *users,
                                  uint32_t n) SARA_NOEXCEPT;

typedef struct sara_callback {
    uint32_t struct_size;
    uint32_t reserved;
    /* [loop] Members of a group. SARA_E_NOTFOUND: no such group. The one completion that may be
     * given inside the call: an answer at hand then costs the packet no turn. The host gives up
     * after group_timeout_ms; a later or second completion touches nobody. */
    void (*members)(void *self, sara_str gid, sara_str domain, sara_members_done done,
                    void *user) SARA_NOEXCEPT;
    /* [loop] This packet now waits for user. The provider keeps the notice until the backend has
     * it; there is nothing to wait for. total: packets waiting, 0 when unknown. */
    void (*offline)(void *self, sara_str user_jid, sara_buf *packet, uint64_t total) SARA_NOEXCEPT;
} sara_callback;

#ifdef __cplusplus
}
#endif
#endif /* SARA_ABI_CALLBACK_H */
