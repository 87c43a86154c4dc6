/* SPDX-License-Identifier: MIT */
/* One cell of the leak matrix. */
#include "explore/cell.h"

#include "explore/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t injects_so_far(const struct machine *machine)
{
    struct netio_ledger ledger;

    netio_total_ledger(machine->netio, NETIO_INBOUND, &ledger);
    return ledger.injects;
}

/* A hole is filled: segments 2 to N come first and wait, then the first makes all of them
 * deliverable at once. */
static bool fill_hole(struct wire *wire, struct machine *machine, unsigned nbls, uint32_t sequence)
{
    for (unsigned i = 2; i <= nbls; i++)
        wire_add(wire, false, WIRE_ACK, sequence + (i - 1) * CELL_NBL_BYTES, 1, CELL_NBL_BYTES,
                 (uint8_t)i);
    wire_add(wire, false, WIRE_ACK, sequence, 1, CELL_NBL_BYTES, 1);
    return wire_receive(wire, machine->sim, machine->tcpip);
}

/* A connection whose chain is offered once (twice for the permit verdict, whose specimen holds the
 * first). */
static void offer(const struct cell *cell, struct machine *machine, struct wire *wire,
                  struct cell_result *result)
{
    unsigned offers = cell->verdict == CELL_PERMIT ? 2 : 1;
    uint32_t sequence = 1;

    wire_add(wire, true, WIRE_SYN, 0, 0, 0, 0);
    wire_add(wire, false, WIRE_SYN | WIRE_ACK, 0, 1, 0, 0);
    wire_add(wire, true, WIRE_ACK, 1, 1, 0, 0);
    if (!wire_receive(wire, machine->sim, machine->tcpip))
        return;
    for (unsigned i = 0; i < offers; i++) {
        if (!fill_hole(wire, machine, cell->nbls, sequence))
            return;
        sequence += cell->nbls * CELL_NBL_BYTES;
    }
    result->injects_made = (unsigned)injects_so_far(machine);
    wire_add(wire, false, WIRE_FIN | WIRE_ACK, sequence, 1, 0, 0);
    wire_add(wire, true, WIRE_FIN | WIRE_ACK, 1, sequence + 1, 0, 0);
    wire_add(wire, false, WIRE_ACK, sequence + 1, 2, 0, 0);
    if (!wire_receive(wire, machine->sim, machine->tcpip))
        return;
    tcpip_flush(machine->tcpip);
    if (!sim_run_idle(machine->sim, machine->sim->now + SIM_SECOND))
        return;
    tcpip_finish(machine->tcpip);
    sim_run_idle(machine->sim, machine->sim->now + SIM_SECOND);
}

void cell_run(const struct cell *cell, const struct machine_driver *driver,
              struct cell_result *result,
              void (*inspect)(void *context, struct machine *machine,
                              const struct cell_result *result),
              void *context)
{
    static const char *const verdicts[] = {"Verdict=block", "Verdict=permit", "Verdict=partial"};
    struct machine_config config;
    struct machine machine;
    struct netio_ledger ledger;
    char injects[32];
    struct wire *wire = calloc(1, sizeof(*wire));

    memset(result, 0, sizeof(*result));
    machine_config_default(&config, cell->profile);
    config.switches.model = cell->model;
    config.seed = cell->seed;
    if (wire == NULL || !machine_create(&machine, &config)) {
        free(wire);
        result->status = MACHINE_NO_MEMORY;
        snprintf(result->text, sizeof(result->text), "out of memory");
        return;
    }
    snprintf(injects, sizeof(injects), "Injects=%u", cell->injects);
    const char *settings[] = {injects, verdicts[cell->verdict]};
    struct machine_driver specimen = *driver;
    specimen.settings = settings;
    specimen.setting_count = 2;
    result->status = machine_load(&machine, &specimen, result->text, sizeof(result->text));
    if (result->status == MACHINE_OK) {
        offer(cell, &machine, wire, result);
        if (machine.sim->stopped)
            result->injects_made = (unsigned)injects_so_far(&machine);
        result->status = machine_unload(&machine, result->text, sizeof(result->text));
        result->leak = check_leaked(machine.check);
        netio_total_ledger(machine.netio, NETIO_INBOUND, &ledger);
        result->lost_bytes = ledger.lost;
    }
    result->trace_hash = machine.sim->trace.hash;
    if (inspect != NULL)
        inspect(context, &machine, result);
    machine_destroy(&machine);
    free(wire);
}
