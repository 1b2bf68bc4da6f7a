/* sara/abi/log.h - log lines of a plugin. Extension "sara.log/1". Never put a password or a token
 * in one. */
#ifndef SARA_ABI_LOG_H
#define SARA_ABI_LOG_H
#include <sara/abi/host.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SARA_EXT_LOG "sara.log/1"

enum {
    SARA_LOG_ERROR = 0, /* the operator must act */
    SARA_LOG_WARN = 1,  /* the operator should look */
    SARA_LOG_INFO = 2,  /* rare events of a healthy server; never one per message */
    SARA_LOG_DEBUG = 3
};

typedef struct sara_log {
    uint32_t struct_size;
    uint32_t reserved;
    /* [any] 1 when a line of this level is written at all: test it before formatting. */
    int32_t (*enabled)(const sara_host *h, int32_t level) SARA_NOEXCEPT;
    /* [any] Queues one line; never blocks. Text is copied, cut at log_line_bytes_max, control
     * characters are escaped. When the queue is full the line is dropped and counted. */
    void (*write)(const sara_host *h, int32_t level, sara_str text) SARA_NOEXCEPT;
} sara_log;

#ifdef __cplusplus
}
#endif
#endif /* SARA_ABI_LOG_H */
