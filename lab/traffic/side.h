/* SPDX-License-Identifier: MIT */
/* Whose view a capture is: which end of its connections is this host. */
#pragma once

#include "tcpip/tcpip.h"

enum traffic_side { TRAFFIC_SIDE_AUTO, TRAFFIC_SIDE_CLIENT, TRAFFIC_SIDE_SERVER };

/* "auto", "client", "server"; false: something else. */
bool traffic_side_parse(const char *text, enum traffic_side *side);

/* Tells tcpip. client, server: this host is that end of every connection. auto: for each IP
 * version, the address that is an end of more connections among these frames than any other, and of
 * more than half of them, is this host's; a connection without it, and every connection when no
 * address stands out (one connection has two ends), is seen from its client. */
void traffic_side_apply(struct tcpip *tcpip, enum traffic_side side,
                        const struct tcpip_frame *frames, size_t count);
