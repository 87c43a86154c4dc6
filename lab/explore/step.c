/* SPDX-License-Identifier: MIT */
/* What happened to flows, step by step. */
#include "explore/step.h"

#include <stdio.h>
#include <stdlib.h>

#define MOST_STEPS 262144 /* of all flows; what comes later is not kept */
#define MOST_TOLD  300

struct step_log {
    struct sim *sim;
    struct run_step *steps;
    size_t count, capacity;
};

struct step_log *step_log_create(struct sim *sim)
{
    struct step_log *log = calloc(1, sizeof(*log));

    if (log != NULL)
        log->sim = sim;
    return log;
}

void step_log_destroy(struct step_log *log)
{
    if (log != NULL)
        free(log->steps);
    free(log);
}

/* A new step, filled as far as every step is; NULL: no room. */
static struct run_step *add(struct step_log *log, enum run_step_kind kind, struct netio_flow *flow)
{
    if (flow == NULL || log->count == MOST_STEPS)
        return NULL;
    if (log->count == log->capacity) {
        const size_t capacity = log->capacity != 0 ? log->capacity * 2 : 1024;
        struct run_step *grown = realloc(log->steps, capacity * sizeof(*grown));
        if (grown == NULL)
            return NULL;
        log->steps = grown;
        log->capacity = capacity;
    }
    struct run_step *step = &log->steps[log->count++];
    *step = (struct run_step){
        .time = log->sim->now,
        .flow = netio_flow_handle(flow),
        .kind = kind,
        .processor = (uint8_t)sim_task_processor(log->sim),
    };
    return step;
}

static uint8_t direction_of(enum netio_direction direction)
{
    return direction == NETIO_OUTBOUND ? 1 : 2;
}

static uint32_t length_of(const NET_BUFFER_LIST *chain)
{
    uint32_t nbls = 0;

    for (; chain != NULL; chain = chain->Next)
        nbls++;
    return nbls;
}

static const char *plural(uint32_t nbls)
{
    return nbls == 1 ? "" : "s";
}

void step_log_flow(struct step_log *log, enum run_step_kind kind, struct netio_flow *flow)
{
    struct run_step *step = add(log, kind, flow);

    if (step != NULL)
        snprintf(step->text, sizeof(step->text), "flow %s",
                 kind == RUN_STEP_OPEN ? "established" : "closed");
}

void step_log_indication(struct step_log *log, const struct netio_classify *classify)
{
    struct run_step *step = add(log, RUN_STEP_INDICATION, classify->flow);

    if (step == NULL)
        return;
    step->direction = direction_of(classify->direction);
    step->classify = classify->number;
    step->callout = classify->callout->id;
    step->bytes = classify->length;
    step->nbls = length_of(classify->chain);
    snprintf(step->text, sizeof(step->text), "%zu bytes in %u NBL%s offered", classify->length,
             step->nbls, plural(step->nbls));
}

void step_log_verdict(struct step_log *log, const struct netio_classify *classify)
{
    struct run_step *step = add(log, RUN_STEP_VERDICT, classify->flow);
    const UINT32 action = classify->io->streamAction;
    const char *word = classify->out->actionType == FWP_ACTION_PERMIT     ? "PERMIT"
                       : classify->out->actionType == FWP_ACTION_BLOCK    ? "BLOCK"
                       : classify->out->actionType == FWP_ACTION_CONTINUE ? "CONTINUE"
                                                                          : "no action";
    const size_t enforced = classify->io->countBytesEnforced;

    if (step == NULL)
        return;
    step->direction = direction_of(classify->direction);
    step->classify = classify->number;
    step->callout = classify->callout->id;
    step->bytes = enforced != 0 && enforced < classify->length ? enforced : classify->length;
    if (action == FWPS_STREAM_ACTION_NEED_MORE_DATA)
        snprintf(step->text, sizeof(step->text), "NEED_MORE_DATA, %u wanted",
                 (unsigned)classify->io->countBytesRequired);
    else if (action == FWPS_STREAM_ACTION_DROP_CONNECTION)
        snprintf(step->text, sizeof(step->text), "DROP_CONNECTION");
    else if (action == FWPS_STREAM_ACTION_DEFER)
        snprintf(step->text, sizeof(step->text), "DEFER");
    else if (action == FWPS_STREAM_ACTION_ALLOW_CONNECTION)
        snprintf(step->text, sizeof(step->text), "ALLOW_CONNECTION");
    else if (step->bytes == classify->length)
        snprintf(step->text, sizeof(step->text), "%s", word);
    else
        snprintf(step->text, sizeof(step->text), "%s %llu of %zu", word,
                 (unsigned long long)step->bytes, classify->length);
}

