/* SPDX-License-Identifier: MIT */
/* The fixture of the loader's tests: exports, traps that only take notes, and one call into driver
 * code. */
#include "test_pe_world.h"

#include "sim/breach.h"

#include <stdio.h>

#define MS __attribute__((ms_abi))

static uint64_t DrillVariable;

MS void DrillNote(int mark);
MS void DrillTouch(void *address);
MS void DrillProbe(const void *address, uint64_t size, unsigned alignment);

static void note_frames(struct world *world)
{
    const struct sim_task *task = world->sim->task;
    world->frame_count =
        pe_backtrace(world->pe, task != NULL ? task->driver_call : NULL, world->frames, 16);
}

MS void DrillNote(int mark)
{
    PE_EXPORT(pe_current());
    note_frames(sim_current->observer.context);
}

MS void DrillTouch(void *address)
{
    PE_EXPORT(pe_current());
    memset(address, 0, 64);
}

/* Raises as ProbeForRead does: on misalignment by itself, on a bad address by touching it. */
MS void DrillProbe(const void *address, uint64_t size, unsigned alignment)
{
    struct world *world = sim_current->observer.context;
    world->caller = pe_caller(world->pe, __builtin_return_address(0));
    volatile double scratch[4] = {1, 2, 3, 4}; /* xmm registers and stack of the lab's own */
    scratch[size & 3] *= 2;
    if (((uintptr_t)address & (alignment - 1)) != 0)
        pe_raise(pe_current(), 0x80000002);
    if (size != 0)
        (void)*(const volatile char *)address;
}
PE_RAISING(DrillProbe);

static struct pe_export kernel_exports[40];

static const struct pe_export own_exports[] = {
    PE_FUNCTION(DrillNote), PE_FUNCTION(DrillTouch),           PE_RAISING_FUNCTION(DrillProbe),
    PE_DATA(DrillVariable), PE_UNMODELLED(DrillUnmodelled, 0),
};
#define OWN (sizeof own_exports / sizeof own_exports[0])

static struct pe_module kernel;

static const struct pe_export later_exports[] = {
    PE_FUNCTION_SINCE(DrillNote, 0),
    {"DrillFromLater", (void *)(uintptr_t)DrillNote, 0x06020000, 0, PE_EXPORT_FUNCTION},
    {"DrillFromLaterToo", (void *)(uintptr_t)DrillNote, 0x0A000000, 0, PE_EXPORT_FUNCTION},
};
const struct pe_module world_later = {"later.sys", later_exports, 3, true};

const struct pe_module *world_kernel(void)
{
    memcpy(kernel_exports, own_exports, sizeof own_exports);
    memcpy(kernel_exports + OWN, pe_seh_exports, pe_seh_export_count * sizeof *pe_seh_exports);
    kernel = (struct pe_module){"ntoskrnl.exe", kernel_exports, OWN + pe_seh_export_count, false};
    return &kernel;
}

static uint8_t read_cr8(void *context)
{
    struct world *world = context;
    return sim_task_irql(world->sim);
}

static void write_cr8(void *context, uint8_t irql, const void *pc)
{
    struct world *world = context;
    world->irql_written = irql;
    sim_task_set_irql(world->sim, irql);
}

static void interrupts(void *context, bool enabled, const void *pc)
{
    struct world *world = context;
    world->interrupts = world->interrupts * 10 + 1 + enabled;
}

static uint64_t read_tsc(void *context)
{
    return 0x123456789Aull;
}

static void on_bugcheck(void *context, uint32_t code, const uint64_t parameters[4], const void *pc,
                        const char *what)
{
    struct world *world = context;
    world->bugcheck = code;
    note_frames(world);
    memcpy(world->parameters, parameters, sizeof world->parameters);
    snprintf(world->what, sizeof world->what, "%s", what);
    sim_stop(world->sim);
}

