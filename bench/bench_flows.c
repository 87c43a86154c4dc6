/* SPDX-License-Identifier: MIT */
/* What idle flows cost a driver, and what a classify that passes costs it: N flows are opened, left
 * idle, used once each way, left idle again, and then used without end. With rules (those of
 * make_rules) and in mode gate some hold bytes at last, the begin of a match. A line of key=value
 * pairs. Memory is what the driver's own blocks hold, whatever their tag. */
#include "bench/bench_machine.h"
#include "bench/match_corpus.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FLOWS        16384u
#define USED_FLOWS   512u /* of those, for the pass path */
#define HELD_FLOWS   64u  /* that hold bytes at the same time */
#define PASS_ROUNDS  16u
#define SETTLE_ROUND 64u /* flows between two runs of the world */

static const char request[] = "GET / HTTP/1.1\r\nHost: idle.example\r\n\r\n";
static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n";

static void add_block(void *context, const struct nt_pool_block *block)
{
    uint64_t *bytes = context;

    if (block->driver)
        *bytes += block->size;
}

static uint64_t driver_bytes(const struct machine *machine)
{
    uint64_t bytes = 0;

    nt_pool_each_block(machine->nt, add_block, &bytes);
    return bytes;
}

static uint64_t classifies(const struct machine *machine)
{
    struct netio_ledger in, out;

    netio_total_ledger(machine->netio, NETIO_INBOUND, &in);
    netio_total_ledger(machine->netio, NETIO_OUTBOUND, &out);
    return in.classifies + out.classifies;
}

/* Everything that is due now and within a second. */
static bool settle(const struct bench_machine *bench)
{
    struct sim *sim = bench->machine.sim;

    if (!sim_run_idle(sim, sim->now + SIM_SECOND))
        return false;
    if (bench->client != NULL)
        sluice_client_poll(bench->client);
    return true;
}

static bool open_flows(const struct bench_machine *bench, struct tcpip_tcb **flows)
{
    for (uint32_t i = 0; i < FLOWS; i++) {
        const struct netio_flow_info info = {
            .local4 = 0xC0A80001u,
            .remote4 = 0x0A000002u + i,
            .local_port = 80,
            .remote_port = 40000,
            .direction = NETIO_INBOUND,
        };
        flows[i] = tcpip_connect(bench->machine.tcpip, &info);
        if (flows[i] == NULL)
            return false;
        if (i % SETTLE_ROUND == SETTLE_ROUND - 1 && !settle(bench))
            return false;
    }
    return settle(bench);
}

static bool use_flows(const struct bench_machine *bench, struct tcpip_tcb **flows)
{
    for (uint32_t i = 0; i < FLOWS; i++) {
        tcpip_stream_receive(flows[i], (const uint8_t *)request, sizeof(request) - 1, 0, true);
        tcpip_stream_send(flows[i], (const uint8_t *)answer, sizeof(answer) - 1, 0);
        if (i % SETTLE_ROUND == SETTLE_ROUND - 1 && !settle(bench))
            return false;
    }
    return settle(bench);
}

static bool pass(const struct bench_machine *bench, struct tcpip_tcb **flows, uint32_t rounds)
{
    static const uint8_t bytes[1460];

    for (uint32_t round = 0; round < rounds; round++) {
        for (uint32_t i = 0; i < USED_FLOWS; i++)
            tcpip_stream_send(flows[i], bytes, sizeof(bytes), 0);
        if (!settle(bench))
            return false;
    }
    return true;
}

/* Rule 1 but for its last byte, on HELD_FLOWS flows that are in the middle of a body. */
static bool hold(const struct bench_machine *bench, struct tcpip_tcb **flows)
{
    struct corpus_literal literal;

    corpus_literals(&literal, 1);
    for (uint32_t i = 0; i < HELD_FLOWS; i++)
        tcpip_stream_send(flows[USED_FLOWS + i], literal.bytes, literal.length - 1, 0);
    return settle(bench);
}

static uint64_t blocks_in_use(const struct bench_machine *bench,
                              struct sluice_statistics *statistics)
{
    if (bench->client != NULL)
        sluice_client_statistics(bench->client, statistics);
    return statistics->blocks_now;
}

/* Lets what is held go by its deadline. */
static bool let_go(const struct bench_machine *bench)
{
    for (unsigned seconds = 0; seconds < 4; seconds++) {
        if (!settle(bench))
            return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    static struct tcpip_tcb *flows[FLOWS];
    struct sluice_statistics statistics = {0};
    struct bench_options options;
    struct bench_machine bench;
    size_t errors = 0;
    int code = 1;

    if (!bench_options_parse(&options, argc, argv) || options.input != NULL) {
        fprintf(stderr, "usage: bench_flows --driver X.sys [--profile P] [--mode gate|permit] "
                        "[--checks on|off] [--special-pool on|off] [--rules FILE]\n");
        return 2;
    }
    if (!bench_machine_open(&bench, &options))
        return 1;
    const uint64_t empty = driver_bytes(&bench.machine);
    if (!open_flows(&bench, flows))
        goto done;
    const uint64_t opened = driver_bytes(&bench.machine);
    if (!use_flows(&bench, flows))
        goto done;
    const uint64_t used = driver_bytes(&bench.machine);
    if (!pass(&bench, flows, PASS_ROUNDS)) /* lookaside lists fill */
        goto done;
    const uint64_t calls = nt_pool_driver_calls(bench.machine.nt);
    const uint64_t before = classifies(&bench.machine);
    if (!pass(&bench, flows, PASS_ROUNDS))
        goto done;
    const uint64_t pool_calls = nt_pool_driver_calls(bench.machine.nt) - calls;
    const uint64_t passed = classifies(&bench.machine) - before;
    /* Lookaside lists keep blocks that were used: those in use are asked for. */
    const uint64_t blocks = blocks_in_use(&bench, &statistics);
    if (!hold(&bench, flows))
        goto done;
    const uint64_t more_blocks = blocks_in_use(&bench, &statistics) - blocks;
    if (!let_go(&bench))
        goto done;
    tcpip_finish(bench.machine.tcpip);
    if (!settle(&bench) || !bench_machine_unload(&bench, &errors))
        goto done;
    printf("flows=%u opened_bytes=%.1f idle_bytes=%.1f pass_classifies=%" PRIu64
           " pass_pool_calls=%" PRIu64 " holding_bytes=%.1f held=%" PRIu64 " flow_bytes=%" PRIu64
           " scratch_bytes=%" PRIu64 " block_bytes=%" PRIu64 " ruleset_bytes=%" PRIu64
           " errors=%zu\n",
           FLOWS, ((double)opened - (double)empty) / FLOWS, ((double)used - (double)empty) / FLOWS,
           passed, pool_calls,
           ((double)used - (double)empty) / FLOWS +
               (double)(more_blocks * statistics.block_bytes) / HELD_FLOWS,
           statistics.held_now / HELD_FLOWS, statistics.flow_bytes, statistics.scratch_bytes,
           statistics.block_bytes, statistics.ruleset_bytes, errors);
    code = errors == 0 ? 0 : 1;

done:
    if (bench.machine.sim->stopped)
        fprintf(stderr, "bench_flows: a bug check ended the run\n");
    bench_machine_close(&bench);
    return code;
}
