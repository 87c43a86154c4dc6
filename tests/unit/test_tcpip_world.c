/* SPDX-License-Identifier: MIT */
/* A native callout at the stream layers, and an observer at tcpip. */

#include "test_tcpip_world.h"

#include "netio/kfd.h"
#include "ndis/miniport.h"
#include "netio/stream.h"
#include "nt/pool.h"
#include "sim/breach.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct world *current; /* a classifyFn gets no context of ours */

static void note(struct world *world, const char *text, size_t length)
{
    assert_true(world->length + length + 1 < sizeof(world->log));
    memcpy(world->log + world->length, text, length);
    world->length += length;
    world->log[world->length] = '\0';
}

static void word(struct world *world, const char *text)
{
    note(world, text, strlen(text));
    note(world, " ", 1);
}

static void note_flags(struct world *world, uint32_t flags)
{
    static const struct {
        uint32_t flag;
        char letter;
    } letters[] = {
        {FWPS_STREAM_FLAG_RECEIVE_PUSH, 'P'},       {FWPS_STREAM_FLAG_SEND_NODELAY, 'N'},
        {FWPS_STREAM_FLAG_RECEIVE_EXPEDITED, 'U'},  {FWPS_STREAM_FLAG_SEND_EXPEDITED, 'U'},
        {FWPS_STREAM_FLAG_RECEIVE_DISCONNECT, 'F'}, {FWPS_STREAM_FLAG_SEND_DISCONNECT, 'F'},
        {FWPS_STREAM_FLAG_RECEIVE_ABORT, 'A'},      {FWPS_STREAM_FLAG_SEND_ABORT, 'A'},
    };
    for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++) {
        if (flags & letters[i].flag)
            note(world, &letters[i].letter, 1);
    }
}

static void note_indication(struct world *world, const FWPS_STREAM_DATA0 *data)
{
    const bool inbound = (data->flags & FWPS_STREAM_FLAG_RECEIVE) != 0;
    char bytes[2048];
    size_t length = 0;
    unsigned nbls = 0;

    for (NET_BUFFER_LIST *nbl = data->netBufferListChain; nbl != NULL;
         nbl = NET_BUFFER_LIST_NEXT_NBL(nbl)) {
        nbls++;
        world->origins[ndis_nbl_header(nbl)->origin]++;
        for (NET_BUFFER *nb = NET_BUFFER_LIST_FIRST_NB(nbl); nb != NULL;
             nb = NET_BUFFER_NEXT_NB(nb)) {
            world->net_buffers++;
            for (MDL *mdl = NET_BUFFER_FIRST_MDL(nb); mdl != NULL; mdl = mdl->Next)
                world->mdls++;
        }
    }
    if (data->dataLength != 0) {
        struct ndis_cursor cursor;
        size_t part;
        ndis_cursor_start(&cursor, data->netBufferListChain);
        while (length < sizeof(bytes)) {
            const uint8_t *at = ndis_cursor_bytes(&cursor, &part);
            if (part == 0)
                break;
            if (part > sizeof(bytes) - length)
                part = sizeof(bytes) - length;
            memcpy(bytes + length, at, part);
            length += part;
            ndis_cursor_advance(&cursor, part);
        }
        assert_int_equal(length, data->dataLength);
    }
    note(world, inbound ? "<" : ">", 1);
    if (length <= 16)
        note(world, bytes, length);
    if (nbls > 1) {
        char text[16];
        note(world, text, (size_t)snprintf(text, sizeof(text), "/%u", nbls));
    }
    note_flags(world, data->flags);
    note(world, " ", 1);
}

static void NTAPI classify(const FWPS_INCOMING_VALUES0 *values,
                           const FWPS_INCOMING_METADATA_VALUES0 *metadata, void *layer_data,
                           const void *context, const FWPS_FILTER1 *filter, UINT64 flow_context,
                           FWPS_CLASSIFY_OUT0 *out)
{
    FWPS_STREAM_CALLOUT_IO_PACKET0 *io = layer_data;
    struct world *world = current;

    note_indication(world, io->streamData);
    if (sim_task_irql(world->sim) == SIM_PASSIVE_LEVEL)
        world->passive++;
    io->streamAction = FWPS_STREAM_ACTION_NONE;
    io->countBytesEnforced = 0;
    io->countBytesRequired = 0;
    out->actionType = FWP_ACTION_PERMIT;
    switch (world->answer) {
    case ANSWER_PERMIT:
        break;
    case ANSWER_BLOCK:
        out->actionType = FWP_ACTION_BLOCK;
        break;
    case ANSWER_DROP:
        io->streamAction = FWPS_STREAM_ACTION_DROP_CONNECTION;
        out->actionType = FWP_ACTION_NONE;
        break;
    case ANSWER_DEFER:
        if ((io->streamData->flags & FWPS_STREAM_FLAG_RECEIVE) == 0)
            break;
        io->streamAction = FWPS_STREAM_ACTION_DEFER;
        out->actionType = FWP_ACTION_NONE;
        world->deferred = metadata->flowHandle;
        world->deferred_flags = io->streamData->flags;
        break;
    case ANSWER_RELEASED:
        break;
    }
}

