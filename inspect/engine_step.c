/* SPDX-License-Identifier: MIT */
/* See engine_step.h. */
#include "inspect/engine_step.h"

#include "inspect/bytes.h"
#include "inspect/engine_message.h"
#include "inspect/engine_rule.h"
#include "inspect/engine_tell.h"
#include "inspect/name.h"

/* Each step gives true when it is carried out, false when it goes on in the next call. */

/* Enters a name that a parser found into the event, and looks it up. */
static void engine_judge_name(struct engine *engine)
{
    struct inspect_half *half = engine->half;
    struct inspect_event *event = &engine->scratch->event;
    const union inspect_parser *parser = &engine->scratch->parser;
    bool http = work_of(engine)->parser == INSPECT_PROTOCOL_HTTP;
    char *told = http ? event->body.http.name : event->body.tls.name;
    uint16_t *told_length = http ? &event->body.http.name_length : &event->body.tls.name_length;
    struct inspect_name name;
    if (http) {
        inspect_name_from_authority(&name, parser->http.name, parser->http.name_length);
    } else {
        inspect_name_from_sni(&name, parser->tls.name, parser->tls.name_length);
    }
    if (!name.good) {
        event->anomalies |= INSPECT_ANOMALY_BAD_NAME;
    }
    bool same = name.length == *told_length;
    for (size_t i = 0; same && i < name.length; i++) {
        same = name.text[i] == told[i];
    }
    bool first = *told_length == 0;
    bool blocked = inspect_blocklist_match(engine->flow->policy->blocklist, name.text, name.length);
    if (http && !first && !same) {
        event->anomalies |= INSPECT_ANOMALY_CONFLICTING_HOST;
    }
    /* Of several names the report shows the one that decided. */
    if (first || (blocked && half->blocked == 0)) {
        memcpy(told, name.text, INSPECT_NAME_SIZE);
        *told_length = name.length;
        if (http) {
            event->body.http.port = name.port;
        }
    }
    if (blocked) {
        half->blocked = 1;
    }
}

bool engine_holds_first(const struct engine *engine)
{
    const struct inspect_policy *policy = engine->flow->policy;
    return (engine->half->flags & (HALF_FIRST | HALF_WATCHED)) == 0 &&
           (policy->ruleset == NULL || policy->blocklist != NULL);
}

static bool engine_step_name(struct engine *engine)
{
    engine_judge_name(engine);
    if (engine->half->blocked != 0 && !engine_holds_first(engine)) {
        engine_tell_message(engine, INSPECT_REASON_BLOCKED_NAME,
                            engine_doom(engine, INSPECT_REASON_BLOCKED_NAME));
    }
    return true;
}

static bool engine_step_known(struct engine *engine)
{
    struct inspect_work *work = work_of(engine);
    if ((work->flags & WORK_PROVED) == 0) {
        work->flags |= WORK_PROVED;
        engine->half->protocol = work->parser;
        engine->view.protocol = work->parser;
        if (work->scan != SCAN_NOT) {
            work->flags |= WORK_BARE;
        }
    }
    return true;
}

static bool engine_step_head(struct engine *engine)
{
    struct inspect_work *work = work_of(engine);
    struct inspect_event *event = &engine->scratch->event;
    struct inspect_outcome outcome;
    if ((work->flags & WORK_HEAD_TOLD) == 0) {
        engine_pair(engine);
        work->flags |= WORK_HEAD_TOLD;
        work->flags |= (event->flags & INSPECT_EVENT_HAS_BODY) != 0 ? WORK_BODY : 0;
        engine_tell_message(
            engine, INSPECT_REASON_MESSAGE_COMPLETE,
            engine_judge(engine, INSPECT_REASON_MESSAGE_COMPLETE, event->anomalies));
        if (engine_stopped(engine)) {
            return false;
        }
    }
    if (engine_scans(engine) && (work->flags & WORK_OVERFLOW) != 0) {
        work->flags &= (uint16_t)~WORK_OVERFLOW;
        engine_take(engine, &(struct inspect_outcome){.kind = INSPECT_OUTCOME_OVERFLOW});
        return false;
    }
    if (engine_scans(engine) && (work->flags & WORK_HEAD_DONE) == 0) {
        inspect_scope_head_end(&engine->scratch->scope, &engine->view, engine->half->offset,
                               &outcome);
        if (engine_took(engine, &outcome)) {
            return false;
        }
    }
    work->flags |= WORK_HEAD_DONE;
    engine->half->flags |= HALF_FIRST;
    event->anomalies = 0; /* told; what comes is the body's */
    return true;
}

