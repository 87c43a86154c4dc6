/* SPDX-License-Identifier: MIT */
/* See engine_rule.h. */
#include "inspect/engine_rule.h"

#include "inspect/engine_tell.h"

static bool outcome_blocks(const struct inspect_outcome *outcome)
{
    return outcome->action == INSPECT_ACTION_DROP || outcome->action == INSPECT_ACTION_REJECT;
}

static void engine_fill_rule(struct engine *engine, const struct inspect_outcome *outcome,
                             struct inspect_event_rule *told)
{
    const struct inspect_ruleset *ruleset = engine->view.ruleset;
    const struct ruleset_rule *rule = &ruleset->rules[outcome->rule];
    const struct inspect_work *work = work_of(engine);
    bool head = inspect_buffer_stage(outcome->buffer) == INSPECT_STAGE_HEAD;
    uint64_t begin = head ? work->begin : outcome->begin;
    uint64_t end = head ? engine->half->offset : outcome->end;
    *told = (struct inspect_event_rule){
        .ruleset = ruleset->header->identity,
        .begin = begin,
        .end = end,
        .rule = outcome->rule,
        .sid = rule->sid,
        .gid = rule->gid,
        .rev = rule->rev,
        .action = outcome->action,
        .class = rule->class,
        .buffer = outcome->buffer,
        .priority = rule->priority,
    };
    uint64_t passed = work->forced < end ? work->forced : end;
    passed = passed > begin ? passed - begin : 0;
    told->passed = passed < UINT32_MAX ? (uint32_t)passed : UINT32_MAX;
    /* A rule that blocks nothing holds nothing. */
    if (rule->class != INSPECT_CLASS_NONE && end > begin + passed) {
        told->held = end - begin - passed;
    }
}

void engine_take(struct engine *engine, const struct inspect_outcome *outcome)
{
    struct inspect_event *event = engine_small_event(engine);
    enum inspect_verdict verdict = INSPECT_RELEASE;
    if (outcome->kind == INSPECT_OUTCOME_OVERFLOW) {
        verdict = engine_judge(engine, INSPECT_REASON_OVERFLOW, 0);
        engine_tell(engine, event, INSPECT_EVENT_OVERFLOW, INSPECT_REASON_OVERFLOW, verdict);
        return;
    }
    if (outcome_blocks(outcome)) {
        verdict = engine_doom(engine, INSPECT_REASON_RULE);
    } else if (outcome->action == INSPECT_ACTION_PASS) {
        engine->flow->passed = 1;
    } else if (outcome->action == INSPECT_ACTION_REPLACE &&
               outcome->replace_begin >= engine->half->released) {
        engine->scratch->edit = (struct inspect_edit){
            .begin = outcome->replace_begin,
            .end = outcome->replace_end,
            .bytes = outcome->replacement,
            .length = outcome->replacement_length,
        };
        engine->result->edit = &engine->scratch->edit;
    }
    event->flags = outcome->silent != 0 ? INSPECT_EVENT_SILENT : 0;
    engine_fill_rule(engine, outcome, &event->body.rule);
    engine_tell(engine, event, INSPECT_EVENT_RULE, INSPECT_REASON_RULE, verdict);
}

bool engine_took(struct engine *engine, const struct inspect_outcome *outcome)
{
    if (outcome->kind == INSPECT_OUTCOME_NONE) {
        return false;
    }
    engine_take(engine, outcome);
    return true;
}

/* Buffers. */

void engine_open(struct engine *engine, unsigned buffer)
{
    if (engine_scans(engine) && inspect_scope_wants(&engine->view, (enum inspect_buffer)buffer)) {
        inspect_scope_open(&engine->scratch->scope, &engine->view, (enum inspect_buffer)buffer);
        work_of(engine)->open |= 1u << buffer;
    }
}

bool engine_is_open(const struct engine *engine, unsigned buffer)
{
    return (work_of(engine)->open >> buffer & 1u) != 0;
}

size_t engine_feed(struct engine *engine, unsigned buffer, uint64_t stream, const uint8_t *data,
                   size_t length, bool moves)
{
    struct inspect_outcome outcome;
    size_t used = inspect_scope_feed(&engine->scratch->scope, &engine->view,
                                     (enum inspect_buffer)buffer, stream, data, length, &outcome);
    engine->half->offset += moves ? used : 0;
    if (outcome.kind != INSPECT_OUTCOME_NONE) {
        work_of(engine)->more = (uint8_t)buffer;
        engine_take(engine, &outcome);
    }
    return used;
}

void engine_feed_head(struct engine *engine, const struct inspect_step *step)
{
    struct inspect_outcome outcome;
    size_t used = 0;
    do {
        used += inspect_scope_feed(&engine->scratch->scope, &engine->view,
                                   (enum inspect_buffer)step->buffer, engine->half->offset,
                                   step->bytes + used, step->length - used, &outcome);
        if (outcome.kind == INSPECT_OUTCOME_OVERFLOW) {
            work_of(engine)->flags |= WORK_OVERFLOW;
        }
    } while (outcome.kind != INSPECT_OUTCOME_NONE || used < step->length);
}

bool engine_close(struct engine *engine, unsigned buffer)
{
    struct inspect_outcome outcome;
    if (!engine_is_open(engine, buffer)) {
        return true;
    }
    inspect_scope_close(&engine->scratch->scope, &engine->view, (enum inspect_buffer)buffer,
                        &outcome);
    if (engine_took(engine, &outcome)) {
        return false;
    }
    work_of(engine)->open &= ~(1u << buffer);
    return true;
}

bool engine_close_all(struct engine *engine, uint32_t but)
{
    for (unsigned buffer = 0; buffer < INSPECT_BUFFERS; buffer++) {
        if ((but >> buffer & 1u) == 0 && !engine_close(engine, buffer)) {
            return false;
        }
    }
    return true;
}
