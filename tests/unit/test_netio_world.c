/* SPDX-License-Identifier: MIT */
/* The fixture of NETIO's tests. */
#include "test_netio_world.h"

#include "netio/quirk.h"

#include <stdlib.h>

struct world *world;

void world_note(const char *format, ...)
{
    const size_t used = strlen(world->log);
    va_list arguments;

    va_start(arguments, format);
    if (used > 0 && used + 1 < sizeof(world->log))
        strcat(world->log, " ");
    vsnprintf(world->log + strlen(world->log), sizeof(world->log) - strlen(world->log), format,
              arguments);
    va_end(arguments);
}

/* ---- what the world says ---- */

static void on_breach(void *context, const struct sim_breach *breach)
{
    if (strcmp(breach->rule, "CRASH") == 0)
        snprintf(world->crash, sizeof(world->crash), "%s",
                 breach->detail == NULL ? "" : breach->detail);
    /* How much stack a sanitizer's frames take is no matter here. */
    if (strcmp(breach->rule, "STACK") != 0 && strstr(world->breaches, breach->rule) == NULL &&
        strlen(world->breaches) + 8 < sizeof(world->breaches)) {
        strcat(world->breaches, breach->rule);
        strcat(world->breaches, " ");
    }
}

static void on_cut(void *context, const struct netio_cut *cut)
{
    if (cut->rejoined)
        world->rejoins++;
    else
        world->cuts++;
    world->last_cut = *cut;
}

static void on_lost(void *context, const struct netio_lost_chain *lost)
{
    world->lost_chains++;
    for (uint32_t i = 0; i < lost->nbls; i++)
        if (world->lost_nbls + i < 64)
            world->lost_numbers[world->lost_nbls + i] = lost->numbers[i];
    world->lost_nbls += lost->nbls;
    world->lost_bytes += lost->lost_bytes;
    world->lost_payload += lost->bytes;
}

static struct netio_listener listener = {.hooks = {.cut = on_cut, .lost = on_lost}};

/* ---- the connection ---- */

static void on_deliver(void *connection, enum netio_direction direction,
                       const struct netio_run *run, uint32_t stream_flags, bool injected)
{
    struct ndis_cursor cursor = run->start;
    size_t left = run->length, step;

    while (left > 0) {
        const uint8_t *const bytes = ndis_cursor_bytes(&cursor, &step);

        assert_true(step > 0);
        if (step > left)
            step = left;
        assert_true(world->out_length[direction] + step <= WORLD_BYTES);
        memcpy(world->out[direction] + world->out_length[direction], bytes, step);
        world->out_length[direction] += step;
        ndis_cursor_advance(&cursor, step);
        left -= step;
    }
}

static void on_disconnect(void *connection, enum netio_direction direction, bool injected)
{
    world->fins[direction]++;
    world->injected_fins[direction] += injected;
}

static void on_reset(void *connection)
{
    world->resets++;
    if (world->close_on_reset) {
        struct netio_flow *const flow = world->flow;

        world->flow = NULL;
        netio_flow_close(flow);
    }
}

static void on_window(void *connection, bool closed)
{
    if (closed)
        world->windows_closed++;
    else
        world->windows_opened++;
}

static const struct netio_stream_client client = {on_deliver, on_disconnect, on_reset, on_window};

/* ---- the driver ---- */

NET_BUFFER_LIST *world_nbl(size_t size)
{
    const size_t mdl_size = ndis_mdl_size(size);
    uint8_t *const block = sim_arena_take(world->sim, mdl_size + size + 1);
    NET_BUFFER_LIST *nbl;

    assert_non_null(block);
    for (size_t i = 0; i < size; i++)
        block[mdl_size + i] = (uint8_t)('A' + i % 26);
    ndis_mdl_describe((MDL *)(void *)block, block + mdl_size, size);
    assert_int_equal(FwpsAllocateNetBufferAndNetBufferList0(world->pool, 0, 0, (MDL *)(void *)block,
                                                            0, size, &nbl),
                     STATUS_SUCCESS);
    return nbl;
}

