/* SPDX-License-Identifier: MIT */
/* The judge of a run's plan. */
#include "explore/fault_plan.h"

#include "nt/failure.h"
#include "pe/unwind.h"
#include "sim/faults.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FRAMES    16
#define RATE_SEED 0xFA017F0117ull /* so that the rate's choices are not those of the schedule */
#define PRIME     0x9E3779B97F4A7C15ull

/* The call into driver code that runs now. */
static const struct pe_call *running(void)
{
    const struct sim_frame *frame = *sim_frame_list();

    while (frame != NULL && frame->address == NULL)
        frame = frame->up;
    return (const struct pe_call *)(const void *)frame; /* pushed by pe_enter(): its first member */
}

/* Whether it is code of the driver under test, and not of a neighbour. */
static bool is_tested(const struct machine *machine, const struct pe_call *call)
{
    const struct pe_image *image = pe_image_of(machine->pe, call->frame.address);

    return image == machine->image ||
           (image == NULL && machine->image != NULL && pe_image_base(machine->image) == NULL);
}

static uint32_t count_call(struct fault_plan *faults, const char *call)
{
    size_t i = 0;

    while (i < faults->call_count && faults->calls[i].call != call)
        i++;
    if (i == faults->call_count) { /* the same name may be several literals */
        i = 0;
        while (i < faults->call_count && strcmp(faults->calls[i].call, call) != 0)
            i++;
    }
    if (i == faults->call_count) {
        if (i == FAULT_PLAN_CALLS)
            return 0;
        faults->calls[faults->call_count++].call = call;
    }
    return ++faults->calls[i].count;
}

/* Calls that give memory: their failure is what low memory looks like. */
static bool is_allocation(const char *call)
{
    return strstr(call, "Allocate") != NULL || strcmp(call, "FwpsCloneStreamData0") == 0;
}

static bool is_benign(const struct run_plan *plan, const char *call, const char *where)
{
    const size_t length = strlen(call);

    for (size_t i = 0; i < plan->benign_count; i++) {
        const char *mark = plan->benign[i];
        if (strncmp(mark, call, length) == 0 &&
            (mark[length] == '\0' ||
             (mark[length] == ':' && strcmp(mark + length + 1, where) == 0)))
            return true;
    }
    return false;
}

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * PRIME;
    return hash ^ (hash >> 29);
}

static uint64_t stack_of(const struct machine *machine, const struct pe_call *call)
{
    struct pe_backtrace_entry entries[FRAMES];
    const size_t count = pe_backtrace(machine->pe, call, entries, FRAMES);
    uint64_t hash = count;

    for (const char *role = call->frame.function; *role != '\0'; role++)
        hash = mix(hash, (unsigned char)*role);
    for (size_t i = 0; i < count; i++)
        hash = mix(hash, entries[i].offset);
    if (count == 0) /* linked into this program: its stack cannot be followed */
        hash = mix(hash, (uintptr_t)call->frame.address);
    return hash;
}

/* ---- the log ---- */

void fault_log_clear(struct fault_log *log)
{
    free(log->points);
    free(log->table);
    *log = (struct fault_log){0};
}

static size_t slot_of(const struct fault_log *log, const char *call, uint64_t stack)
{
    const size_t mask = 2 * log->capacity - 1;
    size_t slot = (size_t)mix(stack, (unsigned char)call[strlen(call) / 2]) & mask;

    while (log->table[slot] != 0) {
        const struct fault_point *point = &log->points[log->table[slot] - 1];
        if (point->stack == stack && strcmp(point->call, call) == 0)
            break;
        slot = (slot + 1) & mask;
    }
    return slot;
}

static bool grow(struct fault_log *log)
{
    const size_t capacity = log->capacity != 0 ? log->capacity * 2 : 256;
    struct fault_point *points = realloc(log->points, capacity * sizeof(*points));
    uint32_t *table;

    if (points == NULL)
        return false;
    log->points = points;
    table = calloc(2 * capacity, sizeof(*table));
    if (table == NULL)
        return false;
    free(log->table);
    log->table = table;
    log->capacity = capacity;
    for (size_t i = 0; i < log->count; i++)
        log->table[slot_of(log, points[i].call, points[i].stack)] = (uint32_t)i + 1;
    return true;
}

static void note(struct fault_plan *faults, const struct pe_call *driver, const char *call,
                 unsigned ways, uint32_t nth)
{
    struct fault_log *log = faults->plan->fault_log;
    const uint64_t stack = stack_of(faults->machine, driver);
    struct fault_point *point;
    size_t slot;

    log->seen++;
    log->allocations += is_allocation(call);
    if (log->count == log->capacity && !grow(log)) {
        log->no_memory = true;
        return;
    }
    slot = slot_of(log, call, stack);
    if (log->table[slot] != 0) {
        point = &log->points[log->table[slot] - 1];
        if (point->run == log->runs)
            point->last = nth;
        return;
    }
    point = &log->points[log->count++];
    *point = (struct fault_point){.call = call,
                                  .ways = ways,
                                  .stack = stack,
                                  .nth = nth,
                                  .last = nth,
                                  .run = log->runs,
                                  .allocation = is_allocation(call)};
    pe_describe(faults->machine->pe, driver->frame.address, point->where, sizeof(point->where));
    point->benign = is_benign(faults->plan, call, point->where);
    log->table[slot] = (uint32_t)log->count;
}

