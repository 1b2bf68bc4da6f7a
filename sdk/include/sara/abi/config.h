/* sara/abi/config.h - a plugin reads its own configuration. Extension "sara.config/1".
 *
 * Values were validated against the manifest's schema before any plugin code ran, and defaults are
 * filled in, so a key of the schema is always there unless it has no default. */
#ifndef SARA_ABI_CONFIG_H
#define SARA_ABI_CONFIG_H
#include <sara/abi/host.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SARA_EXT_CONFIG "sara.config/1"

typedef struct sara_config {
    uint32_t struct_size;
    uint32_t reserved;
    /* [control] Each: SARA_E_NOTFOUND when the key is neither given nor defaulted, SARA_E_INVALID
     * when it has another type. Strings live as long as the host table. */
    sara_status (*get_str)(const sara_host *h, const char *key, sara_str *out) SARA_NOEXCEPT;
    sara_status (*get_int)(const sara_host *h, const char *key, int64_t *out) SARA_NOEXCEPT;
    sara_status (*get_bool)(const sara_host *h, const char *key, int32_t *out) SARA_NOEXCEPT;
    /* [control] The whole section as JSON text, for arrays and objects. */
    sara_status (*get_json)(const sara_host *h, sara_str *out) SARA_NOEXCEPT;
} sara_config;

#ifdef __cplusplus
}
#endif
#endif /* SARA_ABI_CONFIG_H */
