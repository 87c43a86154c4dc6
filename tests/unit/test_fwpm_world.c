/* SPDX-License-Identifier: MIT */
/* The world that tests of the management calls stand on. */
#include "test_fwpm_world.h"

struct fwpm_told fwpm_told;

const GUID fwpm_callout_key = {0xC0, 1, 2, {3}};
const GUID fwpm_sublayer_key = {0x50, 1, 2, {3}};
const GUID fwpm_provider_key = {0x90, 1, 2, {3}};
const GUID fwpm_other_key = {0x77, 1, 2, {3}};

static WCHAR name[] = u"a name";

static VOID NTAPI classify(const FWPS_INCOMING_VALUES0 *values,
                           const FWPS_INCOMING_METADATA_VALUES0 *meta, VOID *data,
                           const VOID *context, const FWPS_FILTER2 *filter, UINT64 flow,
                           FWPS_CLASSIFY_OUT0 *out)
{
    out->actionType = FWP_ACTION_PERMIT;
}

static NTSTATUS NTAPI notify(FWPS_CALLOUT_NOTIFY_TYPE type, const GUID *key, FWPS_FILTER2 *filter)
{
    if (type == FWPS_CALLOUT_NOTIFY_ADD_FILTER) {
        fwpm_told.added++;
        return fwpm_told.answer;
    }
    if (type == FWPS_CALLOUT_NOTIFY_DELETE_FILTER)
        fwpm_told.deleted++;
    return STATUS_SUCCESS;
}

static struct sim_observer ndis_observer;

/* Most definitions here name no provider, on purpose. */
static void note(void *context, const struct sim_breach *breach)
{
    if (strcmp(breach->rule, "R57") == 0)
        fwpm_told.without_provider++;
    else
        ndis_observer.breach(ndis_observer.context, breach);
}

HANDLE fwpm_open(UINT32 flags)
{
    const FWPM_SESSION0 session = {.flags = flags};
    HANDLE engine = NULL;

    assert_int_equal(FwpmEngineOpen0(NULL, RPC_C_AUTHN_WINNT, NULL, &session, &engine),
                     STATUS_SUCCESS);
    return engine;
}

struct fwpm_world *fwpm_world_create(const char *profile)
{
    struct fwpm_world *const world = calloc(1, sizeof(*world));
    struct netio_config config = {.profile = netio_profile_find(profile)};

    assert_non_null(world);
    assert_non_null(config.profile);
    netio_switches_default(config.profile, &config.switches);
    world->world = world_create();
    world->netio = netio_create(world->world->sim, world->world->ndis, &config);
    assert_non_null(world->netio);
    world->fwp = fwp_create(world->world->sim, world->netio);
    assert_non_null(world->fwp);
    fwpm_told = (struct fwpm_told){0};
    ndis_observer = world->world->sim->observer;
    world->world->sim->observer.breach = note;
    world->engine = fwpm_open(FWPM_SESSION_FLAG_DYNAMIC);
    return world;
}

void fwpm_world_destroy(struct fwpm_world *world)
{
    if (world->engine != NULL)
        assert_int_equal(FwpmEngineClose0(world->engine), STATUS_SUCCESS);
    if (world->callout_id != 0)
        assert_int_equal(netio_callout_unregister(world->netio, world->callout_id), STATUS_SUCCESS);
    assert_int_equal(fwpm_told.added, fwpm_told.deleted);
    fwp_report_left(world->fwp);
    if (world->world->breaches != 0)
        fail_msg("left: %s %s: %s", world->world->rule, world->world->function,
                 world->world->detail);
    fwp_destroy(world->fwp);
    netio_destroy(world->netio);
    world_destroy(world->world);
    free(world);
}

int fwpm_setup(void **state)
{
    *state = fwpm_world_create("10");
    return 0;
}

int fwpm_teardown(void **state)
{
    fwpm_world_destroy(*state);
    return 0;
}

FWPM_PROVIDER0 fwpm_provider(void)
{
    return (FWPM_PROVIDER0){.providerKey = fwpm_provider_key, .displayData = {.name = name}};
}

FWPM_SUBLAYER0 fwpm_sublayer(void)
{
    return (FWPM_SUBLAYER0){
        .subLayerKey = fwpm_sublayer_key, .displayData = {.name = name}, .weight = 77};
}

FWPM_CALLOUT0 fwpm_callout(void)
{
    return (FWPM_CALLOUT0){.calloutKey = fwpm_callout_key,
                           .displayData = {.name = name},
                           .applicableLayer = FWPM_LAYER_STREAM_V4};
}

FWPM_FILTER0 fwpm_filter(void)
{
    return (FWPM_FILTER0){
        .displayData = {.name = name},
        .layerKey = FWPM_LAYER_STREAM_V4,
        .subLayerKey = fwpm_sublayer_key,
        .action = {.type = FWP_ACTION_CALLOUT_UNKNOWN, .calloutKey = fwpm_callout_key}};
}

void fwpm_add_basics(struct fwpm_world *world)
{
    const FWPM_SUBLAYER0 sublayer = fwpm_sublayer();
    const FWPM_CALLOUT0 callout = fwpm_callout();
    UINT32 id = 0;

    if (world->callout_id == 0)
        assert_int_equal(netio_callout_register(
                             world->netio, &fwpm_callout_key, 2, 0, (void *)(uintptr_t)classify,
                             (void *)(uintptr_t)notify, NULL, &world->callout_id),
                         STATUS_SUCCESS);
    assert_int_equal(FwpmSubLayerAdd0(world->engine, &sublayer, NULL), STATUS_SUCCESS);
    assert_int_equal(FwpmCalloutAdd0(world->engine, &callout, NULL, &id), STATUS_SUCCESS);
    assert_int_equal(id, world->callout_id);
}
