/* SPDX-License-Identifier: MIT */
/* One cell of the leak matrix. */
#include "explore/cell.h"

#include <stdio.h>
#include <string.h>

#define CELL_NBLS_MAX 64

static const struct netio_flow_info connection = {
    .local4 = 0x0A000001,
    .remote4 = 0x0A000002,
    .local_port = 49152,
    .remote_port = 80,
    .direction = NETIO_OUTBOUND,
    .process_id = 1234,
    .application = "\\device\\harddiskvolume1\\client.exe",
};

static uint64_t injects_so_far(const struct machine *machine)
{
    struct netio_ledger ledger;

    netio_total_ledger(machine->netio, NETIO_INBOUND, &ledger);
    return ledger.injects;
}

/* Offers the chain (twice for the permit verdict, whose specimen holds the first), then ends the
 * connection. */
static void offer(const struct cell *cell, struct machine *machine, struct cell_result *result)
{
    static const unsigned char bytes[CELL_NBLS_MAX * CELL_NBL_BYTES];
    size_t length = (size_t)cell->nbls * CELL_NBL_BYTES;
    unsigned offers = cell->verdict == CELL_PERMIT ? 2 : 1;

    struct tcpip_tcb *tcb = tcpip_connect(machine->tcpip, &connection);
    if (tcb == NULL)
        return;
    for (unsigned i = 0; i < offers; i++) {
        tcpip_stream_receive(tcb, bytes, length, CELL_NBL_BYTES, true);
        if (!sim_run(machine->sim))
            return;
    }
    result->injects_made = (unsigned)injects_so_far(machine);
    tcpip_stream_fin(tcb, NETIO_INBOUND);
    tcpip_stream_fin(tcb, NETIO_OUTBOUND);
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

    memset(result, 0, sizeof(*result));
    machine_config_default(&config, cell->profile);
    config.switches.model = cell->model;
    config.seed = cell->seed;
    if (!machine_create(&machine, &config)) {
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
        offer(cell, &machine, result);
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
}
