/* SPDX-License-Identifier: MIT */
/* The calls of the inspection core: data, end, deadline, gap, and the change of the policy. */
#include "inspect/inspect.h"

#include "inspect/bytes.h"
#include "inspect/engine.h"

void inspect_flow_init(struct inspect_flow *flow, const struct inspect_policy *policy)
{
    memset(flow, 0, sizeof(*flow));
    flow->policy = policy;
}

bool inspect_flow_may_swap(const struct inspect_flow *flow)
{
    return flow->doomed != 0 ||
           (!half_is_under_way(&flow->half[0]) && !half_is_under_way(&flow->half[1]));
}

void inspect_flow_set_policy(struct inspect_flow *flow, const struct inspect_policy *policy)
{
    bool other = flow->policy->ruleset != policy->ruleset;
    flow->policy = policy;
    if (!other) {
        return;
    }
    /* Bits and passes are of the old rules, their numbers mean something else now. */
    memset(&flow->flowbits, 0, sizeof(flow->flowbits));
    flow->passed = 0;
    for (size_t i = 0; i < 2; i++) {
        struct inspect_half *half = &flow->half[i];
        bool unparsed = half->state == HALF_IDLE || half->state == HALF_DECIDED;
        if (unparsed && (half->flags & HALF_ENDED) == 0) {
            half->exact = 0;
            half->folded = 0;
            half->begin = (uint32_t)half->offset;
            half->state = policy->ruleset != NULL ? HALF_IDLE : HALF_DECIDED;
        }
    }
}

bool inspect_wants_scratch(const struct inspect_flow *flow, enum inspect_direction direction)
{
    uint8_t state = flow->half[direction].state;
    return flow->doomed == 0 && state != HALF_DECIDED && state != HALF_OPAQUE;
}

/* The caller had no memory: the direction is not looked at any more. */
static void engine_give_up(struct engine *engine)
{
    struct inspect_half *half = engine->half;
    bool closed = (engine->flow->policy->flags & INSPECT_POLICY_FAIL_CLOSED) != 0;
    engine->result->reason = INSPECT_REASON_NO_SCRATCH;
    if (closed || half->blocked != 0) {
        engine->flow->doomed = 1;
    }
    if (half->protocol == INSPECT_PROTOCOL_UNKNOWN) {
        half->protocol = INSPECT_PROTOCOL_OTHER;
    }
    half->state = HALF_DECIDED;
    half->flags &= (uint8_t)~HALF_KEPT;
}

void inspect_data(struct inspect_flow *flow, enum inspect_direction direction,
                  struct inspect_scratch *scratch, const struct inspect_call *call,
                  const void *data, size_t length, struct inspect_result *result)
{
    struct engine engine;
    engine_begin(&engine, flow, direction, scratch, call, result);
    bool wanted = inspect_wants_scratch(flow, direction);
    const uint8_t none = 0; /* no bytes may come from nowhere */
    if (wanted && scratch != NULL) {
        result->consumed = engine_read(&engine, length > 0 ? data : &none, length);
    } else {
        if (wanted && length > 0) {
            engine_give_up(&engine);
        }
        engine.half->offset += length;
        result->consumed = length;
    }
    engine_answer(&engine);
}

void inspect_end(struct inspect_flow *flow, enum inspect_direction direction,
                 struct inspect_scratch *scratch, const struct inspect_call *call,
                 struct inspect_result *result)
{
    struct engine engine;
    engine_begin(&engine, flow, direction, scratch, call, result);
    engine.half->flags |= HALF_ENDED;
    if (flow->doomed == 0 && scratch != NULL) {
        engine_end(&engine);
    } else if (flow->doomed == 0) {
        engine.half->state = HALF_DECIDED;
    }
    engine_answer(&engine);
}

void inspect_deadline(struct inspect_flow *flow, enum inspect_direction direction,
                      struct inspect_scratch *scratch, const struct inspect_call *call,
                      struct inspect_result *result)
{
    struct engine engine;
    struct inspect_half *half = &flow->half[direction];
    engine_begin(&engine, flow, direction, scratch, call, result);
    if (flow->doomed == 0 && scratch != NULL && half_is_under_way(half) &&
        half->released < half->offset) {
        engine_expire(&engine);
    }
    engine_answer(&engine);
}

void inspect_gap(struct inspect_flow *flow, enum inspect_direction direction,
                 struct inspect_scratch *scratch, const struct inspect_call *call, uint64_t length,
                 struct inspect_result *result)
{
    struct engine engine;
    struct inspect_half *half = &flow->half[direction];
    engine_begin(&engine, flow, direction, scratch, call, result);
    if (length > 0 && inspect_wants_scratch(flow, direction)) {
        engine_skip(&engine, length);
    } else {
        half->offset += length;
    }
    engine_answer(&engine);
}
