/* A tap in plain C: counts packets and their bytes. Shows the whole ABI that a plugin cannot do
 * without. */
#include <sara/sara.h>
#include <stdlib.h>

#include "manifest.h"

typedef struct counter {
    const sara_host *host;
    const sara_metrics *metrics;
    uint32_t packets;
    uint32_t bytes;
} counter;

static sara_str text(const char *s, uint64_t len) {
    sara_str out = {s, len};
    return out;
}
#define TEXT(literal) text(literal, sizeof(literal) - 1)

static void count(void *user, const sara_event *ev) {
    const counter *c = user;
    const sara_ev_packet *packet = (const sara_ev_packet *)ev;
    c->metrics->add(c->host, c->packets, 1);
    c->metrics->add(c->host, c->bytes, (int64_t)packet->raw->len);
}

static sara_status counter_create(const sara_host *host, void **self) {
    counter *c = calloc(1, sizeof *c);
    if (c == NULL) return SARA_E_NOMEM;
    c->host = host;
    *self = c;
    return SARA_OK;
}

static sara_status counter_init(void *self) {
    counter *c = self;
    const sara_bus *bus = c->host->get_extension(c->host, SARA_EXT_BUS);
    sara_id handle = 0;
    c->metrics = c->host->get_extension(c->host, SARA_EXT_METRICS);
    if (bus == NULL || c->metrics == NULL) {
        c->host->set_error(c->host, TEXT("needs sara.bus/1 and sara.metrics/1"));
        return SARA_E_UNSUPPORTED;
    }
    c->packets =
        c->metrics->define(c->host, SARA_COUNTER, TEXT("counted_packets_total"), TEXT("packets"));
    c->bytes =
        c->metrics->define(c->host, SARA_COUNTER, TEXT("counted_bytes_total"), TEXT("their bytes"));
    return bus->tap(c->host, bus->hook_id(c->host, TEXT(SARA_HOOK_PACKET_IN)), count, c, &handle);
}

static void counter_destroy(void *self) { free(self); }

SARA_MANIFEST(manifest_text, SARA_MANIFEST_JSON);

static const sara_plugin_desc desc = {
    .struct_size = sizeof(sara_plugin_desc),
    .abi_major = SARA_ABI_MAJOR,
    .abi_minor = SARA_ABI_MINOR,
    .id = SARA_PLUGIN_ID,
    .version = SARA_PLUGIN_VERSION,
    .manifest = manifest_text,
    .create = counter_create,
    .init = counter_init,
    .destroy = counter_destroy,
};

const sara_plugin_desc *sara_plugin_entry_v1(uint32_t index) { return index == 0 ? &desc : NULL; }
