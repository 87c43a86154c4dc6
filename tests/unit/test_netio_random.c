/* SPDX-License-Identifier: MIT */
/* Random verdicts of several callouts over random chains, against an oracle: what one stage lets
 * out is what the next one gets, in order, and what the last one lets out is what the application
 * reads. */
#include "test_netio_world.h"

#include "sim/random.h"

#define STAGES 3
#define BYTES  (256u << 10)

struct tape {
    char bytes[BYTES];
    size_t length;
};

struct stage {
    uint32_t id;
    GUID key;
    struct tape in[2], out[2]; /* bytes decided here, and what went on */
    char offer[BYTES];         /* as it was before the injects: those may run the next stage */
    unsigned deferred;         /* streamFlags of the DEFER, 0: none */
    unsigned calls, fins[2];
};

static struct stage stages[STAGES];
static unsigned stage_count;
static struct sim_random rng;

static void append(struct tape *tape, const void *bytes, size_t length)
{
    assert_true(tape->length + length <= BYTES);
    memcpy(tape->bytes + tape->length, bytes, length);
    tape->length += length;
}

static unsigned below(unsigned n)
{
    return sim_random_below(&rng, n);
}

static void inject(struct stage *stage, enum netio_direction direction)
{
    const size_t size = 1 + below(50);
    const uint32_t flag =
        direction == NETIO_INBOUND ? FWPS_STREAM_FLAG_RECEIVE : FWPS_STREAM_FLAG_SEND;
    const struct callout callout = {.id = stage->id};
    NET_BUFFER_LIST *const nbl = world_nbl(size);

    append(&stage->out[direction],
           NET_BUFFER_FIRST_MDL(NET_BUFFER_LIST_FIRST_NB(nbl))->MappedSystemVa, size);
    assert_int_equal(FwpsStreamInjectAsync0(
                         world->injection, NULL, 0, netio_flow_handle(world->flow), callout.id,
                         FWPS_LAYER_STREAM_V4, flag, nbl, size, world_completed, NULL),
                     STATUS_SUCCESS);
}

static void classify(struct stage *stage, FWPS_STREAM_CALLOUT_IO_PACKET0 *io,
                     FWPS_CLASSIFY_OUT0 *out)
{
    char *const bytes = stage->offer;
    FWPS_STREAM_DATA0 *const data = io->streamData;
    const enum netio_direction direction =
        data->flags & FWPS_STREAM_FLAG_SEND ? NETIO_OUTBOUND : NETIO_INBOUND;
    const bool must = (out->flags & (FWPS_CLASSIFY_OUT_FLAG_NO_MORE_DATA |
                                     FWPS_CLASSIFY_OUT_FLAG_BUFFER_LIMIT_REACHED)) != 0;
    const unsigned choice = below(10);
    SIZE_T got, covered = data->dataLength;

    stage->calls++;
    FwpsCopyStreamDataToBuffer0(data, bytes, data->dataLength, &got);
    assert_int_equal(got, data->dataLength);
    out->actionType = FWP_ACTION_NONE;
    for (unsigned i = below(4) == 0 ? 1 + below(2) : 0; i > 0; i--)
        inject(stage, direction);
    if (choice == 0 && !must) {
        io->streamAction = FWPS_STREAM_ACTION_NEED_MORE_DATA;
        io->countBytesRequired = below(200);
        return;
    }
    if (choice == 1 && !must && direction == NETIO_INBOUND) {
        io->streamAction = FWPS_STREAM_ACTION_DEFER;
        stage->deferred = data->flags;
        return;
    }
    if (data->dataLength > 1 && below(2) == 0 &&
        (out->flags & FWPS_CLASSIFY_OUT_FLAG_BUFFER_LIMIT_REACHED) == 0)
        io->countBytesEnforced = covered = 1 + below((uint32_t)data->dataLength);
    append(&stage->in[direction], bytes, covered);
    if (choice == 2 && data->dataLength > 0) {
        out->actionType = FWP_ACTION_BLOCK;
        return;
    }
    out->actionType = choice < 6 ? FWP_ACTION_PERMIT : FWP_ACTION_CONTINUE;
    append(&stage->out[direction], bytes, covered);
    if (data->dataLength == 0)
        stage->fins[direction]++;
}

#define CLASSIFY(n)                                                                                \
    static void NTAPI classify##n(const FWPS_INCOMING_VALUES0 *values,                             \
                                  const FWPS_INCOMING_METADATA_VALUES0 *metadata, VOID *data,      \
                                  const VOID *context, const FWPS_FILTER1 *filter, UINT64 flow,    \
                                  FWPS_CLASSIFY_OUT0 *out)                                         \
    {                                                                                              \
        classify(&stages[n], data, out);                                                           \
    }
