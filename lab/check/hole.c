/* SPDX-License-Identifier: MIT */
/* Comparing what a callout kept with what it kept when nothing failed. */
#include "check/hole.h"

#include "check/fault_blame.h"
#include "check/state.h"

#include "sim/fault.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define FLAGS_DISCONNECT (FWPS_STREAM_FLAG_RECEIVE_DISCONNECT | FWPS_STREAM_FLAG_SEND_DISCONNECT)

void check_balances_clear(struct check_balances *balances)
{
    free(balances->list);
    *balances = (struct check_balances){0};
}

void check_hole_enter(const struct check *check, struct check_call *call)
{
    const struct sim_fault_taken *taken;

    call->failures = sim_fault_taken(check->sim, &taken);
}

/* What comes behind the hole: bytes or the end of the stream. */
static void follow(struct check_track *track, size_t length)
{
    if (track->hole.bytes == 0)
        return;
    track->hole.owed -= (int64_t)length;
    if (track->hole.owed < 0)
        track->hole.followed = true;
}

void check_hole_answer(const struct check *check, const struct check_call *call,
                       const struct netio_classify *classify)
{
    struct check_hole *const hole = &call->track->hole;
    const struct sim_fault_taken *taken;
    const uint64_t failures = sim_fault_taken(check->sim, &taken);

    switch (classify->verdict) {
    case VERDICT_PERMIT:
    case VERDICT_CONTINUE:
    case VERDICT_ALLOW:
        if (classify->length != 0 || (classify->flags & FLAGS_DISCONNECT) != 0)
            hole->followed = hole->bytes != 0;
        return;
    case VERDICT_BLOCK:
        break;
    default:
        return;
    }
    if (failures == call->failures || call->failures >= SIM_FAULTS_TAKEN ||
        classify->covered == 0 || classify->injects != 0)
        return;
    if (hole->bytes == 0) {
        hole->offset = call->track->decided;
        hole->owed = call->track->kept;
        hole->classify = classify->number;
        hole->failure = (size_t)call->failures;
        hole->function = classify->callout->classify;
    }
    hole->bytes += classify->covered;
}

void check_hole_inject(struct check_track *track, const struct netio_inject *inject)
{
    follow(track, inject->length);
    if ((inject->stream_flags & FLAGS_DISCONNECT) != 0)
        track->hole.followed = track->hole.bytes != 0;
}

static void append(struct check_balances *balances, const struct check_balance *balance)
{
    if (balances->count == balances->capacity) {
        const size_t capacity = balances->capacity != 0 ? balances->capacity * 2 : 64;
        struct check_balance *const list = realloc(balances->list, capacity * sizeof(*list));

        if (list == NULL) {
            balances->no_memory = true;
            return;
        }
        balances->list = list;
        balances->capacity = capacity;
    }
    balances->list[balances->count++] = *balance;
}

/* A connection that was dropped, reset, or into which injecting failed, has no whole stream. */
void check_holes_close(struct check *check, const struct check_flow *flow)
{
    const bool whole = !flow->dropped && !flow->refused && !netio_flow_is_aborted(flow->flow);

    for (const struct check_track *track = flow->tracks; track != NULL; track = track->next) {
        struct check_balance balance = {.flow = flow->handle,
                                        .callout = track->callout,
                                        .direction = (uint8_t)track->direction,
                                        .kept = track->kept};

        if (whole && track->hole.followed && track->kept == (int64_t)track->hole.bytes)
            balance.hole = track->hole;
        append(&check->balances, &balance);
    }
}

bool check_holes_are_suspected(const struct check *check)
{
    for (size_t i = 0; i < check->balances.count; i++) {
        if (check->balances.list[i].hole.bytes != 0)
            return true;
    }
    return false;
}

void check_balances_take(struct check *check, struct check_balances *balances)
{
    *balances = check->balances;
    check->balances = (struct check_balances){0};
}

static bool was_given_back(const struct check_balances *plain, const struct check_balance *balance)
{
    for (size_t i = 0; i < plain->count; i++) {
        const struct check_balance *const before = &plain->list[i];

        if (before->flow == balance->flow && before->callout == balance->callout &&
            before->direction == balance->direction)
            return before->kept == 0;
    }
    return false;
}

static void tell(struct check *check, const struct check_balance *balance)
{
    const struct check_hole *const hole = &balance->hole;
    const struct sim_fault_taken *taken;
    const uint64_t count = sim_fault_taken(check->sim, &taken);
    char failed[128], detail[CHECK_CONSEQUENCE_TEXT];

    check_describe_failure(&taken[hole->failure], count, check->pe, failed, sizeof(failed));
    snprintf(detail, sizeof(detail),
             "%s: %" PRIu64 " bytes from %" PRIu64
             " on are blocked and never come out, what follows them does; all of it does where "
             "nothing fails",
             failed, hole->bytes, hole->offset);
    check_note(check, &(struct sim_breach){.rule = "R70",
                                           .function = taken[hole->failure].call,
                                           .detail = detail,
                                           .flow = balance->flow,
                                           .classify = hole->classify,
                                           .bytes = hole->bytes,
                                           .address = hole->function,
                                           .direction = (uint8_t)(balance->direction + 1),
                                           .has_offset = true,
                                           .offset = hole->offset});
}

void check_holes_judge(struct check *check, const struct check_balances *plain)
{
    if (plain->no_memory)
        return;
    for (size_t i = 0; i < check->balances.count; i++) {
        if (check->balances.list[i].hole.bytes != 0 &&
            was_given_back(plain, &check->balances.list[i]))
            tell(check, &check->balances.list[i]);
    }
}
