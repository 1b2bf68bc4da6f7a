/* sara/abi/event.h - what filters and taps see: one common head, then one struct per family of
 * hooks.
 *
 * Strings of an event are views; they are valid until the filter or tap returns, and for a
 * suspended event until it is resumed. */
#ifndef SARA_ABI_EVENT_H
#define SARA_ABI_EVENT_H
#include <sara/abi/base.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {                           /* sara_event.flags */
       SARA_EV_CAN_SUSPEND = 1u, /* this hook allows bus.suspend() */
       SARA_EV_DIRTY = 2u,       /* a filter rewrote something */
       SARA_EV_REMOTE = 4u       /* came from another node */
};

typedef struct sara_event {
    uint32_t struct_size; /* bytes of the full event */
    uint16_t hook;        /* dense id, from bus.hook_id() */
    uint16_t flags;       /* SARA_EV_* */
    uint32_t loop;        /* number of the loop that runs this */
    uint32_t reserved;
    sara_id session; /* 0 when the event belongs to no session */
    uint64_t t_ms;   /* monotonic milliseconds at which the event entered the loop's turn */
} sara_event;

/* conn.open (filter, may suspend; reject closes) and conn.close (tap). */
typedef struct sara_ev_conn {
    sara_event h;
    sara_str transport; /* "tcp", "tls", "ws", "wss" or a third party's word */
    sara_str peer;      /* "203.0.113.7:40112" */
    sara_str reason;    /* conn.close: "idle_timeout", "peer_closed", ... */
} sara_ev_conn;

/* session.login (filter, may suspend; the first verdict that is not PASS decides) and
 * session.online (tap; password is empty there). */
typedef struct sara_ev_login {
    sara_event h;
    sara_str jid;      /* as the client wrote it, already valid */
    sara_str user;     /* before the @ */
    sara_str domain;   /* after the @ */
    sara_str resource; /* after the first /, or empty */
    sara_str password; /* never log it */
    sara_str reason;   /* set by the filter that rejects */
} sara_ev_login;

/* packet.in (filter, may suspend), packet.route (filter, may suspend), packet.deliver (filter per
 * recipient, must not suspend), packet.offline (filter, must not suspend in this minor), packet.ack
 * (tap). */
typedef struct sara_ev_packet {
    sara_event h;
    uint32_t type;   /* envelope.type */
    uint32_t ack;    /* 1: the sender wants an acknowledgement */
    sara_str id;     /* envelope.id */
    sara_str from;   /* envelope.from, always the sender's own jid */
    sara_str to;     /* envelope.to; of a group packet the member when it is delivered */
    sara_str gid;    /* envelope.gid */
    sara_str ct;     /* envelope.ct: 13 digits, milliseconds since 1970 */
    sara_str reason; /* set by the filter that rejects */
    sara_buf *raw;   /* the packet as JSON, without its end byte; keep it with buf_ref() */
} sara_ev_packet;

/* group.expand (filter, may suspend): ACCEPT with set_str(SARA_F_MEMBERS, "a@d,b@d") gives the
 * members. */
typedef struct sara_ev_group {
    sara_event h;
    sara_str gid;
    sara_str domain;
    sara_str from;
    sara_str members; /* comma separated jids, set by the filter */
    sara_str reason;
} sara_ev_group;

/* rpc.call (filter, may suspend; reject answers the caller with the reason). */
typedef struct sara_ev_rpc {
    sara_event h;
    sara_str service;
    sara_str method;
    sara_str peer;
    sara_str reason;
    sara_buf *params; /* JSON object */
} sara_ev_rpc;

enum { /* fields that bus.set_str() accepts; the host copies the value */
       SARA_F_REASON = 1,
       SARA_F_TO = 2,     /* packet.in, packet.route: redirect to this jid */
       SARA_F_MEMBERS = 3 /* group.expand */
};

#ifdef __cplusplus
}
#endif
#endif /* SARA_ABI_EVENT_H */