static bool engine_step_done(struct engine *engine, unsigned kind)
{
    if (!engine_close_all(engine, 0)) {
        return false;
    }
    if (work_has(engine, WORK_BODY)) {
        engine_tell_end(engine, INSPECT_REASON_MESSAGE_COMPLETE);
        if (engine_stopped(engine)) {
            return false;
        }
    }
    engine_after_message(engine, kind);
    return true;
}

void engine_cut(struct engine *engine, enum inspect_reason reason)
{
    struct inspect_half *half = engine->half;
    struct inspect_scratch *scratch = engine->scratch;
    bool told = half->state == HALF_MESSAGE && work_has(engine, WORK_HEAD_TOLD);
    if (reason == INSPECT_REASON_NOT_THIS_PROTOCOL) {
        half->protocol = INSPECT_PROTOCOL_OTHER;
        memset(&scratch->event, 0, sizeof(scratch->event));
    }
    if (half->protocol == INSPECT_PROTOCOL_UNKNOWN) {
        half->protocol = INSPECT_PROTOCOL_OTHER;
    }
    if (!told) {
        uint32_t anomalies = scratch->event.anomalies;
        engine_tell_message(engine, reason, engine_judge(engine, reason, anomalies));
    } else if (work_has(engine, WORK_BODY) || scratch->event.anomalies != 0 ||
               reason == INSPECT_REASON_ANOMALY) {
        engine_tell_end(engine, reason);
    }
}

static bool engine_step_cut(struct engine *engine, enum inspect_reason reason)
{
    struct inspect_work *work = work_of(engine);
    if (work->stage == 0) {
        work->stage = 1;
        if (reason == INSPECT_REASON_BYTE_LIMIT && half_is_known(engine->half)) {
            engine->scratch->event.anomalies |= INSPECT_ANOMALY_OVERLONG;
        }
        engine_cut(engine, reason);
        if (reason == INSPECT_REASON_BYTE_LIMIT) {
            work->forced = engine->half->offset;
        }
        if (engine_stopped(engine)) {
            return false;
        }
    }
    if (work->scan != SCAN_NOT && !engine_close_all(engine, STREAM_BIT)) {
        return false;
    }
    engine_begin_stream(engine, false);
    return true;
}

static bool engine_step_not_mine(struct engine *engine)
{
    struct inspect_work *work = work_of(engine);
    union inspect_parser *parser = &engine->scratch->parser;
    if (work->parser == INSPECT_PROTOCOL_SMTP && work->stage == 0) {
        /* The two lie in one union: what is read of the one is gone when the other is begun. */
        if (inspect_ftp_adopt(&parser->ftp, &parser->smtp)) {
            work->parser = INSPECT_PROTOCOL_FTP;
            memset(&engine->scratch->event, 0, sizeof(engine->scratch->event));
            return true;
        }
    }
    return engine_step_cut(engine, INSPECT_REASON_NOT_THIS_PROTOCOL);
}

/* A step's bytes that do not lie in the data: a head's, or decoded ones of a body. */
static bool engine_step_buffer(struct engine *engine)
{
    struct inspect_work *work = work_of(engine);
    struct inspect_step *step = &work->step;
    while (step->length > 0 && engine_is_open(engine, step->buffer)) {
        size_t used = engine_feed(engine, step->buffer, engine->half->offset, step->bytes,
                                  step->length, false);
        step->bytes += used;
        step->length -= used;
        if (engine_stopped(engine)) {
            return step->length == 0;
        }
    }
    return true;
}

bool engine_step(struct engine *engine)
{
    struct inspect_work *work = work_of(engine);
    switch (work->step.kind) {
    case INSPECT_STEP_KNOWN:
        return engine_step_known(engine);
    case INSPECT_STEP_NAME:
        return engine_step_name(engine);
    case INSPECT_STEP_OPEN:
        engine_open(engine, work->step.buffer);
        return true;
    case INSPECT_STEP_BUFFER:
        return engine_step_buffer(engine);
    case INSPECT_STEP_CLOSE:
        return engine_close(engine, work->step.buffer);
    case INSPECT_STEP_HEAD:
        return engine_step_head(engine);
    case INSPECT_STEP_DONE:
    case INSPECT_STEP_SWITCH:
    case INSPECT_STEP_OPAQUE:
        return engine_step_done(engine, work->step.kind);
    case INSPECT_STEP_NOT_MINE:
        return engine_step_not_mine(engine);
    case INSPECT_STEP_BROKEN:
        return engine_step_cut(engine, INSPECT_REASON_ANOMALY);
    case STEP_END:
        return engine_step_cut(engine, INSPECT_REASON_END_OF_STREAM);
    default: /* STEP_LIMIT */
        return engine_step_cut(engine, INSPECT_REASON_BYTE_LIMIT);
    }
}