CLASSIFY(0)
CLASSIFY(1)
CLASSIFY(2)

static const FWPS_CALLOUT_CLASSIFY_FN1 functions[STAGES] = {classify0, classify1, classify2};

static void continue_all(void *context)
{
    for (unsigned i = 0; i < stage_count; i++) {
        const unsigned flags = stages[i].deferred;

        stages[i].deferred = 0;
        if (flags != 0)
            assert_int_equal(FwpsStreamContinue0(netio_flow_handle(world->flow), stages[i].id,
                                                 FWPS_LAYER_STREAM_V4, flags),
                             STATUS_SUCCESS);
    }
}

static void settle(void)
{
    bool any;

    do {
        any = false;
        for (unsigned i = 0; i < stage_count; i++)
            any |= stages[i].deferred != 0;
        if (any)
            world_run(continue_all, NULL, PASSIVE_LEVEL);
    } while (any);
}

static void open_random(uint64_t seed)
{
    static const char *const emits[] = {"after_return", "inside_inject"};
    static const char *const chains[] = {"original_head", "offset_nbl"};
    static const char *const required[] = {"additional", "total"};
    static const char *const completions[] = {"sync", "late", "reordered", "random"};
    static const char *const serials[] = {"flow", "direction"};

    sim_random_seed(&rng, seed);
    memset(stages, 0, sizeof(stages));
    world_open(&(struct world_options){
        .seed = seed,
        .switches = {"inline_emit", emits[below(2)], "reindicate_chain", chains[below(2)],
                     "countBytesRequired", required[below(2)], "completion", completions[below(4)],
                     "serialisation", serials[below(2)]}});
    stage_count = 1 + below(STAGES);
    for (unsigned i = 0; i < stage_count; i++) {
        stages[i].key = (GUID){0x5A + i, 0, 0, {0}};
        assert_int_equal(netio_callout_register(world->netio, &stages[i].key, 1, 0,
                                                (void *)(uintptr_t)functions[i], NULL, NULL,
                                                &stages[i].id),
                         STATUS_SUCCESS);
        world_filter(FWPS_LAYER_STREAM_V4, FWP_ACTION_CALLOUT_UNKNOWN, &stages[i].key,
                     (uint16_t)(100 - i), 1, NULL, 0, 0);
    }
    assert_int_equal(world_connect(), NETIO_OPEN_OK);
}

static uint64_t one_run(uint64_t seed)
{
    uint64_t hash;
    size_t sizes[10];

    open_random(seed);
    for (unsigned i = 0; i < 40; i++) {
        const unsigned count = 1 + below(10);

        for (unsigned j = 0; j < count; j++)
            sizes[j] = 1 + below(60);
        if (below(3) == 0)
            world_send(sizes, count, 0);
        else
            world_receive(sizes, count, below(2) == 0 ? 0 : FWPS_STREAM_FLAG_RECEIVE_PUSH);
        if (below(2) == 0)
            settle();
    }
    settle();
    world_receive(NULL, 0, 0);
    settle();
    world_send(NULL, 0, 0);
    settle();
    for (unsigned direction = 0; direction < 2; direction++) {
        assert_int_equal(stages[0].in[direction].length, world->sent[direction]);
        for (unsigned i = 0; i < stage_count; i++) {
            const char *const next =
                i + 1 < stage_count ? stages[i + 1].in[direction].bytes : world->out[direction];
            const size_t length = i + 1 < stage_count ? stages[i + 1].in[direction].length
                                                      : world->out_length[direction];

            assert_int_equal(stages[i].out[direction].length, length);
            assert_memory_equal(stages[i].out[direction].bytes, next, length);
        }
        assert_int_equal(world->fins[direction], 1);
    }
    assert_string_equal(world->breaches, "");
    assert_int_equal(world->lost_nbls, 0);
    hash = world->sim->trace.hash;
    world_close();
    return hash;
}

/* Same seed, same trace. */
static void deterministic(void **state)
{
    uint64_t before = 0;

    for (uint64_t seed = 0; seed < 20; seed++) {
        const uint64_t hash = one_run(seed);

        assert_int_equal(one_run(seed), hash);
        assert_int_not_equal(hash, before);
        before = hash;
    }
}

static void oracle(void **state)
{
    for (uint64_t seed = 0; seed < 300; seed++)
        one_run(seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(oracle), cmocka_unit_test(deterministic)};

    return cmocka_run_group_tests_name("netio random verdicts", tests, NULL, NULL);
}