void NTAPI world_completed(void *context, NET_BUFFER_LIST *nbl, BOOLEAN dispatch)
{
    world->completions++;
    if (!NT_SUCCESS(NET_BUFFER_LIST_STATUS(nbl)))
        world->failures++;
    assert_null(NET_BUFFER_LIST_NEXT_NBL(nbl));
    FwpsFreeNetBufferList0(nbl);
}

static void free_chain(NET_BUFFER_LIST *nbl)
{
    while (nbl != NULL) {
        NET_BUFFER_LIST *const next = NET_BUFFER_LIST_NEXT_NBL(nbl);

        FwpsFreeNetBufferList0(nbl);
        nbl = next;
    }
}

static NTSTATUS inject_chain(const struct callout *callout, uint32_t stream_flags,
                             NET_BUFFER_LIST *chain, size_t size)
{
    const NTSTATUS status = FwpsStreamInjectAsync0(
        world->injection, NULL, 0, world->flow == NULL ? 1 : netio_flow_handle(world->flow),
        callout->id, FWPS_LAYER_STREAM_V4, stream_flags, chain, size, world_completed, NULL);

    if (status != STATUS_SUCCESS)
        free_chain(chain);
    return status;
}

NTSTATUS world_inject(const struct callout *callout, uint32_t stream_flags, size_t size)
{
    return inject_chain(callout, stream_flags, world_nbl(size), size);
}

static uint32_t direction_flag(uint32_t flags, bool other)
{
    const bool inbound = (flags & FWPS_STREAM_FLAG_RECEIVE) != 0;

    return inbound != other ? FWPS_STREAM_FLAG_RECEIVE : FWPS_STREAM_FLAG_SEND;
}

static void do_injects(struct callout *callout, const struct step *step,
                       const FWPS_STREAM_DATA0 *data)
{
    const uint32_t flags = direction_flag(data->flags, step->inject_other) | step->inject_flags;
    NET_BUFFER_LIST *chain = NULL, **link = &chain;

    for (unsigned i = 0; i < step->injects; i++) {
        if (step->batched) {
            *link = world_nbl(step->inject_size);
            link = &(*link)->Next;
        } else {
            assert_int_equal(world_inject(callout, flags, step->inject_size), STATUS_SUCCESS);
            world_note("%cI%zu", callout->name, step->inject_size);
        }
    }
    if (chain != NULL) {
        assert_int_equal(inject_chain(callout, flags, chain, step->injects * step->inject_size),
                         STATUS_SUCCESS);
        world_note("%cI%zu", callout->name, step->injects * step->inject_size);
    }
}

static void look(struct callout *callout, FWPS_STREAM_CALLOUT_IO_PACKET0 *io,
                 const FWPS_CLASSIFY_OUT0 *out)
{
    FWPS_STREAM_DATA0 *const data = io->streamData;
    SIZE_T copied = 0;

    callout->calls++;
    callout->last_data = *data;
    callout->last_flags = data->flags;
    callout->last_out_flags = out->flags;
    callout->last_missed = io->missedBytes;
    callout->last_irql = sim_task_irql(world->sim);
    callout->last_chain = 0;
    for (NET_BUFFER_LIST *nbl = data->netBufferListChain; nbl != NULL;
         nbl = NET_BUFFER_LIST_NEXT_NBL(nbl))
        callout->last_chain++;
    assert_int_equal(io->countBytesEnforced, 0);
    assert_int_equal(io->countBytesRequired, 0);
    assert_int_equal(io->streamAction, FWPS_STREAM_ACTION_NONE);
    assert_non_null(data->dataOffset.netBufferList);
    if (data->dataLength < sizeof(callout->seen) - callout->seen_length) {
        FwpsCopyStreamDataToBuffer0(data, callout->seen + callout->seen_length, data->dataLength,
                                    &copied);
        assert_int_equal(copied, data->dataLength);
        callout->seen_length += copied;
    }
}