static void on_unmodelled(void *context, const char *module, const char *name, const void *caller)
{
    struct world *world = context;
    snprintf(world->unmodelled, sizeof world->unmodelled, "%s!%s", module, name);
    pe_describe(world->pe, caller, world->where, sizeof world->where);
    sim_stop(world->sim);
}

static const char *describe_fault(void *context, const void *address, uint32_t *code)
{
    struct world *world = context;
    if (world->note != NULL)
        *code = 0xCD;
    return world->note;
}

static void on_breach(void *context, const struct sim_breach *breach)
{
    struct world *world = context;
    world->breaches++;
    world->breach_bytes = breach->bytes;
    snprintf(world->breach_rule, sizeof world->breach_rule, "%s", breach->rule);
}

int world_setup(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    world->sim = sim_create(&(struct sim_config){.seed = 11, .processors = 2});
    assert_non_null(world->sim);
    world->previous = sim_enter(world->sim);
    world->sim->observer = (struct sim_observer){world, on_breach};
    world->pe = pe_create(world->sim);
    assert_non_null(world->pe);
    const struct pe_traps traps = {.context = world,
                                   .read_cr8 = read_cr8,
                                   .write_cr8 = write_cr8,
                                   .interrupts = interrupts,
                                   .read_tsc = read_tsc,
                                   .bugcheck = on_bugcheck,
                                   .unmodelled = on_unmodelled,
                                   .describe_fault = describe_fault};
    pe_set_traps(world->pe, &traps);
    *state = world;
    return 0;
}

int world_teardown(void **state)
{
    struct world *world = *state;
    /* A world that was not stopped has no call into the driver left, and nothing to wait for. */
    assert_null(*sim_frame_list());
    assert_int_equal(sim_timer_next(world->sim), UINT64_MAX);
    assert_true(sim_run(world->sim) || world->sim->stopped);
    pe_destroy(world->pe);
    assert_null(world->sim->layers[SIM_LAYER_PE]);
    sim_leave(world->previous);
    sim_destroy(world->sim);
    free(world->file);
    free(world);
    return 0;
}

void *world_file(const char *name, size_t *size)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", PE_TEST_IMAGES, name);
    FILE *stream = fopen(path, "rb");
    assert_non_null(stream);
    fseek(stream, 0, SEEK_END);
    *size = (size_t)ftell(stream);
    rewind(stream);
    void *file = malloc(*size);
    assert_non_null(file);
    assert_int_equal(fread(file, 1, *size, stream), *size);
    fclose(stream);
    return file;
}

void world_load_file(struct world *world, const void *file, size_t size)
{
    const struct pe_module *modules[] = {world_kernel(), &world_later};
    struct pe_error error;
    if (pe_image_load(world->pe, "drill", file, size, modules, 2, 0x06010000, &world->image,
                      &error) != PE_OK)
        fail_msg("%s", error.text);
}

void world_load(struct world *world)
{
    world->file = world_file("drill.sys", &world->size);
    world_load_file(world, world->file, world->size);
}

struct run {
    struct world *world;
    enum drill drill;
    struct drill_argument *argument;
    uint64_t result;
    bool done;
};

static void run_task(void *context)
{
    struct run *run = context;
    MS uint64_t (*entry)(enum drill, struct drill_argument *);
    void *address = pe_image_entry(run->world->image);
    struct pe_call call;
    memcpy(&entry, &address, sizeof entry);
    pe_enter(run->world->pe, &call, "DriverEntry", address);
    run->result = entry(run->drill, run->argument);
    pe_leave(run->world->pe, &call);
    run->done = true;
}

bool world_run(struct world *world, enum drill drill, struct drill_argument *argument,
               uint64_t *result)
{
    static struct drill_argument none;
    struct run run = {world, drill, argument != NULL ? argument : &none, 0, false};
    const struct sim_task_config config = {
        .name = "drill", .processor = -1, .function = run_task, .context = &run};
    assert_non_null(sim_task_create(world->sim, &config));
    pe_claim_signals();
    sim_run(world->sim);
    if (result != NULL)
        *result = run.result;
    return run.done;
}
