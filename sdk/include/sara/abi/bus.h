/* sara/abi/bus.h - hooks: filters decide, taps observe, tokens wait. Extension "sara.bus/1". */
#ifndef SARA_ABI_BUS_H
#define SARA_ABI_BUS_H
#include <sara/abi/event.h>
#include <sara/abi/host.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SARA_EXT_BUS "sara.bus/1"

#define SARA_HOOK_CONN_OPEN "conn.open"
#define SARA_HOOK_CONN_CLOSE "conn.close"
#define SARA_HOOK_SESSION_LOGIN "session.login"
#define SARA_HOOK_SESSION_ONLINE "session.online"
#define SARA_HOOK_PACKET_IN "packet.in"
#define SARA_HOOK_GROUP_EXPAND "group.expand"
#define SARA_HOOK_PACKET_ROUTE "packet.route"
#define SARA_HOOK_PACKET_DELIVER "packet.deliver"
#define SARA_HOOK_PACKET_OFFLINE "packet.offline"
#define SARA_HOOK_PACKET_ACK "packet.ack"
#define SARA_HOOK_RPC_CALL "rpc.call"

typedef sara_verdict (*sara_filter_fn)(void *user, sara_event *ev) SARA_NOEXCEPT; /* [loop] */
typedef void (*sara_tap_fn)(void *user, const sara_event *ev) SARA_NOEXCEPT;      /* [loop] */

enum {
    SARA_ON_FAIL_OPEN = 0u,  /* a failing filter counts as PASS */
    SARA_ON_FAIL_CLOSED = 1u /* a failing filter counts as REJECT */
};

typedef struct sara_filter {
    uint32_t struct_size;
    int32_t priority;    /* 1000 first, 0 last; ties by plugin id. Scale: docs/plugin-authors.md */
    uint32_t on_failure; /* SARA_ON_FAIL_*: negative or unknown verdict, suspend timeout without
                            verdict */
    uint32_t type_mask;  /* packet hooks: bit n = only envelope.type n (n < 32); 0 = every packet */
    sara_filter_fn fn;
    void *user;
} sara_filter;

typedef struct sara_bus {
    uint32_t struct_size;
    uint32_t reserved;
    /* [any] Dense id of a hook, or SARA_E_NOTFOUND. */
    int32_t (*hook_id)(const sara_host *h, sara_str name) SARA_NOEXCEPT;
    /* [control] In init() only. The hook must stand in the manifest (SARA_E_DENIED otherwise). f is
     * copied. *handle is 0 on failure. The host removes what is left when the instance ends. */
    sara_status (*filter)(const sara_host *h, int32_t hook, const sara_filter *f,
                          sara_id *handle) SARA_NOEXCEPT;
    /* [control] In init() only. Runs inline on the loop, after the chain, whatever the verdict was.
     */
    sara_status (*tap)(const sara_host *h, int32_t hook, sara_tap_fn fn, void *user,
                       sara_id *handle) SARA_NOEXCEPT;
    /* [control] Before start() or after drain(). SARA_E_STALE when the handle is not this
     * instance's. */
    sara_status (*unsubscribe)(const sara_host *h, sara_id handle) SARA_NOEXCEPT;
    /* [loop] Inside a filter, then return SARA_SUSPEND. The event stays valid until resume or
     * timeout, and so do its strings when they are read from ev after this call: views taken
     * earlier die with the filter call. timeout_ms 1..60000; on_timeout is ACCEPT, DONE or REJECT.
     * Returns a one-shot token, 0 when the hook forbids it or suspended_max is reached. Later
     * packets of the same session wait behind this one. */
    sara_id (*suspend)(const sara_host *h, sara_event *ev, uint32_t timeout_ms,
                       sara_verdict on_timeout) SARA_NOEXCEPT;
    /* [any] First call wins; a second or late one gets SARA_E_STALE and touches nobody. v is PASS
     * (go on with the next filter), ACCEPT, DONE or REJECT. The chain continues on the event's
     * loop, never inside this call. */
    sara_status (*resume)(const sara_host *h, sara_id token, sara_verdict v,
                          sara_str reason) SARA_NOEXCEPT;
    /* [loop] Inside a filter, or on the own suspended event before resume(): rewrite SARA_F_*; the
     * value is copied. SARA_E_UNSUPPORTED when this event has no such field. */
    sara_status (*set_str)(const sara_host *h, sara_event *ev, uint32_t field,
                           sara_str v) SARA_NOEXCEPT;
    /* [loop] Inside packet.in or packet.deliver: replace the whole packet. It is validated like a
     * packet from a client; from, id and type must stay. SARA_E_INVALID otherwise. Takes its own
     * reference. */
    sara_status (*set_raw)(const sara_host *h, sara_event *ev, sara_buf *b) SARA_NOEXCEPT;
} sara_bus;

#ifdef __cplusplus
}
#endif
#endif /* SARA_ABI_BUS_H */