static NTSTATUS NTAPI notify(FWPS_CALLOUT_NOTIFY_TYPE type, const GUID *key, FWPS_FILTER1 *filter)
{
    return STATUS_SUCCESS;
}

/* ---- observer ---- */

static void begun(void *context, struct tcpip_tcb *tcb)
{
    struct world *world = context;
    world->begun++;
}

static void opened(void *context, struct tcpip_tcb *tcb)
{
    struct world *world = context;
    world->opened++;
    word(world, tcpip_tcb_flow(tcb) != 0 ? "open" : "refused");
}

static void delivered(void *context, struct tcpip_tcb *tcb, enum netio_direction direction,
                      const uint8_t *bytes, size_t length)
{
    struct world *world = context;
    if (world->received_length[direction] + length < sizeof(world->received[0]))
        memcpy(world->received[direction] + world->received_length[direction], bytes, length);
    world->received_length[direction] += length;
}

static void offered(void *context, struct tcpip_tcb *tcb, enum netio_direction direction,
                    const uint8_t *bytes, size_t length)
{
    struct world *world = context;
    world->offered[direction] += length;
}

static void finished(void *context, struct tcpip_tcb *tcb, enum netio_direction direction)
{
    word(context, direction == NETIO_INBOUND ? "fin<" : "fin>");
}

static void closed(void *context, struct tcpip_tcb *tcb)
{
    struct world *world = context;
    world->closed++;
    word(world, "closed");
    for (int d = 0; d < 2; d++)
        world->last[d] = *tcpip_tcb_counts(tcb, d);
}

static void on_breach(void *context, const struct sim_breach *breach)
{
    struct world *world = context;
    world->breaches++;
    print_message("breach %s %s: %s\n", breach->rule,
                  breach->function != NULL ? breach->function : "",
                  breach->detail != NULL ? breach->detail : "");
}

/* ---- the world ---- */

static void add_filters(struct world *world)
{
    static const GUID key = {0x5C1CE001, 1, 2, {3, 4, 5, 6, 7, 8, 9, 10}};
    static const uint16_t ale[] = {FWPS_LAYER_ALE_AUTH_CONNECT_V4, FWPS_LAYER_ALE_AUTH_CONNECT_V6,
                                   FWPS_LAYER_ALE_AUTH_RECV_ACCEPT_V4,
                                   FWPS_LAYER_ALE_AUTH_RECV_ACCEPT_V6};
    static const uint16_t stream[] = {FWPS_LAYER_STREAM_V4, FWPS_LAYER_STREAM_V6};
    uint64_t id = 0;

    assert_int_equal(netio_callout_register(world->netio, &key, 1, world->config.callout_flags,
                                            (void *)(uintptr_t)classify, (void *)(uintptr_t)notify,
                                            NULL, &world->callout),
                     STATUS_SUCCESS);
    for (size_t i = 0; i < 2; i++) {
        const struct netio_filter filter = {.id = ++id,
                                            .layer = stream[i],
                                            .sublayer_weight = 1,
                                            .weight = 1,
                                            .action = FWP_ACTION_CALLOUT_UNKNOWN,
                                            .callout = key};
        assert_int_equal(netio_filter_add(world->netio, &filter), STATUS_SUCCESS);
    }
    for (size_t i = 0; world->config.refuse && i < sizeof(ale) / sizeof(ale[0]); i++) {
        const struct netio_filter filter = {.id = ++id,
                                            .layer = ale[i],
                                            .sublayer_weight = 1,
                                            .weight = 1,
                                            .action = FWP_ACTION_BLOCK};
        assert_int_equal(netio_filter_add(world->netio, &filter), STATUS_SUCCESS);
    }
}

struct world *world_create(const struct world_config *config)
{
    struct world *world = calloc(1, sizeof(*world));
    const struct netio_profile *profile =
        netio_profile_find(config->profile != NULL ? config->profile : "10");
    struct netio_config netio = {.profile = profile};

