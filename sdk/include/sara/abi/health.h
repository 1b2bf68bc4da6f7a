/* sara/abi/health.h - is this node ready for clients, and if not, why? Extension "sara.health/1".
 *
 * A check is a question that is answered from memory. The node is ready when every check says
 * SARA_OK. The kernel has checks of its own: "server" (all listeners are open, nothing drains) and
 * "store". */
#ifndef SARA_ABI_HEALTH_H
#define SARA_ABI_HEALTH_H
#include <sara/abi/host.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SARA_EXT_HEALTH "sara.health/1"

/* [any] SARA_OK, or why not. *why may be set to a text of the plugin that does not change, e.g.
 * "breaker_open". Must not block, also not on a lock that somebody holds while he waits. Called
 * from init() until destroy(). */
typedef sara_status (*sara_check_fn)(void *user, sara_str *why) SARA_NOEXCEPT;

/* One answer as visit() shows it; everything is borrowed for the call. */
typedef struct sara_check_answer {
    uint32_t struct_size;
    sara_status status;
    sara_str name;
    sara_str why; /* empty when the check gave none */
} sara_check_answer;

typedef void (*sara_check_visit_fn)(void *user, const sara_check_answer *answer) SARA_NOEXCEPT;

typedef struct sara_health {
    uint32_t struct_size;
    uint32_t reserved;
    /* [control] In init() only. Adds a check; name: [a-z][a-z0-9_]*, at most 64 bytes, e.g.
     * "callback". SARA_E_EXISTS: the name is taken. SARA_E_FULL: health_checks_max. It ends with
     * the plugin. */
    sara_status (*check)(const sara_host *h, sara_str name, sara_check_fn fn,
                         void *user) SARA_NOEXCEPT;
    /* [any] Asks every check and calls fn with its answer, sorted by name. SARA_OK when all of them
     * said SARA_OK, otherwise the first that did not. Not inside a check. */
    sara_status (*visit)(const sara_host *h, sara_check_visit_fn fn, void *user) SARA_NOEXCEPT;
} sara_health;

#ifdef __cplusplus
}
#endif
#endif /* SARA_ABI_HEALTH_H */
