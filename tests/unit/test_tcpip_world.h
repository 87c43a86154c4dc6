/* SPDX-License-Identifier: MIT */
/* The floors up to tcpip, with one callout that writes down what it is shown. */
#pragma once

#include "test_tcpip_packet.h"

#include "tcpip/tcpip.h"

/* What the callout answers. */
enum answer { ANSWER_PERMIT, ANSWER_BLOCK, ANSWER_DROP, ANSWER_DEFER, ANSWER_RELEASED };

struct world_config {
    struct tcpip_config tcpip;
    enum tcpip_side side; /* this host */
    const char *profile;  /* NULL: "10" */
    uint32_t callout_flags;
    enum answer answer;
    bool refuse; /* a filter blocks every connection */
    bool fin_with_data;
    enum netio_when send_passive;
};

struct world {
    struct world_config config;
    struct sim *sim, *previous;
    struct pe *pe;
    struct nt *nt;
    struct ndis *ndis;
    struct netio *netio;
    struct tcpip *tcpip;
    uint32_t callout;
    enum answer answer; /* to the next classify */
    uint64_t deferred;  /* flow that was answered with DEFER, to be continued */
    uint32_t deferred_flags;
    char log[8192]; /* see world_create() */
    size_t length;
    char received[2][4096]; /* what came out, by enum netio_direction */
    size_t received_length[2];
    unsigned breaches;
    unsigned origins[16]; /* NBLs shown, by enum ndis_nbl_origin */
    unsigned net_buffers, mdls, passive;
    unsigned begun, opened, closed;
    struct tcpip_counts last[2]; /* counts of the connection that was closed last */
    uint64_t offered[2];
};

/* The log, a word for each event: "open", "refused"; "<abc" an inbound indication with these bytes,
 * ">abc" an outbound one,
 * "/2" when its chain has two NBLs, then letters for flags: P push, N no delay, U urgent, F
 * disconnect, A abort; "fin<", "fin>": FIN came out; "closed". */
struct world *world_create(const struct world_config *config);

/* Ends the world: everything is closed, and nothing may be left: NBLs, pool blocks, breaches;
 * ledgers close. */
void world_destroy(struct world *world);

/* One batch of frames. */
void world_feed(struct world *world, const struct packet *packets, size_t count);

/* The log since the last call must be this. */
void world_expect(struct world *world, const char *what, const char *log);

/* FwpsStreamContinue0 for the flow that was deferred. */
void world_continue(struct world *world);