    assert_non_null(world);
    assert_non_null(profile);
    current = world;
    world->config = *config;
    world->answer = config->answer;
    world->sim = sim_create(&(struct sim_config){.seed = 1});
    assert_non_null(world->sim);
    world->previous = sim_enter(world->sim);
    world->sim->observer = (struct sim_observer){world, on_breach};
    world->pe = pe_create(world->sim);
    assert_non_null(world->pe);
    world->nt = nt_create(world->sim, world->pe,
                          &(struct nt_config){.version = profile->ntddi,
                                              .major = profile->major,
                                              .minor = profile->minor,
                                              .checks = true});
    assert_non_null(world->nt);
    world->ndis = ndis_create(world->sim, world->nt);
    assert_non_null(world->ndis);
    netio_switches_default(profile, &netio.switches);
    netio.switches.send_passive = config->send_passive;
    netio.switches.rst_without_classify = NETIO_NEVER;
    netio.switches.fin_with_data = config->fin_with_data;
    world->netio = netio_create(world->sim, world->ndis, &netio);
    assert_non_null(world->netio);
    add_filters(world);
    world->tcpip = tcpip_create(world->sim, world->netio, &config->tcpip);
    assert_non_null(world->tcpip);
    tcpip_set_side(world->tcpip, config->side);
    tcpip_set_observer(world->tcpip, &(struct tcpip_observer){.context = world,
                                                              .begun = begun,
                                                              .opened = opened,
                                                              .offered = offered,
                                                              .delivered = delivered,
                                                              .finished = finished,
                                                              .closed = closed});
    return world;
}

static void count_nbl(void *context, NET_BUFFER_LIST *nbl, const struct ndis_nbl_header *header)
{
    ++*(unsigned *)context;
}

static void check_ledger(struct world *world, enum netio_direction direction)
{
    struct netio_ledger ledger;
    struct tcpip_counts counts;

    netio_total_ledger(world->netio, direction, &ledger);
    tcpip_total_counts(world->tcpip, direction, &counts);
    assert_int_equal(ledger.offered, ledger.permitted + ledger.blocked + ledger.held_engine +
                                         ledger.lost + ledger.discarded);
    assert_int_equal(ledger.delivered, ledger.permitted + ledger.injected);
    assert_int_equal(ledger.lost, 0);
    assert_int_equal(ledger.held_engine, 0);
    assert_int_equal(ledger.offered, counts.offered);
    assert_int_equal(ledger.delivered, counts.delivered);
    assert_int_equal(world->offered[direction], counts.offered);
    assert_int_equal(world->received_length[direction], counts.delivered);
    /* Every byte that was seen is somewhere. */
    assert_int_equal(counts.bytes + counts.gap_bytes,
                     counts.offered + counts.duplicate_bytes + counts.gap_bytes +
                         counts.truncated_bytes + counts.early_bytes + counts.after_fin +
                         counts.absurd_bytes + counts.discarded_bytes + counts.behind_verdict +
                         counts.keep_alives);
}

void world_destroy(struct world *world)
{
    unsigned nbls = 0;

    if (!world->sim->stopped) {
        tcpip_finish(world->tcpip);
        assert_true(sim_run(world->sim));
        assert_true(sim_run_idle(world->sim, world->sim->now + SIM_SECOND));
        check_ledger(world, NETIO_OUTBOUND);
        check_ledger(world, NETIO_INBOUND);
        assert_int_equal(tcpip_open_connections(world->tcpip), 0);
        assert_int_equal(world->begun, world->closed);
        ndis_nbl_each(world->ndis, count_nbl, &nbls);
        assert_int_equal(nbls, 0);
        assert_int_equal(ndis_miniport_outstanding(world->ndis), 0);
    }
    assert_int_equal(world->breaches, 0);
    tcpip_destroy(world->tcpip);
    netio_destroy(world->netio);
    ndis_destroy(world->ndis);
    nt_destroy(world->nt);
    pe_destroy(world->pe);
    sim_leave(world->previous);
    sim_destroy(world->sim);
    free(world);
}

void world_feed(struct world *world, const struct packet *packets, size_t count)
{
    uint8_t *bytes = malloc(count * 2048);
    struct tcpip_frame *frames = calloc(count, sizeof(*frames));

    assert_non_null(bytes);
    assert_non_null(frames);
    for (size_t i = 0; i < count; i++) {
        const size_t length = packet_ethernet(&packets[i], bytes + i * 2048);
        frames[i] = packet_frame(bytes + i * 2048, length, 1);
        frames[i].number = i + 1;
    }
    tcpip_nic_receive(world->tcpip, frames, count);
    assert_true(sim_run(world->sim));
    free(frames);
    free(bytes);
}

void world_expect(struct world *world, const char *what, const char *log)
{
    if (world->length != 0 && world->log[world->length - 1] == ' ')
        world->log[world->length - 1] = '\0';
    if (strcmp(world->log, log) != 0)
        fail_msg("%s: \"%s\" instead of \"%s\"", what, world->log, log);
    world->length = 0;
    world->log[0] = '\0';
}

void world_continue(struct world *world)
{
    assert_int_not_equal(world->deferred, 0);
    world->answer = ANSWER_RELEASED;
    assert_int_equal(netio_stream_continue(world->netio, world->deferred, world->callout,
                                           FWPS_LAYER_STREAM_V4, world->deferred_flags),
                     STATUS_SUCCESS);
    assert_true(sim_run(world->sim));
}
