/* sara/abi/transport.h - how client connections enter and leave the server.
 *
 * A transport plugin provides the service "sara.transport/1" (the kernel calls it to write and
 * close) and uses the extension "sara.gate/1" (it brings connections and frames to the kernel).
 *
 * Life of a connection: accept -> gate.open() -> gate.frame()* -> exactly one gate.closed(), or
 * gate.frame() returned SARA_MOVED and gate.arrive() on the other loop continues it. The kernel
 * never calls the transport for a connection after gate.closed() has been called or
 * transport.close() has finished. */
#ifndef SARA_ABI_TRANSPORT_H
#define SARA_ABI_TRANSPORT_H
#include <sara/abi/host.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SARA_SVC_TRANSPORT "sara.transport/1"
#define SARA_EXT_GATE "sara.gate/1"

enum {                              /* control frames; each transport has its own bytes for them */
       SARA_CONTROL_HEARTBEAT = 2u, /* answer to a heartbeat */
       SARA_CONTROL_KILL = 3u       /* "another login replaced you" */
};

/* The service. conn is the transport's own handle, given to gate.open() or gate.arrive(). */
typedef struct sara_transport {
    uint32_t struct_size;
    uint32_t reserved;
    /* [loop] Queues one packet, given as n pieces that together are its JSON text without end byte;
     * the transport frames it. Pieces are copied before this returns. Written at the end of the
     * turn, in one write with what else is queued. *end_offset is the connection's count of queued
     * bytes after this packet: the packet is written once written() has reached it. SARA_E_CLOSED:
     * nothing was queued. */
    sara_status (*send)(void *self, sara_id conn, const sara_str *pieces, uint32_t n,
                        uint64_t *end_offset) SARA_NOEXCEPT;
    /* [loop] Queues a control frame (SARA_CONTROL_*). */
    sara_status (*control)(void *self, sara_id conn, uint32_t control) SARA_NOEXCEPT;
    /* [loop] Ends the connection: no more frames are delivered, what is queued is written for at
     * most flush_ms, then the write side is shut, input is discarded for at most 2 s so that the
     * last bytes are not lost to a reset, and the socket is closed. gate.closed() is not called for
     * it. flush_ms 0: at once, queued bytes are dropped. */
    void (*close)(void *self, sara_id conn, sara_str reason, uint32_t flush_ms) SARA_NOEXCEPT;
    /* [loop] Stops (1) or continues (0) reading: back-pressure on a sender. No frame arrives while
     * paused, also none that is already buffered. */
    void (*pause_read)(void *self, sara_id conn, int32_t on) SARA_NOEXCEPT;
    /* [loop] Bytes queued and not yet handed to the operating system. */
    uint64_t (*queued_bytes)(void *self, sara_id conn) SARA_NOEXCEPT;
    /* [loop] Count of bytes handed to the operating system since the connection began, in the same
     * count as end_offset. */
    uint64_t (*written)(void *self, sara_id conn) SARA_NOEXCEPT;
} sara_transport;

typedef struct sara_conn_info {
    uint32_t struct_size;
    uint32_t secure;    /* 1: TLS */
    sara_str transport; /* "tcp", "tls", ...: one word, lower case */
    sara_str peer_ip;   /* "203.0.113.7" or "2001:db8::7" */
    uint32_t peer_port;
    uint32_t reserved;
} sara_conn_info;

/* Filled when gate.frame() returns SARA_MOVED. */
typedef struct sara_move {
    uint32_t loop; /* the loop on which the user lives */
    uint32_t reserved;
    sara_id ticket; /* for gate.arrive(), valid once */
} sara_move;

/* The gate: extension of the host for transports. api and self are the transport's service. */
typedef struct sara_gate {
    uint32_t struct_size;
    uint32_t reserved;
    /* [loop] A client connected. On SARA_OK *session is set, and the login timer runs. Every
     * failure means: close the socket at once, do not call closed(). SARA_E_FULL: a connection
     * limit; SARA_E_CLOSED: the server drains. */
    sara_status (*open)(const sara_host *h, const sara_transport *api, void *self, sara_id conn,
                        const sara_conn_info *info, sara_id *session) SARA_NOEXCEPT;
    /* [loop] One packet body without its end byte; bytes are borrowed and must have 64 readable
     * bytes behind them (padding, any content). Statuses: SARA_OK        taken; go on. SARA_MOVED
     * taken; the session now lives on move->loop. Stop reading, carry the connection with its
     * unread input to that loop and call arrive() there. SARA_E_CLOSED  the kernel has called or
     * will call close(): drop the rest of the input. */
    sara_status (*frame)(const sara_host *h, sara_id session, const uint8_t *data, uint64_t len,
                         sara_move *move) SARA_NOEXCEPT;
    /* [loop] A heartbeat frame. Same statuses, never SARA_MOVED. */
    sara_status (*heartbeat)(const sara_host *h, sara_id session) SARA_NOEXCEPT;
    /* [loop] Sign of life without a frame (a WebSocket ping). */
    void (*activity)(const sara_host *h, sara_id session) SARA_NOEXCEPT;
    /* [loop] The input broke a rule of the framing itself: a frame above frame_bytes_max
     * ("packet_too_large") or bytes that cannot be a frame ("error_packet"). The kernel answers and
     * calls close(). */
    void (*violation)(const sara_host *h, sara_id session, sara_str reason) SARA_NOEXCEPT;
    /* [loop] The connection has reached move->loop with this (possibly new) conn handle. On SARA_OK
     * *session is its new id; frames may follow at once. SARA_E_CLOSED: close the socket, call
     * nothing. */
    sara_status (*arrive)(const sara_host *h, sara_id ticket, sara_id conn,
                          sara_id *session) SARA_NOEXCEPT;
    /* [any] The connection could not be carried over: gives the ticket back. */
    void (*abandon)(const sara_host *h, sara_id ticket) SARA_NOEXCEPT;
    /* [loop] The peer closed or the socket failed; once per session that the kernel has not closed
     * itself. written as in transport.written(). reason: "peer_closed", "io_error", "tls_error",
     * ... */
    void (*closed)(const sara_host *h, sara_id session, sara_str reason,
                   uint64_t written) SARA_NOEXCEPT;
    /* [loop] The write queue of this session is empty again after a send that had to wait. */
    void (*drained)(const sara_host *h, sara_id session) SARA_NOEXCEPT;
    /* [loop] Largest frame body in bytes that this session may send now: small before login. Ask
     * again after each SARA_OK of frame(). */
    uint64_t (*frame_bytes_max)(const sara_host *h, sara_id session) SARA_NOEXCEPT;
} sara_gate;

#ifdef __cplusplus
}
#endif
#endif /* SARA_ABI_TRANSPORT_H */
