/* Subscribes, then fails: what it left behind must be gone. */
#define WRONG_NAME "init-fails"
#define WRONG_MORE ", \"hooks\": [{\"name\": \"packet.in\"}]"
#define WRONG_INIT                                                                            \
    const sara_bus *const bus = (const sara_bus *)host->get_extension(host, SARA_EXT_BUS);    \
    const sara_str name = {SARA_HOOK_PACKET_IN, sizeof SARA_HOOK_PACKET_IN - 1};              \
    const sara_filter filter = {sizeof filter, 500, SARA_ON_FAIL_CLOSED, 0, refuseAll, NULL}; \
    sara_id handle = 0;                                                                       \
    if (bus->filter(host, bus->hook_id(host, name), &filter, &handle) != SARA_OK) abort();    \
    return failWith(SARA_E_INVALID, "the licence\nhas expired")
#include <sara/sara.h>
static sara_verdict refuseAll(void *user, sara_event *ev) {
    (void)user;
    (void)ev;
    return SARA_REJECT;
}
#include "wrong.h"