void step_log_inject(struct step_log *log, const struct netio_inject *inject)
{
    struct run_step *step = add(log, RUN_STEP_INJECT, inject->flow);

    if (step == NULL)
        return;
    step->direction = direction_of(inject->direction);
    step->classify = inject->classify != NULL ? inject->classify->number : 0;
    step->callout = inject->callout;
    step->bytes = inject->length;
    step->bad = inject->status != STATUS_SUCCESS;
    if (step->bad)
        snprintf(step->text, sizeof(step->text), "inject of %zu bytes refused: 0x%08x",
                 inject->length, (unsigned)inject->status);
    else
        snprintf(step->text, sizeof(step->text), "%zu bytes injected%s", inject->length,
                 inject->classify != NULL ? " in classify" : "");
}

void step_log_completion(struct step_log *log, struct netio_flow *flow, NET_BUFFER_LIST *nbl,
                         NTSTATUS status)
{
    struct run_step *step = add(log, RUN_STEP_COMPLETION, flow);
    const struct ndis_nbl_header *header = nbl != NULL ? ndis_nbl_header(nbl) : NULL;

    if (step == NULL)
        return;
    step->nbls = 1;
    step->bad = status != STATUS_SUCCESS;
    const unsigned long long number = header != NULL ? header->number : 0;
    if (step->bad)
        snprintf(step->text, sizeof(step->text), "NBL %llu completed: 0x%08x", number,
                 (unsigned)status);
    else
        snprintf(step->text, sizeof(step->text), "NBL %llu completed", number);
}

void step_log_cut(struct step_log *log, const struct netio_cut *cut)
{
    struct run_step *step = add(log, RUN_STEP_CUT, cut->flow);

    if (step == NULL)
        return;
    step->classify = cut->classify;
    step->bytes = cut->bytes;
    step->nbls = cut->nbls;
    step->bad = !cut->rejoined;
    snprintf(step->text, sizeof(step->text), "chain %s behind NBL %llu: %u NBL%s, %llu bytes",
             cut->rejoined ? "joined again" : "cut", (unsigned long long)cut->nbl, cut->nbls,
             plural(cut->nbls), (unsigned long long)cut->bytes);
}

void step_log_lost(struct step_log *log, const struct netio_lost_chain *lost)
{
    struct run_step *step = add(log, RUN_STEP_LOST, lost->flow);

    if (step == NULL)
        return;
    step->direction = direction_of(lost->direction);
    step->classify = lost->classify;
    step->bytes = lost->bytes;
    step->nbls = lost->nbls;
    step->bad = true;
    snprintf(step->text, sizeof(step->text), "%u NBL%s lost, %llu bytes", lost->nbls,
             plural(lost->nbls), (unsigned long long)lost->bytes);
}

/* The flow with most steps; of several the first. 0: there is none. */
static uint64_t busiest(const struct step_log *log)
{
    uint64_t highest = 0, best = 0, most = 0;

    for (size_t i = 0; i < log->count; i++)
        highest = log->steps[i].flow > highest ? log->steps[i].flow : highest;
    uint32_t *counts = calloc(highest + 1, sizeof(*counts));
    for (size_t i = 0; counts != NULL && i < log->count; i++)
        counts[log->steps[i].flow]++;
    for (uint64_t flow = 1; counts != NULL && flow <= highest; flow++) {
        if (counts[flow] > most) {
            most = counts[flow];
            best = flow;
        }
    }
    free(counts);
    return best;
}

void step_log_tell(const struct step_log *log, uint64_t flow, uint32_t classify,
                   void (*step)(void *context, const struct run_step *step), void *context)
{
    size_t before = 0, told = 0;

    if (flow == 0)
        flow = busiest(log);
    /* How many come before the classify: they are left out as far as there is no room for it. */
    for (size_t i = 0; i < log->count && classify != 0; i++) {
        if (log->steps[i].flow != flow)
            continue;
        if (log->steps[i].classify == classify)
            break;
        before++;
    }
    size_t skipped = before > MOST_TOLD / 2 ? before - MOST_TOLD / 2 : 0;
    for (size_t i = 0; i < log->count && told < MOST_TOLD; i++) {
        if (log->steps[i].flow != flow)
            continue;
        if (skipped != 0) {
            skipped--;
            continue;
        }
        step(context, &log->steps[i]);
        told++;
    }
}
