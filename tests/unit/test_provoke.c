/* SPDX-License-Identifier: MIT */
/* explore: the fault sweep finds what only a failure brings about, failures of clean-up paths
 * included; benign marks; neighbours do what they say; shapes arrive as they were asked for. */
#include "explore/campaign.h"
#include "explore/fault_plan.h"
#include "explore/neighbour.h"

#include "nt/failure.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TAG_PROVOKE 0x6b6f7250 /* "Prok" */

/* ---- the table of failures, and text ---- */

static void test_table(void **state)
{
    const struct nt_failure *failure, *before = NULL;

    (void)state;
    for (size_t i = 0; (failure = nt_failure_at(i)) != NULL; i++) {
        assert_ptr_equal(nt_failure_find(failure->call), failure);
        assert_in_range(nt_failure_ways(failure), 1, NT_FAILURE_WAYS);
        assert_true(before == NULL || strcmp(before->call, failure->call) < 0);
        for (unsigned way = 0; way < nt_failure_ways(failure); way++)
            assert_int_not_equal(failure->ways[way].status, STATUS_SUCCESS);
        before = failure;
    }
    assert_null(nt_failure_find("FwpsCalloutUnregisterById0"));
}

static void test_text(void **state)
{
    struct plan_fault fault;
    char text[160];

    (void)state;
    assert_true(fault_plan_parse(&fault, "FwpsStreamInjectAsync0:7:2", text, sizeof(text)));
    assert_int_equal(fault.nth, 7);
    assert_int_equal(fault.way, 2);
    assert_string_equal(fault_plan_text(&fault, text, sizeof(text)), "FwpsStreamInjectAsync0:7:2");
    assert_true(fault_plan_parse(&fault, "IoAllocateMdl:1", text, sizeof(text)));
    assert_string_equal(fault_plan_text(&fault, text, sizeof(text)), "IoAllocateMdl:1");
    assert_true(fault_plan_parse(&fault, PLAN_LOW_POOL ":5:100", text, sizeof(text)));
    assert_false(fault_plan_parse(&fault, "IoAllocateMdl", text, sizeof(text)));
    assert_false(fault_plan_parse(&fault, "IoAllocateMdl:0", text, sizeof(text)));
    assert_false(fault_plan_parse(&fault, "IoAllocateMdl:1:2", text, sizeof(text)));
    assert_false(fault_plan_parse(&fault, "IoAllocateMdl:-1", text, sizeof(text)));
    assert_false(fault_plan_parse(&fault, "IoAllocateMdl:1x", text, sizeof(text)));
    assert_false(fault_plan_parse(&fault, "FwpsNothing0:1", text, sizeof(text)));
}

/* ---- the sweep ---- */

/* A driver that takes two blocks when it starts. Mistakes: nothing; it forgets the first when the
 * second fails; it forgets it when, besides, what it wants to write about that fails too; or the
 * third time round a loop. */
enum mistake { MISTAKE_NONE, MISTAKE_CLEAN_UP, MISTAKE_DEEP, MISTAKE_LOOP };
static enum mistake mistake;
static void *blocks[4];

static void NTAPI blocks_unload(PDRIVER_OBJECT driver)
{
    for (unsigned i = 0; i < 4; i++) {
        if (blocks[i] != NULL)
            ExFreePoolWithTag(blocks[i], TAG_PROVOKE);
    }
}

