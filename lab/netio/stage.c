/* SPDX-License-Identifier: MIT */
/* The filters of the stream layer as one flow meets them, kept until filters or callouts change. */
#include "netio/state.h"

#include "sim/breach.h"

#include <stdlib.h>
#include <string.h>

void stages_contexts(struct netio_flow *flow)
{
    for (uint32_t i = 0; i < flow->stage_count; i++) {
        struct netio_stage *const stage = &flow->stages[i];

        stage->context =
            stage->callout == NULL ? 0 : flow_context_of(flow, flow->layer, stage->callout->id);
    }
}

struct netio_stage *stages_find(struct netio_flow *flow, uint32_t callout)
{
    for (uint32_t i = 0; i < flow->stage_count; i++)
        if (flow->stages[i].callout != NULL && flow->stages[i].callout->id == callout)
            return &flow->stages[i];
    return NULL;
}

/* A connection that was up before the filter came is shown only to callouts that asked for it
 * (contract 1.14). */
static bool is_eligible(const struct netio_flow *flow, const struct kfd_filter *filter,
                        const struct netio_callout *callout, bool *mid_stream)
{
    *mid_stream = flow->info.mid_stream || filter->born > flow->born;
    if (!*mid_stream || (filter->fwps.action.type & FWP_ACTION_FLAG_CALLOUT) == 0)
        return true;
    return callout != NULL && flow->netio->profile->mid_stream &&
           (callout->flags & FWP_CALLOUT_FLAG_ALLOW_MID_STREAM_INSPECTION) != 0;
}

static enum netio_stage_kind kind_of(const struct kfd_filter *filter)
{
    if (filter->fwps.action.type & FWP_ACTION_FLAG_CALLOUT)
        return STAGE_CALLOUT;
    return filter->fwps.action.type == FWP_ACTION_PERMIT ? STAGE_PERMIT : STAGE_BLOCK;
}

static struct netio_stage *find_by_filter(struct netio_stage *stages, uint32_t count,
                                          const struct kfd_filter *filter)
{
    for (uint32_t i = 0; i < count; i++)
        if (stages[i].filter == filter)
            return &stages[i];
    return NULL;
}

/* Fills `stages`; returns how many there are. */
static uint32_t collect(struct netio_flow *flow, struct netio_stage *stages, uint32_t capacity)
{
    uint32_t count = 0;

    for (struct kfd_filter *filter = flow->netio->filters[flow->layer]; filter != NULL;
         filter = filter->next) {
        struct netio_callout *const callout = kfd_filter_callout(flow->netio, filter);
        bool mid_stream;

        if (!is_eligible(flow, filter, callout, &mid_stream) ||
            !kfd_matches(flow->netio, filter, &flow->values))
            continue;
        if (count < capacity && count < UINT8_MAX) {
            stages[count] = (struct netio_stage){.filter = filter,
                                                 .callout = callout,
                                                 .kind = (uint8_t)kind_of(filter),
                                                 .mid_stream = mid_stream};
        }
        count++;
    }
    return count < UINT8_MAX ? count : UINT8_MAX;
}

static void link_sublayers(struct netio_stage *stages, uint32_t count)
{
    for (uint32_t i = count; i-- > 0;) {
        const bool last = i + 1 == count || stages[i + 1].filter->fwps.subLayerWeight !=
                                                stages[i].filter->fwps.subLayerWeight;

        stages[i].next_sublayer = last ? (uint8_t)(i + 1) : stages[i + 1].next_sublayer;
    }
}

/* True when filter a comes before b in the layer. */
static bool precedes(const struct kfd_filter *a, const struct kfd_filter *b)
{
    if (a->fwps.subLayerWeight != b->fwps.subLayerWeight)
        return a->fwps.subLayerWeight > b->fwps.subLayerWeight;
    return a->weight > b->weight || (a->weight == b->weight && a->born < b->born);
}

/* What a stage that went away held goes on from where it stood. */
static void pass_on(struct netio_flow *flow, struct netio_stage *gone)
{
    uint32_t index = 0;

    while (index < flow->stage_count && precedes(flow->stages[index].filter, gone->filter))
        index++;
    for (unsigned direction = 0; direction < 2; direction++) {
        struct netio_stage_half *const half = &gone->half[direction];

        if (half->deferred) {
            flow->netio->deferred--;
            if (direction == NETIO_INBOUND && !flow->closed && !flow->reset)
                flow->client.window(flow->connection, false);
        }
        while (half->first != NULL) {
            struct chunk *const chunk = half->first;

            half->first = chunk->next;
            chunk->next = NULL;
            stream_emit(flow, direction, index, chunk);
        }
    }
}

