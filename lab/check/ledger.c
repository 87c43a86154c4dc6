/* SPDX-License-Identifier: MIT */
/* What is open in each ledger. The table is the source of the page about them. */
#include "check/ledger.h"

#include "check/state.h"

#include <string.h>

#define MOST_LEFT 256 /* kinds of things; further ones are not told */

enum {
    POOL,
    NBLS,
    CLONES,
    INJECTIONS,
    REFERENCES,
    CONTEXTS,
    HANDLES,
    OBJECTS,
    WORK_ITEMS,
    TIMERS,
    DPCS,
    THREADS,
    BYTES,
    FINS,
};

#define NAMED      "named: how many, whose, how old"
#define WHEN_QUIET "at the next quiet: those of flows that have ended are counted"

static const struct check_ledger ledgers[] = {
    [POOL] = {"pool blocks", WHEN_QUIET, NAMED, "R66; R47 and R46 for a flow context",
              "r66-left, lab_ledgers"},
    [NBLS] = {"NBLs of the driver", WHEN_QUIET, NAMED, "R71", "r71-pool-first, lab_ledgers"},
    [CLONES] = {"clones", WHEN_QUIET, NAMED, "R71; R22 when given up after more than 30 s",
                "r22-held-clone, lab_ledgers"},
    [INJECTIONS] = {"injections", "the engine completes them with an error", NAMED,
                    "R54; FwpsInjectionHandleDestroy0 waits for them", "r54-injection-handle"},
    [REFERENCES] = {"references to NBLs", WHEN_QUIET, NAMED, "R21; LEAK for what they keep alive",
                    "r21-reference, lab_ledgers"},
    [CONTEXTS] = {"flow contexts", "the engine calls flowDeleteFn, once (R47 to R49)",
                  "named: what flowDeleteFn was called for and is not freed", "R47, R46, R52",
                  "r47-not-freed, lab_ledgers"},
    [HANDLES] = {"classify handles", WHEN_QUIET, NAMED, "R53", "r53-left"},
    [OBJECTS] = {"WFP objects, sessions, callouts", "not tied to a flow",
                 "in force while the driver is there", "R52, R53, R60", "r52-registered, r53-left"},
    [WORK_ITEMS] = {"work items", "not tied to a flow", NAMED, "R68", "test_nt_work_item"},
    [TIMERS] = {"timers", "not tied to a flow", NAMED, "R68", "r68-armed-timer, lab_ledgers"},
    [DPCS] = {"DPCs", "not tied to a flow", NAMED, "R68", "test_nt_dpc"},
    [THREADS] = {"threads", "not tied to a flow", NAMED, "R68", "lab_ledgers"},
    [BYTES] = {"bytes of a direction", "what the engine held is counted as discarded",
               "R16 for what is deferred for ever; the byte ledger must balance",
               "LOST where the application's bytes differ", "r16-deferred, test_traffic_ledger"},
    [FINS] = {"FINs", "R40: one that was permitted twice or made up", "R40: one that is held",
              "the same", "r40-fin-dropped"},
};

const struct check_ledger *check_ledger_at(size_t index)
{
    return index < sizeof(ledgers) / sizeof(ledgers[0]) ? &ledgers[index] : NULL;
}

struct open {
    struct check *check;
    struct check_left left[MOST_LEFT];
    size_t count;
};

static void add(struct open *open, const struct check_left *one)
{
    struct check_left *left = open->left;
    const struct check *check = open->check;
    const bool ended = one->flow != 0 && check_flow_end(check, one->flow) != 0;

    if (check_is_ignored(check, one->caller))
        return;
    while (left < open->left + open->count &&
           (left->ledger != one->ledger || left->tag != one->tag || left->caller != one->caller))
        left++;
    if (left == open->left + open->count) {
        if (open->count == MOST_LEFT)
            return;
        open->count++;
        *left = *one;
        left->ended = ended ? one->count : 0;
        if (one->caller != NULL)
            pe_describe(check->pe, one->caller, left->who, sizeof(left->who));
        return;
    }
    left->count += one->count;
    left->bytes += one->bytes;
    left->ended += ended ? one->count : 0;
}

