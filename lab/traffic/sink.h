/* SPDX-License-Identifier: MIT */
/* The applications at both ends: takes what comes out of every connection and compares it with what
 * went in. */
#pragma once

#include "tcpip/tcpip.h"

/* Streams by their origin: TRAFFIC_C2S is what the client sent. */
enum traffic_stream { TRAFFIC_C2S, TRAFFIC_S2C };

enum traffic_verdict {
    TRAFFIC_VERDICT_PASS,    /* to its own end */
    TRAFFIC_VERDICT_REFUSED, /* a filter blocked the connection */
    TRAFFIC_VERDICT_RESET,   /* a callout dropped it */
};

#define TRAFFIC_ADDRESS_TEXT 56
#define TRAFFIC_FILE_NAME    128
#define TRAFFIC_NO_OFFSET    UINT64_MAX

struct traffic_stream_result {
    uint64_t offered, delivered;
    uint64_t missing;   /* offered, never delivered */
    uint64_t different; /* delivered with another value than the byte offered at the same place */
    uint64_t extra;     /* delivered beyond what had been offered */
    uint64_t first_different; /* stream offset of the first byte different or extra;
                                 TRAFFIC_NO_OFFSET: none */
    bool finished;            /* FIN was delivered */
    struct tcpip_counts counts;
};

/* A connection that was opened (or refused by a filter) and has ended. */
struct traffic_connection {
    uint64_t number; /* from 1, in order of opening */
    uint64_t flow;   /* handle, 0: never had one */
    bool v6, client_is_local, mid_stream;
    char client[TRAFFIC_ADDRESS_TEXT]; /* "10.0.0.1:1234", "[fe80::1]:80" */
    char server[TRAFFIC_ADDRESS_TEXT];
    char file[TRAFFIC_FILE_NAME]; /* "<client>_<cport>-<server>_<sport>", see traffic_file_name() */
    enum traffic_verdict verdict;
    struct traffic_stream_result streams[2]; /* by enum traffic_stream */
};

struct traffic_sink;

struct traffic_sink_config {
    void *context;
    /* Bytes that came out, in stream order; file as in struct traffic_connection, without the
     * suffix of the stream (".c2s",
     * ".s2c"). NULL: nobody wants them. */
    void (*deliver)(void *context, const char *file, enum traffic_stream stream,
                    const uint8_t *bytes, size_t length);
    /* May be NULL. */
    void (*closed)(void *context, const struct traffic_connection *connection);
    /* For who plays both ends of a connection; may be NULL. The same bytes and FINs as they come
     * out, and the last moment at which the connection may be used. Not to call into tcpip. */
    void (*came_out)(void *context, struct tcpip_tcb *tcb, enum netio_direction direction,
                     const uint8_t *bytes, size_t length);
    void (*fin_came_out)(void *context, struct tcpip_tcb *tcb, enum netio_direction direction);
    void (*gone)(void *context, struct tcpip_tcb *tcb);
};

/* Takes the observer's place at tcpip. NULL: no memory. */
struct traffic_sink *traffic_sink_create(struct tcpip *tcpip,
                                         const struct traffic_sink_config *config);
void traffic_sink_destroy(struct traffic_sink *sink);

/* Over all connections that ended. A connection that a verdict refused or reset, or that ended
 * before everything was out, misses bytes; only `different` and `extra` are wrong in any case. */
struct traffic_sink_totals {
    uint64_t connections, refused, reset;
    uint64_t offered[2], delivered[2]; /* by enum netio_direction */
    uint64_t missing, different, extra;
    uint64_t mismatched; /* connections with different or extra bytes */
    bool no_memory;      /* bytes could not be kept: comparisons are void */
};
void traffic_sink_totals(const struct traffic_sink *sink, struct traffic_sink_totals *totals);

/* Connections that have not ended. */
size_t traffic_sink_open(const struct traffic_sink *sink);

/* "<client>_<cport>-<server>_<sport>". repeat: 1 for the first connection between these ends,
 * whoever began it; later ones end in "~2", "~3", ... */
void traffic_file_name(char name[TRAFFIC_FILE_NAME], const struct netio_flow_info *info,
                       bool client_is_local, uint32_t repeat);

/* "10.0.0.1:1234", "[fe80::1]:80". local: this host's end. */
void traffic_address_text(char text[TRAFFIC_ADDRESS_TEXT], const struct netio_flow_info *info,
                          bool local);
