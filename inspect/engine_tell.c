/* SPDX-License-Identifier: MIT */
/* See engine_tell.h. */
#include "inspect/engine_tell.h"

#include "inspect/bytes.h"

enum inspect_verdict engine_doom(struct engine *engine, enum inspect_reason reason)
{
    engine->flow->doomed = 1;
    engine->result->reason = reason;
    return INSPECT_DROP;
}

enum inspect_verdict engine_judge(struct engine *engine, enum inspect_reason reason,
                                  uint32_t anomalies)
{
    uint32_t flags = engine->flow->policy->flags;
    bool closed = (flags & INSPECT_POLICY_FAIL_CLOSED) != 0;
    bool known = half_is_known(engine->half);
    bool drop = engine->half->blocked != 0;
    switch (reason) {
    case INSPECT_REASON_BYTE_LIMIT:
    case INSPECT_REASON_DEADLINE:
    case INSPECT_REASON_ANOMALY:
    case INSPECT_REASON_GAP:
        drop = drop || (closed && known);
        break;
    case INSPECT_REASON_NO_SCRATCH:
    case INSPECT_REASON_OVERFLOW:
        drop = drop || closed;
        break;
    default:
        break;
    }
    if (known && anomalies != 0 && (flags & INSPECT_POLICY_DROP_ANOMALIES) != 0) {
        drop = true;
    }
    engine->result->reason = reason;
    return drop ? engine_doom(engine, reason) : INSPECT_RELEASE;
}

static uint32_t engine_transaction(const struct engine *engine)
{
    bool unparsed = engine->half->state == HALF_STREAM;
    return unparsed ? 0 : engine->half->transaction;
}

void engine_tell(struct engine *engine, struct inspect_event *event, enum inspect_event_type type,
                 enum inspect_reason reason, enum inspect_verdict verdict)
{
    const struct inspect_half *half = engine->half;
    event->offset = half->offset;
    event->begin = work_of(engine)->begin;
    event->transaction = engine_transaction(engine);
    event->type = (uint8_t)type;
    event->protocol = half->protocol;
    event->direction = (uint8_t)engine->direction;
    event->reason = (uint8_t)reason;
    event->verdict = (uint8_t)verdict;
    if (type != INSPECT_EVENT_RULE && half->blocked != 0) {
        event->flags |= INSPECT_EVENT_BLOCKED;
    }
    if ((half->flags & HALF_WATCHED) != 0) {
        event->flags |= INSPECT_EVENT_AFTER_RELEASE;
    }
    engine->result->event = event;
}

static bool engine_tells_messages(const struct engine *engine)
{
    return (engine->flow->policy->flags & INSPECT_POLICY_NO_MESSAGES) == 0;
}

void engine_tell_message(struct engine *engine, enum inspect_reason reason,
                         enum inspect_verdict verdict)
{
    /* A drop is told in any case: somebody asks why. */
    if (engine_tells_messages(engine) || verdict == INSPECT_DROP) {
        engine_tell(engine, &engine->scratch->event, INSPECT_EVENT_MESSAGE, reason, verdict);
    }
}

struct inspect_event *engine_small_event(struct engine *engine)
{
    struct inspect_event *event = (struct inspect_event *)(void *)engine->scratch->told;
    memset(engine->scratch->told, 0, sizeof(engine->scratch->told));
    /* The parser may be ahead of the place: before the head is told there is no message; nor is
     * there one in an unparsed stream, though the scratch may remember the last. */
    if (work_has(engine, WORK_HEAD_TOLD) && engine->half->state != HALF_STREAM) {
        event->message = engine->scratch->event.message;
    }
    return event;
}

void engine_tell_end(struct engine *engine, enum inspect_reason reason)
{
    uint32_t anomalies = engine->scratch->event.anomalies;
    enum inspect_verdict verdict = engine_judge(engine, reason, anomalies);
    work_of(engine)->flags &= (uint16_t)~WORK_BODY;
    if (!engine_tells_messages(engine) && verdict != INSPECT_DROP) {
        return;
    }
    struct inspect_event *event = engine_small_event(engine);
    event->anomalies = anomalies;
    event->body.end.length = work_of(engine)->body;
    engine_tell(engine, event, INSPECT_EVENT_END, reason, verdict);
}