static void answer(struct callout *callout, const struct step *step,
                   FWPS_STREAM_CALLOUT_IO_PACKET0 *io, FWPS_CLASSIFY_OUT0 *out)
{
    static const char letters[] = "PBCNDXA";

    if (step->answer == RAW)
        world_note("%cR", callout->name);
    else if (step->answer <= NEED)
        world_note("%c%c%zu", callout->name, letters[step->answer], step->bytes);
    else
        world_note("%c%c", callout->name, letters[step->answer]);
    out->actionType = FWP_ACTION_NONE;
    switch (step->answer) {
    case PERMIT:
    case BLOCK:
    case CONTINUE:
        out->actionType = step->answer == PERMIT  ? FWP_ACTION_PERMIT
                          : step->answer == BLOCK ? FWP_ACTION_BLOCK
                                                  : FWP_ACTION_CONTINUE;
        io->countBytesEnforced = step->bytes;
        break;
    case NEED:
        io->streamAction = FWPS_STREAM_ACTION_NEED_MORE_DATA;
        io->countBytesRequired = (UINT32)step->bytes;
        break;
    case DEFER:
        io->streamAction = FWPS_STREAM_ACTION_DEFER;
        break;
    case DROP:
        io->streamAction = FWPS_STREAM_ACTION_DROP_CONNECTION;
        break;
    case ALLOW:
        io->streamAction = FWPS_STREAM_ACTION_ALLOW_CONNECTION;
        break;
    case RAW:
        out->actionType = step->action_type;
        io->streamAction = (FWPS_STREAM_ACTION_TYPE)step->stream_action;
        io->countBytesEnforced = step->bytes;
        break;
    }
}

static void classify(struct callout *callout, const FWPS_INCOMING_METADATA_VALUES0 *metadata,
                     FWPS_STREAM_CALLOUT_IO_PACKET0 *io, uint64_t context, FWPS_CLASSIFY_OUT0 *out)
{
    struct step step =
        callout->at < callout->count ? callout->steps[callout->at] : callout->otherwise;
    NET_BUFFER_LIST *links[64];
    unsigned nbls = 0;

    callout->at++;
    callout->last_context = context;
    callout->metadata_flags = metadata->flags;
    world_note("%c(%zu%s%s%s)", callout->name, io->streamData->dataLength,
               io->streamData->flags &
                       (FWPS_STREAM_FLAG_RECEIVE_DISCONNECT | FWPS_STREAM_FLAG_SEND_DISCONNECT)
                   ? ",FIN"
                   : "",
               out->flags & FWPS_CLASSIFY_OUT_FLAG_NO_MORE_DATA ? ",NO_MORE" : "",
               out->flags & FWPS_CLASSIFY_OUT_FLAG_BUFFER_LIMIT_REACHED ? ",LIMIT" : "");
    look(callout, io, out);
    for (NET_BUFFER_LIST *nbl = io->streamData->netBufferListChain; nbl != NULL && nbls < 64;
         nbl = nbl->Next)
        links[nbls++] = nbl;
    do_injects(callout, &step, io->streamData);
    if (nbls > 0 && step.injects > 0)
        callout->last_unlinked = nbls > 1 && io->streamData->netBufferListChain->Next == NULL;
    if (step.extra != NULL)
        step.extra();
    for (unsigned i = 0; step.restore && i + 1 < nbls; i++)
        if (links[i]->Next != links[i + 1])
            links[i]->Next = links[i + 1];
    answer(callout, &step, io, out);
}

#define CLASSIFY(n)                                                                                \
    static void NTAPI classify##n(const FWPS_INCOMING_VALUES0 *values,                             \
                                  const FWPS_INCOMING_METADATA_VALUES0 *metadata, VOID *data,      \
                                  const VOID *classify_context, const FWPS_FILTER1 *filter,        \
                                  UINT64 context, FWPS_CLASSIFY_OUT0 *out)                         \
    {                                                                                              \
        assert_int_equal(values->layerId, FWPS_LAYER_STREAM_V4);                                   \
        assert_non_null(classify_context);                                                         \
        classify(&world->callouts[n], metadata, data, context, out);                               \
    }                                                                                              \
    static void NTAPI delete##n(UINT16 layer, UINT32 callout, UINT64 context)                      \
    {                                                                                              \
        assert_int_equal(callout, world->callouts[n].id);                                          \
        assert_int_equal(sim_task_irql(world->sim), DISPATCH_LEVEL);                               \
        world->callouts[n].deletes++;                                                              \
        world->callouts[n].deleted_context = context;                                              \
    }
