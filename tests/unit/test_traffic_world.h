/* SPDX-License-Identifier: MIT */
/* The floors up to traffic, without a driver. */
#pragma once

#include "tcpip/tcpip.h"
#include "traffic/sink.h"

struct traffic_world {
    struct sim *sim, *previous;
    struct pe *pe;
    struct nt *nt;
    struct ndis *ndis;
    struct netio *netio;
    struct tcpip *tcpip;
    struct traffic_sink *sink;
};

void traffic_world_create(struct traffic_world *world, const struct tcpip_config *tcpip,
                          uint64_t seed, const struct traffic_sink_config *sink);

/* Nothing is left, ledgers close, what came out is what went in. */
void traffic_world_check(struct traffic_world *world, const char *what);
void traffic_world_destroy(struct traffic_world *world);