static NTSTATUS loop_entry(void)
{
    for (unsigned i = 0; i < 4; i++) {
        blocks[i] = ExAllocatePoolWithTag(NonPagedPoolNx, 32, TAG_PROVOKE);
        if (blocks[i] != NULL)
            continue;
        for (unsigned k = i == 3 ? 1 : 0; k < i; k++)
            ExFreePoolWithTag(blocks[k], TAG_PROVOKE);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI blocks_entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    memset(blocks, 0, sizeof(blocks));
    driver->DriverUnload = blocks_unload;
    if (mistake == MISTAKE_LOOP)
        return loop_entry();
    blocks[0] = ExAllocatePoolWithTag(NonPagedPoolNx, 32, TAG_PROVOKE);
    if (blocks[0] == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    blocks[1] = ExAllocatePoolWithTag(NonPagedPoolNx, 32, TAG_PROVOKE);
    if (blocks[1] != NULL)
        return STATUS_SUCCESS;
    void *note = ExAllocatePoolWithTag(NonPagedPoolNx, 64, TAG_PROVOKE);
    if (note != NULL)
        ExFreePoolWithTag(note, TAG_PROVOKE);
    if (mistake != MISTAKE_CLEAN_UP && (mistake != MISTAKE_DEEP || note != NULL))
        ExFreePoolWithTag(blocks[0], TAG_PROVOKE);
    return STATUS_INSUFFICIENT_RESOURCES;
}

struct told {
    unsigned count;
    char rule[16];
    struct run_plan plan;
};

static void tell(void *context, const struct campaign_found *found)
{
    struct told *told = context;

    if (told->count++ != 0)
        return;
    snprintf(told->rule, sizeof(told->rule), "%s", found->finding->rule->id);
    told->plan = found->run->plan;
}

static NTSTATUS NTAPI nothing_entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    return STATUS_SUCCESS;
}

static void prepare(struct run_config *run, PDRIVER_INITIALIZE entry)
{
    *run =
        (struct run_config){.driver = {.name = "provoke", .native_entry = (void *)(uintptr_t)entry},
                            .traffic = RUN_SCENARIO};
    machine_config_default(&run->machine, netio_profile_find("10"));
    run->plan.script = "wait 1ms\n";
}

static void sweep(enum mistake with, const char *benign, struct told *told,
                  struct campaign_result *result)
{
    struct campaign_config config = {.parts = CAMPAIGN_FAULTS, .listener = {told, .finding = tell}};

    mistake = with;
    *told = (struct told){0};
    prepare(&config.run, blocks_entry);
    config.run.plan.benign = &benign;
    config.run.plan.benign_count = benign != NULL;
    pe_claim_signals();
    campaign_run(&config, result);
}

static void test_sweep_clean(void **state)
{
    struct campaign_result result;
    struct told told;

    (void)state;
    sweep(MISTAKE_NONE, NULL, &told, &result);
    assert_int_equal(told.count, 0);
    assert_int_equal(result.counts.fault_stacks, 3); /* the third only when the second fails */
    assert_true(result.counts.faults_to_fixpoint);
}

static void test_sweep_clean_up(void **state)
{
    struct campaign_result result;
    struct told told;

    (void)state;
    sweep(MISTAKE_CLEAN_UP, NULL, &told, &result);
    assert_int_equal(told.count, 1);
    assert_string_equal(told.rule, "R70");
    assert_int_equal(told.plan.fault_count, 1);
    assert_string_equal(told.plan.faults[0].call, "ExAllocatePoolWithTag");
    assert_int_equal(told.plan.faults[0].nth, 2);
}

static void test_sweep_deep(void **state)
{
    struct campaign_result result;
    struct told told;

    (void)state;
    sweep(MISTAKE_DEEP, NULL, &told, &result);
    assert_int_equal(told.count, 1);
    assert_string_equal(told.rule, "R70");
    assert_int_equal(told.plan.fault_count, 2);
}

static void test_sweep_loop(void **state)
{
    struct campaign_result result;
    struct told told;

    (void)state;
    sweep(MISTAKE_LOOP, NULL, &told, &result);
    assert_int_equal(told.count, 1);
    assert_int_equal(told.plan.faults[0].nth, 4); /* of one call in the driver */
}

static void test_benign(void **state)
{
    struct campaign_result result;
    struct told told;

    (void)state;
    sweep(MISTAKE_NONE, "ExAllocatePoolWithTag", &told, &result);
    assert_int_equal(told.count, 0);
    assert_int_equal(result.counts.fault_stacks, 0);
}

/* ---- neighbours ---- */

#define STREAMS 2048

/* What came out, in order, of each stream: a hash, and how much. */
struct came_out {
    struct {
        char name[96];
        uint64_t hash, length;
    } streams[STREAMS];
    size_t count;
    uint64_t injected, delivered;
};

static void deliver(void *context, const char *file, enum traffic_stream stream,
                    const uint8_t *bytes, size_t length)
{
    struct came_out *out = context;
    char name[96];
    size_t i = 0;

    snprintf(name, sizeof(name), "%s %d", file, stream);
    while (i < out->count && strcmp(out->streams[i].name, name) != 0)
        i++;
    assert_true(i < STREAMS);
    if (i == out->count)
        memcpy(out->streams[out->count++].name, name, sizeof(name));
    for (size_t k = 0; k < length; k++)
        out->streams[i].hash = (out->streams[i].hash ^ bytes[k]) * 0x100000001B3ull;
    out->streams[i].length += length;
}

static void ledger(void *context, const struct run_ledger *told)
{
    struct came_out *out = context;

    out->injected += told->injected;
    out->delivered += told->delivered;
}

static const char traffic[] = "connect a 3 in v4 v6\n"
                              "connect b 3 out v4\n"
                              "receive a 5000 segment 1460\n"
                              "send a 3000 segment 1000\n"
                              "receive b 100\n"
                              "send b 20000 segment 1460\n"
                              "run\n"
                              "receive a 700 segment 100\n"
                              "send b 10\n"
                              "fin a in\n"
                              "fin a out\n"
                              "fin b out\n"
                              "fin b in\n"
                              "wait 10s\n";

static struct run_result beside(const char *neighbour, struct came_out *out)
{
    struct run_config run;
    struct run_result result;

    memset(out, 0, sizeof(*out));
    prepare(&run, nothing_entry);
    run.plan.script = traffic;
    run.plan.neighbours[0] = neighbour;
    run.plan.neighbour_count = neighbour != NULL;
    run.listener = (struct run_listener){.context = out, .deliver = deliver, .ledger = ledger};
    pe_claim_signals();
    run_once(&run, &result);
    return result;
}

static bool same(const struct came_out *one, const struct came_out *other)
{
    if (one->count != other->count)
        return false;
    for (size_t i = 0; i < one->count; i++) {
        size_t k = 0;
        while (k < other->count && strcmp(one->streams[i].name, other->streams[k].name) != 0)
            k++;
        if (k == other->count || one->streams[i].hash != other->streams[k].hash ||
            one->streams[i].length != other->streams[k].length)
            return false;
    }
    return true;
}

static void test_neighbours(void **state)
{
    struct came_out *alone = malloc(sizeof(*alone)), *out = malloc(sizeof(*out));
    const struct neighbour *neighbour;

    (void)state;
    assert_non_null(alone);
    assert_non_null(out);
    beside(NULL, alone);
    assert_true(alone->delivered > 50000);
    for (size_t i = 0; (neighbour = neighbour_at(i)) != NULL; i++) {
        const struct run_result result = beside(neighbour->name, out);
        assert_int_equal(result.status, MACHINE_OK);
        assert_int_equal(result.errors + result.warnings, 0); /* not even of the rude ones */
        if (same(alone, out) != neighbour->keeps)
            fail_msg("%s: what came out is %s", neighbour->name,
                     neighbour->keeps ? "not what went in" : "what went in");
        assert_true(result.classifies > 0);
        if (strstr(neighbour->name, "reinject") != NULL || strstr(neighbour->name, "late") != NULL)
            assert_true(out->injected == alone->delivered);
    }
    free(alone);
    free(out);
}

/* ---- shapes ---- */

struct seen {
    unsigned nbls, nbs, mdls, empty;
    uint32_t flags;
};

static void look(void *context, struct netio_classify *classify)
{
    struct seen *seen = context;

    seen->flags |= classify->flags;
    for (NET_BUFFER_LIST *nbl = classify->chain; nbl != NULL; nbl = nbl->Next) {
        seen->nbls++;
        for (NET_BUFFER *nb = nbl->FirstNetBuffer; nb != NULL; nb = nb->Next) {
            seen->nbs++;
            for (MDL *mdl = nb->MdlChain; mdl != NULL; mdl = mdl->Next) {
                seen->mdls++;
                seen->empty += mdl->ByteCount == 0;
            }
        }
    }
}

static struct seen shaped(enum netio_direction direction, size_t length,
                          const struct tcpip_shape *shape)
{
    static const uint8_t bytes[4000] = {1};
    const struct run_plan plan = {.neighbours = {"above-permit"}, .neighbour_count = 1};
    const struct netio_flow_info info = {
        .local4 = 1, .remote4 = 2, .local_port = 80, .remote_port = 99};
    struct seen seen = {0};
    struct netio_listener listener = {.hooks = {.classify_enter = look}, .context = &seen};
    struct neighbour_set set;
    struct machine_config config;
    struct machine machine;
    char text[160];

    pe_claim_signals();
    machine_config_default(&config, netio_profile_find("10"));
    assert_true(machine_create(&machine, &config));
    assert_true(neighbour_set_load(&set, &machine, &plan, text, sizeof(text)));
    netio_listener_add(machine.netio, &listener);
    struct tcpip_tcb *tcb = tcpip_connect(machine.tcpip, &info);
    tcpip_stream_bytes(tcb, direction, bytes, length, shape);
    assert_true(sim_run(machine.sim));
    machine_destroy(&machine);
    return seen;
}

static void test_shapes(void **state)
{
    struct seen seen =
        shaped(NETIO_INBOUND, 4000,
               &(struct tcpip_shape){
                   .segment = 2000, .net_buffers = 4, .mdls = 3, .empty_first_mdl = true});

    (void)state;
    assert_int_equal(seen.nbls, 2);
    assert_int_equal(seen.nbs, 8);
    assert_int_equal(seen.mdls, 8 * 4);
    assert_int_equal(seen.empty, 8);
    assert_int_equal(seen.flags, FWPS_STREAM_FLAG_RECEIVE | FWPS_STREAM_FLAG_RECEIVE_PUSH);
    seen = shaped(NETIO_OUTBOUND, 300,
                  &(struct tcpip_shape){.net_buffers = 3, .no_delay = true, .expedited = true});
    assert_int_equal(seen.nbs, 3);
    assert_int_equal(seen.flags, FWPS_STREAM_FLAG_SEND | FWPS_STREAM_FLAG_SEND_NODELAY |
                                     FWPS_STREAM_FLAG_SEND_EXPEDITED);
    seen = shaped(NETIO_INBOUND, 300, &(struct tcpip_shape){.no_push = true, .nic = true});
    assert_int_equal(seen.nbs, 1);
    assert_int_equal(seen.flags, FWPS_STREAM_FLAG_RECEIVE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),       cmocka_unit_test(test_text),
        cmocka_unit_test(test_sweep_clean), cmocka_unit_test(test_sweep_clean_up),
        cmocka_unit_test(test_sweep_deep),  cmocka_unit_test(test_sweep_loop),
        cmocka_unit_test(test_benign),      cmocka_unit_test(test_neighbours),
        cmocka_unit_test(test_shapes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
