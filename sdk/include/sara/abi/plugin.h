/* sara/abi/plugin.h - what a plugin is: a descriptor, one exported function, a manifest in the ELF
 * file. */
#ifndef SARA_ABI_PLUGIN_H
#define SARA_ABI_PLUGIN_H
#include <sara/abi/host.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SARA_ENTRY_SYMBOL "sara_plugin_entry_v1" /* the major is in the name */
#define SARA_MANIFEST_SECTION ".sara.manifest"   /* JSON, read without loading the file */

/* Order of calls: create, init, loop_start (once per loop), start; then drain, loop_stop (once per
 * loop), stop, destroy. If a step fails the steps behind it are skipped and the undoing ones of the
 * steps that succeeded run: init failed -> destroy; start failed -> loop_stop, stop, destroy.
 * Providers come before users at the start and after them at the end. */
typedef struct sara_plugin_desc {
    uint32_t struct_size;
    uint16_t abi_major; /* of the headers it was built with */
    uint16_t abi_minor;
    uint16_t abi_minor_required; /* oldest host minor that it can live with */
    uint16_t reserved;
    const char *id;       /* "org.sara.store-embedded"; same as in the manifest */
    const char *version;  /* "1.0.0" */
    const char *manifest; /* the same bytes as the ELF section, NUL-terminated */
    /* [control] Allocate; no host call but set_error(). */
    sara_status (*create)(const sara_host *h, void **self) SARA_NOEXCEPT;
    /* [control] Read the config, find services, subscribe. Optional. */
    sara_status (*init)(void *self) SARA_NOEXCEPT;
    /* [loop] Per-loop state; *state comes back in loop_stop. Optional. */
    sara_status (*loop_start)(void *self, uint32_t loop, void **state) SARA_NOEXCEPT;
    /* [control] Connect, open files, start own threads. Providers of sara.transport/1 start last,
     * so no client arrives before everything else is ready. Optional. */
    sara_status (*start)(void *self) SARA_NOEXCEPT;
    /* [control] Stop accepting; finish what is under way within deadline_ms. Returns at once.
     * Optional. */
    void (*drain)(void *self, uint32_t deadline_ms) SARA_NOEXCEPT;
    /* [loop] Optional. */
    void (*loop_stop)(void *self, uint32_t loop, void *state) SARA_NOEXCEPT;
    /* [control] Own threads are joined when this returns. Optional. */
    void (*stop)(void *self) SARA_NOEXCEPT;
    /* [control] Free self. No host call but buf_unref(). */
    void (*destroy)(void *self) SARA_NOEXCEPT;
    /* [control] Between init() and start(): table of a service that the manifest says it provides,
     * or NULL. Its functions get self as their first argument. Optional. */
    const void *(*get_service)(void *self, const char *id)SARA_NOEXCEPT;
    /* [control] After start(): one short line for the ready line ("tcp 0.0.0.0:4222"); valid until
     * stop(). Optional. */
    sara_str (*status_line)(void *self) SARA_NOEXCEPT;
} sara_plugin_desc;

typedef const sara_plugin_desc *(*sara_plugin_entry_fn)(uint32_t index)SARA_NOEXCEPT;

/* The only symbol that a plugin exports. Index 0 is the plugin; NULL ends the list. Does nothing
 * else. */
SARA_EXPORT const sara_plugin_desc *sara_plugin_entry_v1(uint32_t index) SARA_NOEXCEPT;

/* Puts a string literal into the ELF section; name is the C identifier to give to the descriptor.
 */
#define SARA_MANIFEST(name, json) \
    __attribute__((section(SARA_MANIFEST_SECTION), used)) static const char name[] = json

#ifdef __cplusplus
}
#endif
#endif /* SARA_ABI_PLUGIN_H */
