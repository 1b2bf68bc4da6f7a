/* sara/abi/services.h - find what another plugin provides. Extension "sara.services/1". */
#ifndef SARA_ABI_SERVICES_H
#define SARA_ABI_SERVICES_H
#include <sara/abi/host.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SARA_EXT_SERVICES "sara.services/1"

/* Handle of a service, owned by the host, valid as long as the host table. Read api and self anew
 * for each call; api is NULL while nobody provides it. */
typedef struct sara_service {
    uint32_t struct_size;
    uint32_t epoch; /* changes with the provider */
    const void *api;
    void *self;
} sara_service;

typedef struct sara_services {
    uint32_t struct_size;
    uint32_t reserved;
    /* [control] From init() on. The service must stand under "requires" of the manifest; NULL
     * otherwise. The provider has been initialised before whoever requires it. */
    const sara_service *(*find)(const sara_host *h, const char *id)SARA_NOEXCEPT;
} sara_services;

#ifdef __cplusplus
}
#endif
#endif /* SARA_ABI_SERVICES_H */