/* ---- the judge ---- */

static unsigned planned(const struct run_plan *plan, const char *call, uint32_t nth,
                        uint32_t allocation, unsigned ways)
{
    for (size_t i = 0; i < plan->fault_count; i++) {
        const struct plan_fault *fault = &plan->faults[i];
        if (allocation != 0 && strcmp(fault->call, PLAN_LOW_POOL) == 0 &&
            allocation >= fault->nth && allocation - fault->nth < fault->way)
            return 1;
        if (fault->nth == nth && strcmp(fault->call, call) == 0)
            return fault->way == 0 ? 1 : fault->way <= ways ? fault->way : ways;
    }
    return 0;
}

static unsigned at_random(struct fault_plan *faults, const struct pe_call *driver, const char *call,
                          unsigned ways)
{
    char where[64] = "";

    if (sim_random_below(&faults->random, 1000000) >= faults->plan->faults_per_million)
        return 0;
    if (faults->plan->benign_count != 0)
        pe_describe(faults->machine->pe, driver->frame.address, where, sizeof(where));
    return is_benign(faults->plan, call, where) ? 0 : 1 + sim_random_below(&faults->random, ways);
}

static unsigned decide(void *context, const char *call, unsigned ways)
{
    struct fault_plan *faults = context;
    const struct pe_call *driver = running();
    uint32_t nth, allocation = 0;
    unsigned way;

    if (driver == NULL || !is_tested(faults->machine, driver))
        return 0;
    nth = count_call(faults, call);
    if (is_allocation(call))
        allocation = ++faults->allocations;
    if (faults->plan->fault_log != NULL)
        note(faults, driver, call, ways, nth);
    way = planned(faults->plan, call, nth, allocation, ways);
    if (way == 0 && faults->plan->faults_per_million != 0)
        way = at_random(faults, driver, call, ways);
    faults->machine->sim->faults->nth = nth;
    return way;
}

void fault_plan_open(struct fault_plan *faults, struct machine *machine,
                     const struct run_plan *plan)
{
    if (plan->fault_count == 0 && plan->faults_per_million == 0 && plan->fault_log == NULL)
        return;
    *faults = (struct fault_plan){.machine = machine, .plan = plan};
    sim_random_seed(&faults->random, plan->seed ^ RATE_SEED);
    if (plan->fault_log != NULL) {
        plan->fault_log->seen = plan->fault_log->allocations = 0;
        plan->fault_log->runs++;
    }
    sim_fault_judge(machine->sim, &(struct sim_fault_judge){.context = faults, .decide = decide});
}

/* ---- text ---- */

static bool parse_number(const char **text, uint32_t *number)
{
    char *end;
    const unsigned long value = strtoul(*text, &end, 10);

    if (end == *text || **text == '-' || value == 0 || value > UINT32_MAX ||
        (*end != '\0' && *end != ':'))
        return false;
    *number = (uint32_t)value;
    *text = *end == ':' ? end + 1 : end;
    return true;
}

bool fault_plan_parse(struct plan_fault *fault, const char *text, char *error, size_t size)
{
    const char *colon = strchr(text, ':'), *rest;
    const struct nt_failure *failure;

    *fault = (struct plan_fault){.way = 1};
    if (colon == NULL || (size_t)(colon - text) >= sizeof(fault->call)) {
        snprintf(error, size, "\"%.60s\" is not CALL:NTH or CALL:NTH:WAY", text);
        return false;
    }
    memcpy(fault->call, text, (size_t)(colon - text));
    rest = colon + 1;
    if (!parse_number(&rest, &fault->nth) ||
        (*rest != '\0' && (!parse_number(&rest, &fault->way) || *rest != '\0'))) {
        snprintf(error, size, "\"%.60s\": NTH and WAY are numbers from 1", text);
        return false;
    }
    if (strcmp(fault->call, PLAN_LOW_POOL) == 0)
        return true;
    failure = nt_failure_find(fault->call);
    if (failure == NULL) {
        snprintf(error, size, "\"%s\" is no call that can be made to fail", fault->call);
        return false;
    }
    if (fault->way > nt_failure_ways(failure)) {
        snprintf(error, size, "%s has %u documented failure(s), not %u", fault->call,
                 nt_failure_ways(failure), (unsigned)fault->way);
        return false;
    }
    return true;
}

const char *fault_plan_text(const struct plan_fault *fault, char *text, size_t size)
{
    if (fault->way > 1)
        snprintf(text, size, "%s:%u:%u", fault->call, (unsigned)fault->nth, (unsigned)fault->way);
    else
        snprintf(text, size, "%s:%u", fault->call, (unsigned)fault->nth);
    return text;
}