CLASSIFY(0)
CLASSIFY(1)
CLASSIFY(2)
CLASSIFY(3)

/* The six arguments of version 0. */
static void NTAPI classify_old(const FWPS_INCOMING_VALUES0 *values,
                               const FWPS_INCOMING_METADATA_VALUES0 *metadata, VOID *data,
                               const FWPS_FILTER0 *filter, UINT64 context, FWPS_CLASSIFY_OUT0 *out)
{
    assert_int_equal(values->layerId, FWPS_LAYER_STREAM_V4);
    assert_true(filter->filterId > 0);
    classify(&world->callouts[0], metadata, data, context, out);
}

static const FWPS_CALLOUT_CLASSIFY_FN1 classifies[WORLD_CALLOUTS] = {classify0, classify1,
                                                                     classify2, classify3};
static const FWPS_CALLOUT_FLOW_DELETE_NOTIFY_FN0 deletes[WORLD_CALLOUTS] = {delete0, delete1,
                                                                            delete2, delete3};

void world_register(unsigned index, uint32_t flags, uint8_t version)
{
    struct callout *const callout = &world->callouts[index];
    void *const classify =
        version == 0 ? (void *)(uintptr_t)classify_old : (void *)(uintptr_t)classifies[index];

    callout->name = (char)('a' + index);
    callout->key = (GUID){0xC0DE0000u + index, 1, 2, {3, 4, 5, 6, 7, 8, 9, 10}};
    assert_int_equal(netio_callout_register(world->netio, &callout->key, version, flags, classify,
                                            NULL, (void *)(uintptr_t)deletes[index], &callout->id),
                     STATUS_SUCCESS);
}

uint64_t world_filter(uint16_t layer, uint32_t action, const GUID *callout,
                      uint16_t sublayer_weight, uint64_t weight,
                      const FWPS_FILTER_CONDITION0 *conditions, uint32_t count, uint16_t flags)
{
    struct netio_filter filter = {.id = ++world->next_filter,
                                  .layer = layer,
                                  .sublayer_weight = sublayer_weight,
                                  .weight = weight,
                                  .flags = flags,
                                  .action = action,
                                  .condition_count = count,
                                  .conditions = conditions};

    if (callout != NULL)
        filter.callout = *callout;
    assert_int_equal(netio_filter_add(world->netio, &filter), STATUS_SUCCESS);
    return filter.id;
}

struct callout *world_callout(unsigned index, uint32_t action, uint16_t sublayer_weight,
                              uint32_t flags)
{
    world_register(index, flags, 1);
    world_filter(FWPS_LAYER_STREAM_V4, action, &world->callouts[index].key, sublayer_weight, 1,
                 NULL, 0, 0);
    return &world->callouts[index];
}

void world_script(struct callout *callout, const struct step *steps, unsigned count)
{
    assert_true(count <= 32);
    memcpy(callout->steps, steps, count * sizeof(*steps));
    callout->count = count;
    callout->at = 0;
}

/* ---- opening and closing ---- */

