/* sara/abi/metrics.h - counters and gauges of a plugin. Extension "sara.metrics/1". */
#ifndef SARA_ABI_METRICS_H
#define SARA_ABI_METRICS_H
#include <sara/abi/host.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SARA_EXT_METRICS "sara.metrics/1"

enum {
    SARA_COUNTER = 0u, /* only grows */
    SARA_GAUGE = 1u    /* goes up and down: add a negative value to go down */
};

/* One metric as visit() shows it; everything is borrowed for the call. */
typedef struct sara_metric_value {
    uint32_t struct_size;
    uint32_t kind; /* SARA_COUNTER or SARA_GAUGE */
    sara_str name;
    sara_str help;
    int64_t value; /* sum over all threads */
} sara_metric_value;

typedef void (*sara_metric_fn)(void *user, const sara_metric_value *m) SARA_NOEXCEPT;

typedef struct sara_metrics {
    uint32_t struct_size;
    uint32_t reserved;
    /* [control] In create() no, in init() yes. name: [a-z][a-z0-9_]*, its unit last, counters end
     * in
     * "_total". The same name and kind twice gives the same number. Returns UINT32_MAX when
     * metrics_max is reached, the name is malformed or the kind differs. */
    uint32_t (*define)(const sara_host *h, uint32_t kind, sara_str name,
                       sara_str help) SARA_NOEXCEPT;
    /* [any] About a nanosecond. UINT32_MAX is ignored. */
    void (*add)(const sara_host *h, uint32_t metric, int64_t v) SARA_NOEXCEPT;
    /* [any] Calls fn for every metric of the process, sorted by name. Allocates and takes about as
     * many microseconds as there are metrics: not for a loop. */
    void (*visit)(const sara_host *h, sara_metric_fn fn, void *user) SARA_NOEXCEPT;
} sara_metrics;

#ifdef __cplusplus
}
#endif
#endif /* SARA_ABI_METRICS_H */
