/* SPDX-License-Identifier: MIT */
/* Two floors counted the same bytes: they must agree. */

#include "traffic/ledger.h"

const char *traffic_direction_text(enum netio_direction direction)
{
    return direction == NETIO_INBOUND ? "inbound" : "outbound";
}

void traffic_ledger_read(const struct netio *netio, const struct tcpip *tcpip,
                         enum netio_direction direction, struct traffic_ledger *ledger)
{
    struct netio_ledger engine;
    struct tcpip_counts counts;

    netio_total_ledger(netio, direction, &engine);
    tcpip_total_counts(tcpip, direction, &counts);
    *ledger = (struct traffic_ledger){
        .direction = direction,
        .offered = engine.offered,
        .permitted = engine.permitted,
        .blocked = engine.blocked,
        .injected = engine.injected,
        .delivered = engine.delivered,
        .held_engine = engine.held_engine,
        .discarded = engine.discarded,
        .lost = engine.lost,
        .duplicate = counts.duplicate_bytes,
        .gap = counts.gap_bytes + counts.truncated_bytes,
        .behind_verdict = counts.behind_verdict,
    };
    ledger->closed = engine.offered == engine.permitted + engine.blocked + engine.held_engine +
                                           engine.lost + engine.discarded &&
                     engine.delivered == engine.permitted + engine.injected && engine.lost == 0 &&
                     engine.offered == counts.offered && engine.delivered == counts.delivered;
}
