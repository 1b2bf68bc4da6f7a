/* sara/abi/store.h - what waits for users, and where they are. Service "sara.store/1".
 *
 * A store keeps, per user, a backlog: packets in order of arrival, each with a sequence number that
 * the store assigns and that only grows within one user; and one presence record per user for
 * stores that are shared by several nodes.
 *
 * THE PROMISE. done(SARA_OK) of append() means: this packet survives kill -9 and, as far as the
 * medium keeps its own promise, a power cut. A store that cannot say so says it in promise().
 *
 * ORDER. Calls for one user from one loop take effect in the order of the calls, also append before
 * fetch before drop. Every call completes exactly once on the asking loop, never inside the call
 * (R5), also when the medium is broken (SARA_E_IO), full (SARA_E_FULL), slow (SARA_E_TIMEOUT) or
 * closing (SARA_E_CLOSED). */
#ifndef SARA_ABI_STORE_H
#define SARA_ABI_STORE_H
#include <sara/abi/host.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SARA_SVC_STORE "sara.store/1"

/* One packet for one user. Strings and packet are borrowed; the store takes what it needs (packet
 * by buf_ref, strings by copy) before append() returns. */
typedef struct sara_store_packet {
    uint32_t struct_size;
    uint32_t type;       /* envelope.type */
    sara_str user;       /* bare jid: user@domain */
    sara_str id;         /* envelope.id, 1-128 printable ASCII bytes */
    sara_str from;       /* bare jid of the sender */
    uint64_t ct_ms;      /* stamp, milliseconds since 1970 */
    uint64_t expires_ms; /* milliseconds since 1970 */
    sara_buf *packet;    /* JSON text */
} sara_store_packet;

/* st SARA_OK: durable, seq is its place. SARA_E_FULL: the user's backlog is at its limit or the
 * disk is full. */
typedef void (*sara_append_done)(void *user, sara_status st, uint64_t seq) SARA_NOEXCEPT;

/* One stored packet of a fetch; everything is borrowed for the duration of the completion. */
typedef struct sara_stored {
    uint64_t seq;
    sara_str id;
    sara_str from;
    sara_str packet; /* JSON text as appended, byte for byte */
} sara_stored;

/* n packets in ascending seq. more 1: packets behind the last one exist. n is 0 unless st is
 * SARA_OK. */
typedef void (*sara_fetch_done)(void *user, sara_status st, const sara_stored *packets, uint32_t n,
                                uint32_t more) SARA_NOEXCEPT;

/* Names a stored packet for drop(). */
typedef struct sara_stored_ref {
    uint64_t seq;
    sara_str id;
} sara_stored_ref;

/* Presence: who is where. sid is unique per session. */
typedef struct sara_presence {
    uint32_t struct_size;
    uint32_t reserved;
    sara_str user;     /* bare jid */
    sara_str jid;      /* full jid */
    sara_str sid;      /* session id, text */
    sara_str node;     /* node id */
    sara_str channel;  /* address of the node for others, conf key nodeaddr */
    uint64_t since_ms; /* milliseconds since 1970 */
} sara_presence;

/* p is the record found, or NULL with SARA_E_NOTFOUND; borrowed. */
typedef void (*sara_presence_done)(void *user, sara_status st,
                                   const sara_presence *p) SARA_NOEXCEPT;

enum {                            /* promise() */
       SARA_PROMISE_DURABLE = 1u, /* append survives kill -9 and power loss */
       SARA_PROMISE_SHARED = 2u   /* several nodes share this store: presence must be claimed */
};

typedef struct sara_store {
    uint32_t struct_size;
    uint32_t reserved;
    /* [loop] Adds to the end of the user's backlog. */
    void (*append)(void *self, const sara_store_packet *p, sara_append_done done,
                   void *user) SARA_NOEXCEPT;
    /* [loop] Reads the backlog of user behind after_seq (0: from its begin), at most count packets
     * and, beyond the first, bytes_max bytes. Expired packets are skipped. */
    void (*fetch)(void *self, sara_str user_jid, uint64_t after_seq, uint32_t count,
                  uint64_t bytes_max, sara_fetch_done done, void *user) SARA_NOEXCEPT;
    /* [loop] Forgets n packets of one user; unknown ones are fine. done's result is NULL. done may
     * be NULL: then nobody is told. */
    void (*drop)(void *self, sara_str user_jid, const sara_stored_ref *refs, uint32_t n,
                 sara_done done, void *user) SARA_NOEXCEPT;
    /* [loop] Records that the user's session is here and gives the record that it replaced,
     * atomically. Never called unless promise() says SARA_PROMISE_SHARED; may be NULL then. */
    void (*claim)(void *self, const sara_presence *p, sara_presence_done done,
                  void *user) SARA_NOEXCEPT;
    /* [loop] Removes the record if it still carries this sid. As claim. */
    void (*release)(void *self, const sara_presence *p, sara_done done, void *user) SARA_NOEXCEPT;
    /* [loop] Where is this user? As claim. */
    void (*lookup)(void *self, sara_str user_jid, sara_presence_done done,
                   void *user) SARA_NOEXCEPT;
    /* [any] SARA_PROMISE_* bits; constant after start(). */
    uint32_t (*promise)(void *self) SARA_NOEXCEPT;
    /* [any] SARA_OK, or why the next append would fail: for readiness. Cheap. */
    sara_status (*health)(void *self) SARA_NOEXCEPT;
    /* [loop] Inside the completion of an append() that ended well, and only there: how many packets
     * wait for its user, that one included. 0: not known. May be NULL. */
    uint64_t (*waiting)(void *self) SARA_NOEXCEPT;
} sara_store;

#ifdef __cplusplus
}
#endif
#endif /* SARA_ABI_STORE_H */