void world_open(const struct world_options *options)
{
    static const struct world_options none;
    const struct sim_config sim = {.seed = options == NULL ? 1 : options->seed + 1,
                                   .preempt_per_million = options == NULL ? 0 : options->preempt};
    NET_BUFFER_LIST_POOL_PARAMETERS pool = {
        .Header = {NDIS_OBJECT_TYPE_DEFAULT, NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1,
                   NDIS_SIZEOF_NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1},
        .fAllocateNetBuffer = TRUE,
        .PoolTag = NT_TAG('t', 'e', 's', 't')};
    struct netio_config netio;
    struct nt_config nt;

    if (options == NULL)
        options = &none;
    world = calloc(1, sizeof(*world));
    assert_non_null(world);
    world->sim = sim_create(&sim);
    assert_non_null(world->sim);
    sim_enter(world->sim);
    world->sim->observer = (struct sim_observer){NULL, on_breach};
    netio.profile = netio_profile_find(options->profile == NULL ? "10" : options->profile);
    assert_non_null(netio.profile);
    netio_switches_default(netio.profile, &netio.switches);
    netio.switches.completion = NETIO_COMPLETION_SYNC;
    netio.switches.send_passive = NETIO_NEVER;
    netio.switches.rst_without_classify = NETIO_NEVER;
    netio.switches.remove = NETIO_REMOVE_SYNC;
    for (unsigned i = 0; i + 1 < 12 && options->switches[i] != NULL; i += 2)
        assert_true(
            netio_switches_set(&netio.switches, options->switches[i], options->switches[i + 1]));
    if (options->quirk != NULL) {
        const struct netio_quirk_row *row = netio_quirk_find(options->quirk);
        assert_non_null(row);
        assert_true(netio_quirk_belongs(row, netio.profile));
        netio_quirk_set(&netio.switches, row);
    }
    nt = (struct nt_config){.version = netio.profile->ntddi,
                            .major = netio.profile->major,
                            .minor = netio.profile->minor,
                            .build = netio.profile->build,
                            .checks = true};
    world->pe = pe_create(world->sim);
    world->nt = nt_create(world->sim, world->pe, &nt);
    world->ndis = ndis_create(world->sim, world->nt);
    world->netio = netio_create(world->sim, world->ndis, &netio);
    world->fwp = fwp_create(world->sim, world->netio);
    assert_non_null(world->fwp);
    netio_listener_add(world->netio, &listener);
    world->pool = NdisAllocateNetBufferListPool(NULL, &pool);
    assert_non_null(world->pool);
    assert_int_equal(
        FwpsInjectionHandleCreate0(AF_INET, FWPS_INJECTION_TYPE_STREAM, &world->injection),
        STATUS_SUCCESS);
    world->info = (struct netio_flow_info){.local4 = 0x0A000001,
                                           .remote4 = 0x0A000002,
                                           .local_port = 50000,
                                           .remote_port = 80,
                                           .direction = NETIO_OUTBOUND,
                                           .process_id = 1234,
                                           .application = "\\device\\harddiskvolume1\\app.exe"};
}

enum netio_open world_connect(void)
{
    return netio_flow_open(world->netio, &world->info, &client, NULL, &world->flow);
}

static void close_flow(void *context)
{
    struct netio_flow *const flow = world->flow;

    world->flow = NULL;
    if (flow != NULL)
        netio_flow_close(flow);
}

void world_disconnect(void)
{
    world_run(close_flow, NULL, DISPATCH_LEVEL);
}

static void count_nbl(void *context, NET_BUFFER_LIST *nbl, const struct ndis_nbl_header *header)
{
    ++*(unsigned *)context;
}

unsigned world_live_nbls(void)
{
    unsigned live = 0;

    ndis_nbl_each(world->ndis, count_nbl, &live);
    return live;
}

static void check_ledger(const struct netio_ledger *l)
{
    assert_int_equal(l->offered,
                     l->permitted + l->blocked + l->held_engine + l->lost + l->discarded);
    assert_int_equal(l->delivered, l->permitted + l->injected);
}

void world_ledgers_close(void)
{
    for (unsigned direction = 0; direction < 2; direction++) {
        struct netio_ledger ledger;

        netio_total_ledger(world->netio, direction, &ledger);
        check_ledger(&ledger);
        assert_int_equal(ledger.offered, world->sent[direction]);
        assert_int_equal(ledger.delivered, world->out_length[direction]);
    }
}

static void end(void)
{
    fwp_destroy(world->fwp);
    netio_destroy(world->netio);
    ndis_destroy(world->ndis);
    nt_destroy(world->nt);
    pe_destroy(world->pe);
    sim_destroy(world->sim);
    sim_leave(NULL);
    free(world);
    world = NULL;
}

