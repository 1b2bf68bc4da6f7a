/* sara/abi/host.h - the table that the host hands to a plugin instance at create(). */
#ifndef SARA_ABI_HOST_H
#define SARA_ABI_HOST_H
#include <sara/abi/base.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sara_host sara_host;

/* One table per plugin instance, valid from create() until destroy() has returned. */
struct sara_host {
    uint32_t struct_size;
    uint16_t abi_major;
    uint16_t abi_minor;
    const char *server_name;    /* "sara" */
    const char *server_version; /* "1.0.0" */
    const char *node_id;        /* conf key nodeid */
    const char *instance;       /* name of the section under "plugins" in the conf file */
    uint32_t loop_count;        /* loops are numbered 0 .. loop_count-1 */
    uint32_t reserved;
    void *priv; /* the host's; do not touch */

    /* [any] Table of a host extension ("sara.log/1", ...), or NULL when this host lacks it. Lives
     * as long as the host. */
    const void *(*get_extension)(const sara_host *h, const char *id)SARA_NOEXCEPT;
    /* [control] Text for the failure that this plugin is about to return; copied. The only function
     * that may be called inside create(). */
    void (*set_error)(const sara_host *h, sara_str text) SARA_NOEXCEPT;
    /* [any] Number of the loop that runs this thread; UINT32_MAX on every other thread. */
    uint32_t (*this_loop)(const sara_host *h) SARA_NOEXCEPT;

    /* [any] New buffer of len bytes with one reference, NULL when memory or the limit
     * buffer_bytes_max is exhausted. *writable is valid until the buffer is first handed to anybody
     * else. */
    sara_buf *(*buf_new)(const sara_host *h, uint64_t len, uint8_t **writable)SARA_NOEXCEPT;
    /* [any] Wraps memory of the plugin: free_fn(user) runs once, on any thread, with the last
     * unref. On NULL the memory stays the caller's. */
    sara_buf *(*buf_wrap)(const sara_host *h, const void *p, uint64_t len, sara_fn free_fn,
                          void *user)SARA_NOEXCEPT;
    /* [any] One reference more; returns b. */
    sara_buf *(*buf_ref)(const sara_host *h, sara_buf *b)SARA_NOEXCEPT;
    /* [any] One reference less; NULL is allowed. */
    void (*buf_unref)(const sara_host *h, sara_buf *b) SARA_NOEXCEPT;
};

#ifdef __cplusplus
}
#endif
#endif /* SARA_ABI_HOST_H */
