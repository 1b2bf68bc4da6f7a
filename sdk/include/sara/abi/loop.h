/* sara/abi/loop.h - timers, file descriptors, posts and blocking work. Extension "sara.loop/1".
 *
 * Everything that is still registered when the instance ends is removed by the host. */
#ifndef SARA_ABI_LOOP_H
#define SARA_ABI_LOOP_H
#include <sara/abi/host.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SARA_EXT_LOOP "sara.loop/1"

enum { /* events of a watch */
       SARA_IO_READ = 1u,
       SARA_IO_WRITE = 2u,
       SARA_IO_HANGUP = 4u /* reported only: error or both directions closed */
};

typedef void (*sara_io_fn)(void *user, uint32_t events) SARA_NOEXCEPT; /* [loop] */

typedef struct sara_loop {
    uint32_t struct_size;
    uint32_t reserved;
    /* [loop] Monotonic milliseconds, read once per turn. */
    uint64_t (*now_ms)(const sara_host *h) SARA_NOEXCEPT;
    /* [any] Milliseconds since 1970, for stamps only; never for timers. */
    uint64_t (*wall_ms)(const sara_host *h) SARA_NOEXCEPT;
    /* [loop] Runs fn after delay_ms, then every period_ms (0: once). Resolution about 4 ms, never
     * early. 0 when timers_max is reached. A one-shot timer's id is stale once fn has started. */
    sara_id (*timer)(const sara_host *h, uint64_t delay_ms, uint64_t period_ms, sara_fn fn,
                     void *user) SARA_NOEXCEPT;
    /* [loop] The loop that created it. A stale id is allowed. fn does not run after this returns.
     */
    void (*timer_cancel)(const sara_host *h, sara_id timer) SARA_NOEXCEPT;
    /* [loop] Level-triggered. fd stays the plugin's: unwatch it before closing it. events 0 reports
     * hangups only. 0 on failure. */
    sara_id (*watch)(const sara_host *h, int32_t fd, uint32_t events, sara_io_fn fn,
                     void *user) SARA_NOEXCEPT;
    /* [loop] Changes the events of a watch. */
    sara_status (*rewatch)(const sara_host *h, sara_id watch, uint32_t events) SARA_NOEXCEPT;
    /* [loop] fn does not run after this returns, also not for an event of this turn. */
    void (*unwatch)(const sara_host *h, sara_id watch) SARA_NOEXCEPT;
    /* [loop] Runs fn once at the end of this turn, after all input of the turn: the place to write
     * out what the turn produced. */
    void (*at_turn_end)(const sara_host *h, sara_fn fn, void *user) SARA_NOEXCEPT;
    /* [any] Runs fn(user) on that loop at its next turn, in order per posting thread. SARA_E_AGAIN
     * when its mailbox is full, SARA_E_CLOSED when it has stopped: fn will not run then. */
    sara_status (*post)(const sara_host *h, uint32_t loop, sara_fn fn, void *user) SARA_NOEXCEPT;
    /* [loop] Runs work(user) on a [worker], then done(user) on this loop. SARA_E_AGAIN when
     * work_queue_max jobs wait already: neither will run then. */
    sara_status (*work)(const sara_host *h, sara_fn work, sara_fn done, void *user) SARA_NOEXCEPT;
} sara_loop;

#ifdef __cplusplus
}
#endif
#endif /* SARA_ABI_LOOP_H */