void stages_refresh(struct netio_flow *flow)
{
    struct netio *const netio = flow->netio;
    struct netio_stage old[NETIO_OWN_STAGES], *kept = old, *stages = flow->own_stages;
    const uint32_t old_count = flow->stage_count;
    const uint32_t count = flow->generation == netio->generation ? 0 : collect(flow, NULL, 0);

    /* Somebody else may be using the stages now (the other direction, an inject from outside): next
     * time. */
    if (flow->generation == netio->generation || flow->users > 1)
        return;
    if (count > NETIO_OWN_STAGES)
        stages = calloc(count, sizeof(*stages));
    if (stages == NULL)
        return;
    if (flow->stages == flow->own_stages)
        memcpy(old, flow->own_stages, sizeof(old));
    else
        kept = flow->stages;
    collect(flow, stages, count);
    link_sublayers(stages, count);
    for (uint32_t i = 0; i < count; i++) {
        struct netio_stage *const before = find_by_filter(kept, old_count, stages[i].filter);

        stages[i].filter->references++;
        if (before == NULL)
            continue;
        memcpy(stages[i].half, before->half, sizeof(stages[i].half));
        stages[i].allow = before->allow && before->callout == stages[i].callout;
        stages[i].mid_stream = before->mid_stream;
        memset(before->half, 0, sizeof(before->half));
    }
    flow->stages = stages;
    flow->stage_count = flow->stage_capacity = count;
    flow->generation = netio->generation;
    stages_contexts(flow);
    for (uint32_t i = 0; i < old_count; i++) {
        pass_on(flow, &kept[i]);
        kfd_filter_release(netio, kept[i].filter);
    }
    if (kept != old)
        free(kept);
}

void stages_discard(struct netio_flow *flow)
{
    for (uint32_t i = 0; i < flow->stage_count; i++)
        for (unsigned direction = 0; direction < 2; direction++) {
            struct netio_stage_half *const half = &flow->stages[i].half[direction];

            if (half->deferred)
                flow->netio->deferred--;
            half->deferred = false;
            while (half->first != NULL) {
                struct chunk *const chunk = half->first;

                half->first = chunk->next;
                chunk->next = NULL;
                chunk_discard(flow, chunk, STATUS_CONNECTION_ABORTED);
            }
            half->last = NULL;
        }
    if (!flow->finished)
        return;
    for (uint32_t i = 0; i < flow->stage_count; i++)
        kfd_filter_release(flow->netio, flow->stages[i].filter);
    flow->stage_count = 0;
}

/* By which call a filter goes: it may be that which ends a transaction, or the session. */
static const char *deleted_by(void)
{
    const struct sim_frame *frame = *sim_frame_list();

    while (frame != NULL && (frame->address != NULL || strcmp(frame->module, "fwpkclnt") != 0))
        frame = frame->up;
    return frame != NULL ? frame->function : "FwpmFilterDeleteById0";
}

void stages_filter_deleted(struct netio *netio, const struct kfd_filter *filter)
{
    struct netio_flow *flow = netio->oldest, *next;

    for (; flow != NULL; flow = next) {
        const struct netio_stage *const stage =
            find_by_filter(flow->stages, flow->stage_count, filter);
        bool pending = false, accumulates = false, defers = false;

        for (unsigned direction = 0; stage != NULL && direction < 2; direction++) {
            const struct netio_stage_half *const half = &stage->half[direction];

            pending |= half->first != NULL;
            accumulates |= half->accumulating;
            defers |= half->deferred;
        }
        flow_reference(flow);
        if (pending) {
            /* What a dead connection holds goes nowhere. */
            if ((accumulates || defers) && netio->checks && !netio->others && !inject_is_dead(flow))
                sim_breach(netio->sim,
                           &(struct sim_breach){
                               .rule = "R56",
                               .function = deleted_by(),
                               .detail = defers ? "the filter went while its callout deferred a "
                                                  "stream: FwpsStreamContinue0 comes first"
                                                : "the filter went while its callout accumulated",
                               .flow = flow->handle,
                               .waits = !defers});
            if (lane_enter(flow, NETIO_INBOUND)) {
                stages_refresh(flow);
                lane_leave(flow, NETIO_INBOUND);
            }
        }
        next = flow->newer;
        flow_dereference(flow);
    }
}