static void destroy_handle(void *context)
{
    assert_int_equal(FwpsInjectionHandleDestroy0(world->injection), STATUS_SUCCESS);
}

void world_close_leaking(unsigned leaked)
{
    if (world->sim->stopped) {
        end();
        return;
    }
    world_disconnect();
    world_ledgers_close();
    assert_false(netio_stream_busy(world->netio));
    assert_int_equal(world_live_nbls(), leaked);
    for (unsigned i = 0; i < WORLD_CALLOUTS; i++)
        if (world->callouts[i].id != 0)
            assert_int_equal(netio_callout_unregister(world->netio, world->callouts[i].id),
                             STATUS_SUCCESS);
    world_run(destroy_handle, NULL, PASSIVE_LEVEL);
    NdisFreeNetBufferListPool(world->pool);
    end();
}

void world_close(void)
{
    world_close_leaking(0);
}

/* ---- traffic ---- */

struct offer {
    enum netio_direction direction;
    const size_t *sizes;
    unsigned count;
    uint32_t flags;
};

static void send_released(void *context, NET_BUFFER_LIST *nbl)
{
    world->sent_back++;
    ndis_nbl_destroy(nbl);
}

static NET_BUFFER_LIST *one_nbl(enum netio_direction direction, const uint8_t *bytes, size_t size)
{
    uint8_t *data;
    NET_BUFFER_LIST *nbl;

    if (direction == NETIO_INBOUND)
        return NetioAllocateAndReferenceCopyNetBufferListEx(world->netio, bytes, size,
                                                            netio_flow_handle(world->flow));
    nbl = ndis_nbl_create(world->ndis, NDIS_NBL_SEND, NT_TAG('T', 'N', 'b', 'l'), size,
                          send_released, NULL, &data);
    memcpy(data, bytes, size);
    return nbl;
}

static void run_offer(void *context)
{
    const struct offer *const offer = context;
    NET_BUFFER_LIST *chain = NULL, **link = &chain;
    size_t total = 0;

    for (unsigned i = 0; i < offer->count; i++) {
        uint8_t *const bytes = malloc(offer->sizes[i] + 1);

        for (size_t j = 0; j < offer->sizes[i]; j++)
            bytes[j] = (uint8_t)('a' + world->sent[offer->direction]++ % 26);
        *link = one_nbl(offer->direction, bytes, offer->sizes[i]);
        assert_non_null(*link);
        link = &(*link)->Next;
        total += offer->sizes[i];
        free(bytes);
    }
    if (offer->direction == NETIO_INBOUND)
        WfpStreamInspectReceive(world->flow, chain, total, offer->flags);
    else
        WfpStreamInspectSend(world->flow, chain, total, offer->flags);
}

void world_run(void (*function)(void *), void *context, uint8_t irql)
{
    const struct sim_task_config config = {
        .name = "test", .irql = irql, .processor = -1, .function = function, .context = context};

    assert_non_null(sim_task_create(world->sim, &config));
    sim_run(world->sim);
}

void world_receive(const size_t *sizes, unsigned count, uint32_t more_flags)
{
    struct offer offer = {NETIO_INBOUND, sizes, count, FWPS_STREAM_FLAG_RECEIVE | more_flags};

    if (count == 0 && more_flags == 0)
        offer.flags |= FWPS_STREAM_FLAG_RECEIVE_DISCONNECT;
    world_run(run_offer, &offer, DISPATCH_LEVEL);
}

void world_send(const size_t *sizes, unsigned count, uint32_t more_flags)
{
    struct offer offer = {NETIO_OUTBOUND, sizes, count, FWPS_STREAM_FLAG_SEND | more_flags};

    if (count == 0 && more_flags == 0)
        offer.flags |= FWPS_STREAM_FLAG_SEND_DISCONNECT;
    world_run(run_offer, &offer, PASSIVE_LEVEL);
}

void world_offer_one(enum netio_direction direction, size_t size)
{
    if (direction == NETIO_INBOUND)
        world_receive(&size, 1, FWPS_STREAM_FLAG_RECEIVE_PUSH);
    else
        world_send(&size, 1, 0);
}
