/* SPDX-License-Identifier: MIT */
/* Whether the bytes of a run add up, and are what they were. */
#include "explore/run_state.h"

#include "sim/breach.h"
#include "traffic/ledger.h"

#include <stdio.h>

static void read_ledger(struct run *run, enum netio_direction direction,
                        const struct sluice_statistics *own, struct run_ledger *ledger)
{
    struct traffic_ledger floors;
    struct netio_ledger engine;

    traffic_ledger_read(run->machine.netio, run->machine.tcpip, direction, &floors);
    netio_total_ledger(run->machine.netio, direction, &engine);
    *ledger = (struct run_ledger){
        .direction = traffic_direction_text(direction),
        .offered = floors.offered,
        .permitted = floors.permitted,
        .blocked = floors.blocked,
        .injected = floors.injected,
        .delivered = floors.delivered,
        .held_engine = floors.held_engine + floors.discarded,
        .lost = floors.lost,
        .duplicate = floors.duplicate,
        .gap = floors.gap,
        .closed = floors.closed && floors.held_engine == 0,
    };
    if (own == NULL)
        return;
    const struct sluice_ledger *driver =
        direction == NETIO_OUTBOUND ? &own->outbound : &own->inbound;
    ledger->held_driver = driver->held;
    ledger->inserted = driver->inserted;
    ledger->removed = driver->removed;
    ledger->dropped = driver->dropped;
    ledger->discarded = driver->discarded + engine.inject_pending;
    /* Driver and engine must tell the same story, and the driver's own equation must hold. */
    if (driver->held != 0 || driver->blocked != floors.blocked ||
        driver->injected != floors.injected + engine.inject_pending ||
        driver->blocked + driver->inserted !=
            driver->injected + driver->dropped + driver->discarded + driver->removed)
        ledger->closed = false;
}

void run_tell_ledgers(struct run *run, const struct sluice_statistics *own)
{
    const struct run_listener *listener = &run->config->listener;

    for (int direction = NETIO_OUTBOUND; direction <= NETIO_INBOUND; direction++) {
        struct run_ledger ledger;
        read_ledger(run, direction, own, &ledger);
        if (!ledger.closed && !run->machine.sim->stopped) {
            char detail[240];
            snprintf(detail, sizeof(detail),
                     "%s: offered %llu, permitted %llu, blocked %llu, injected %llu, delivered "
                     "%llu, held by the "
                     "engine %llu, by the driver %llu, dropped %llu, discarded %llu, lost %llu",
                     ledger.direction, (unsigned long long)ledger.offered,
                     (unsigned long long)ledger.permitted, (unsigned long long)ledger.blocked,
                     (unsigned long long)ledger.injected, (unsigned long long)ledger.delivered,
                     (unsigned long long)ledger.held_engine, (unsigned long long)ledger.held_driver,
                     (unsigned long long)ledger.dropped, (unsigned long long)ledger.discarded,
                     (unsigned long long)ledger.lost);
            sim_breach(
                run->machine.sim,
                &(struct sim_breach){.rule = "LOST", .function = "ledger", .detail = detail});
        }
        if (listener->ledger != NULL)
            listener->ledger(listener->context, &ledger);
    }
}

void run_compare_content(struct run *run, bool edits)
{
    struct traffic_sink_totals totals;

    traffic_sink_totals(run->sink, &totals);
    if (totals.no_memory)
        run->no_memory = true;
    if (!run->config->own || edits || run->machine.sim->stopped ||
        (totals.different == 0 && totals.extra == 0))
        return;
    char detail[160];
    snprintf(detail, sizeof(detail), "%llu bytes differ and %llu are extra, in %llu connections",
             (unsigned long long)totals.different, (unsigned long long)totals.extra,
             (unsigned long long)totals.mismatched);
    sim_breach(
        run->machine.sim,
        &(struct sim_breach){.rule = "R37", .function = "delivered bytes", .detail = detail});
}
