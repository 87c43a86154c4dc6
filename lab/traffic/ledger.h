/* SPDX-License-Identifier: MIT */
/* The byte ledger of a run, one line for each direction: what NETIO counted, joined with what tcpip
 * saw. */
#pragma once

#include "tcpip/tcpip.h"

/* What the lab knows of the "ledger" line; what a driver knows of itself is for others to add. */
struct traffic_ledger {
    enum netio_direction direction;
    uint64_t offered, permitted, blocked, injected, delivered;
    uint64_t held_engine;
    uint64_t discarded; /* offered, but the flow died before the engine had a verdict */
    uint64_t lost;
    uint64_t duplicate; /* payload that came again */
    uint64_t
        gap; /* bytes that the capture does not have: holes, and what the snap length cut off */
    uint64_t behind_verdict; /* payload that came when the connection had been refused or reset by a
                                verdict */
    bool closed; /* offered = permitted + blocked + held_engine + lost + discarded, delivered =
                    permitted + injected, lost = 0, and tcpip offered and got back as much as NETIO
                    says */
};

void traffic_ledger_read(const struct netio *netio, const struct tcpip *tcpip,
                         enum netio_direction direction, struct traffic_ledger *ledger);

/* "inbound", "outbound". */
const char *traffic_direction_text(enum netio_direction direction);
