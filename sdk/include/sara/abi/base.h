/* sara/abi/base.h - scalars, status codes and buffers of the plugin ABI, major 1.
 *
 * RULES OF THE BOUNDARY (every header of this folder obeys them)
 *  R1  C types only: fixed-width integers, pointers and structs of those. No enum type, bool,
 * size_t, long, bit-field, vararg or C++ object crosses it. R2  Every table, event and descriptor
 * starts with its own size. Fields are only ever appended within a major; a reader tests SARA_HAS()
 * before it touches anything newer than minor 0. R3  Memory is freed by the side that allocated it.
 * sara_str is borrowed for the duration of the call; sara_buf is reference counted by the host.
 * Bytes are kept with buf_ref(), never by keeping a pointer. R4  Nothing unwinds or longjmps across
 * the boundary. R5  A completion never runs before the call that asked for it has returned, runs
 * exactly once, and runs on the loop that asked: also on timeout, cancel and shutdown. R6  A new
 * capability is a new extension id "name/rev" or a new hook, never a changed meaning.
 *
 * THREADS, stated on every function
 *  [control]  the kernel's control thread: load, init, start, drain, stop. One call at a time per
 * process. [loop]     an event-loop thread. A session lives on one loop, and a plugin's state of
 * one loop is never entered twice at once. Must not block: budget 1 ms. [worker]   a thread of the
 * host's pool; may block. [any]      callable from every thread, also from threads that the plugin
 * started.
 */
#ifndef SARA_ABI_BASE_H
#define SARA_ABI_BASE_H
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SARA_ABI_MAJOR 1u
#define SARA_ABI_MINOR 0u

/* From C++17 on the type of a function pointer says that it does not throw, so a throwing function
 * is refused by the compiler (R4). */
#if defined(__cplusplus) && __cplusplus >= 201703L
#define SARA_NOEXCEPT noexcept
#else
#define SARA_NOEXCEPT
#endif

#define SARA_EXPORT __attribute__((visibility("default")))

/* True when the table or event at p is long enough to hold field f. */
#define SARA_HAS(T, p, f) ((p) != NULL && (p)->struct_size >= offsetof(T, f) + sizeof((p)->f))
/* The same for a function: present and not NULL. */
#define SARA_HAS_FN(T, p, f) (SARA_HAS(T, p, f) && (p)->f != NULL)

typedef int32_t
    sara_status; /* negative: failed. 0: done. positive: done, with something more to do */
typedef int32_t
    sara_verdict; /* what a filter says; a negative value is a status: the filter failed */
typedef uint64_t
    sara_id; /* session, timer, watch, subscription or token. 0: none. Generation-tagged */

/* One enum on purpose: two would warn in C++ when mixed in ?:. The party at fault stands behind
 * each. */
enum {
    SARA_OK = 0,
    SARA_E_INVALID = -1,     /* caller: an argument is out of its documented range */
    SARA_E_NOMEM = -2,       /* host: no memory */
    SARA_E_UNSUPPORTED = -3, /* caller: this host or plugin does not have it */
    SARA_E_AGAIN = -4,    /* nobody: a bounded queue is full now; try later or apply your policy */
    SARA_E_TIMEOUT = -5,  /* dependency: no answer in time */
    SARA_E_CLOSED = -6,   /* peer or host: the thing is closed or closing */
    SARA_E_STALE = -7,    /* nobody: the id or token names something that is gone; touched nobody */
    SARA_E_DENIED = -8,   /* peer: not allowed */
    SARA_E_NOTFOUND = -9, /* nobody: no such thing */
    SARA_E_THREAD = -10,  /* plugin: called on the wrong thread */
    SARA_E_PLUGIN = -11,  /* plugin: it threw, or broke the contract */
    SARA_E_IO = -12,      /* dependency: disk or network failed */
    SARA_E_FULL = -13,    /* operator or peer: a limit with a name is reached */
    SARA_E_EXISTS = -14,  /* caller: the name is taken */
    SARA_E_CORRUPT = -15, /* dependency: stored data failed its check */

    SARA_PASS = 0,    /* verdict: not mine; next filter */
    SARA_ACCEPT = 1,  /* verdict: stop the chain, do the default action */
    SARA_DONE = 2,    /* verdict: stop the chain, I did the action myself */
    SARA_REJECT = 3,  /* verdict: stop the chain, refuse; reason with bus.set_str(SARA_F_REASON) */
    SARA_SUSPEND = 4, /* verdict: parked; only after a successful bus.suspend() */

    SARA_MOVED = 16 /* status of gate.frame(): the session has moved to another loop */
};

/* UTF-8 or bytes, borrowed for the call, not NUL-terminated. ptr may be NULL when len is 0. */
typedef struct sara_str {
    const char *ptr;
    uint64_t len; /* bytes */
} sara_str;

/* Host-owned, reference counted, immutable once anybody else may see it. Public prefix of a host
 * struct: never allocate one, never copy one by value. */
typedef struct sara_buf {
    const uint8_t *data;
    uint64_t len; /* bytes */
} sara_buf;

typedef void (*sara_fn)(void *user) SARA_NOEXCEPT;
/* Completion of an asynchronous call (R5). result is borrowed for the call and NULL unless st is
 * SARA_OK and the call documents a result. */
typedef void (*sara_done)(void *user, sara_status st, sara_buf *result) SARA_NOEXCEPT;

#ifdef __cplusplus
}
#endif
#endif /* SARA_ABI_BASE_H */