static uint64_t age_of(const struct open *open, uint64_t since)
{
    return open->check->sim->now - since;
}

static void add_block(void *context, const struct nt_pool_block *block)
{
    struct open *open = context;

    if (block->driver)
        add(open, &(struct check_left){.ledger = &ledgers[POOL],
                                       .tag = block->tag,
                                       .count = 1,
                                       .bytes = block->size,
                                       .flow = block->flow,
                                       .classify = block->classify,
                                       .age = age_of(open, block->time),
                                       .caller = block->caller});
}

static void add_nbl(void *context, NET_BUFFER_LIST *nbl, const struct ndis_nbl_header *header)
{
    struct open *open = context;
    struct check_left left = {.tag = header->tag,
                              .count = 1,
                              .bytes = header->payload,
                              .flow = header->flow,
                              .classify = header->classify,
                              .caller = header->caller};

    (void)nbl;
    if (header->driver_references != 0) {
        left.ledger = &ledgers[REFERENCES];
        left.count = header->driver_references;
        left.age = age_of(open, header->held_since);
        add(open, &left);
    }
    if (!header->driver)
        return;
    left.count = 1;
    left.age = 0;
    if (header->owner == NDIS_OWNER_ENGINE) {
        left.ledger = &ledgers[INJECTIONS];
    } else if (header->origin == NDIS_NBL_ALLOCATED || header->origin == NDIS_NBL_FWPS) {
        left.ledger = &ledgers[NBLS];
    } else {
        left.ledger = &ledgers[CLONES];
        left.age = age_of(open, header->held_since);
    }
    add(open, &left);
}

static void add_context(void *context, uint64_t flow, const struct nt_pool_block *block)
{
    struct open *open = context;

    add(open, &(struct check_left){.ledger = &ledgers[CONTEXTS],
                                   .tag = block->tag,
                                   .count = 1,
                                   .bytes = block->size,
                                   .flow = flow,
                                   .age = age_of(open, block->time),
                                   .caller = block->caller});
}

static void add_handle(void *context, const void *caller, uint64_t flow, uint32_t classify,
                       uint64_t time)
{
    struct open *open = context;

    add(open, &(struct check_left){.ledger = &ledgers[HANDLES],
                                   .count = 1,
                                   .flow = flow,
                                   .classify = classify,
                                   .age = age_of(open, time),
                                   .caller = caller});
}

static void add_active(void *context, const char *what, unsigned count, const void *routine)
{
    static const struct {
        const char *what;
        size_t ledger;
    } kinds[] = {{"armed timer", TIMERS},
                 {"queued DPC", DPCS},
                 {"work item", WORK_ITEMS},
                 {"running thread", THREADS}};

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && count != 0; i++) {
        if (strcmp(kinds[i].what, what) == 0)
            add(context, &(struct check_left){.ledger = &ledgers[kinds[i].ledger],
                                              .count = count,
                                              .caller = routine});
    }
}

void check_left_each(struct check *check, const struct check_left_of *of,
                     void (*visit)(void *context, const struct check_left *left), void *context)
{
    struct open open;

    open.check = check;
    open.count = 0;
    nt_pool_each_block(ndis_nt(check->ndis), add_block, &open);
    ndis_nbl_each(check->ndis, add_nbl, &open);
    if (of->contexts != NULL)
        check_flow_contexts_each_kept(of->contexts, add_context, &open);
    fwp_classify_handles_each(of->fwp, add_handle, &open);
    if (of->driver != NULL)
        nt_driver_active(of->driver, add_active, &open);
    for (size_t ledger = 0; ledger < sizeof(ledgers) / sizeof(ledgers[0]); ledger++) {
        for (size_t i = 0; i < open.count; i++) {
            if (open.left[i].ledger == &ledgers[ledger])
                visit(context, &open.left[i]);
        }
    }
}
