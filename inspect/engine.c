/* SPDX-License-Identifier: MIT */
/* See engine.h. */
#include "inspect/engine.h"

#include "inspect/bytes.h"
#include "inspect/name.h"
#include "inspect/scan.h"

enum work_flag {
    WORK_PROVED = 1u << 0,    /* the parser's protocol is */
    WORK_HEAD_TOLD = 1u << 1, /* HEAD was carried out */
    WORK_HEAD_DONE = 1u << 2, /* the scope's head is decided */
    WORK_BODY = 1u << 3,      /* an END event follows */
    WORK_PENDING = 1u << 4,   /* `step` is to be carried out */
    WORK_BYTE = 1u << 5,      /* `byte` is to be fed to the body */
    WORK_BARE = 1u << 6,      /* rules without conditions are to be told */
    WORK_DRAINED = 1u << 7,   /* the parser has no step left at this place */
    WORK_OVERFLOW = 1u << 8,  /* in a head: to be told at its end */
};

enum work_scan {
    SCAN_NOT = 0, /* the stream buffer is not open */
    SCAN_ON,
    SCAN_OFF, /* nothing looks into the stream */
};

/* Steps of the engine's own. */
enum {
    STEP_LIMIT = 0x80, /* too long to be held */
    STEP_END,          /* the direction ended inside */
    PIECE_MAX = 1 << 30,
    REQUESTS_MAX = 16,
    HTTP_BUFFER_FIRST = INSPECT_BUFFER_HTTP_METHOD,
    HTTP_BUFFER_LAST = INSPECT_BUFFER_HTTP_STAT_MSG,
};

#define STREAM_BIT (1u << INSPECT_BUFFER_STREAM)
#define BODY_BIT   (1u << INSPECT_BUFFER_BODY)

static struct inspect_work *work_of(const struct engine *engine)
{
    return &engine->scratch->work;
}

static bool work_has(const struct engine *engine, unsigned flag)
{
    return (work_of(engine)->flags & flag) != 0;
}

static bool half_is_known(const struct inspect_half *half)
{
    return half->protocol != INSPECT_PROTOCOL_UNKNOWN && half->protocol != INSPECT_PROTOCOL_OTHER;
}

/* Rules still say something about this flow. */
static bool engine_scans(const struct engine *engine)
{
    return engine->view.ruleset != NULL && engine->flow->passed == 0;
}

static uint32_t policy_message_limit(const struct inspect_policy *policy)
{
    return policy->message_limit != 0 ? policy->message_limit : INSPECT_MESSAGE_LIMIT_DEFAULT;
}

static uint32_t engine_limit(const struct engine *engine)
{
    const struct inspect_policy *policy = engine->flow->policy;
    if (half_is_known(engine->half)) {
        return policy_message_limit(policy);
    }
    return policy->byte_limit != 0 ? policy->byte_limit : INSPECT_BYTE_LIMIT_DEFAULT;
}

void engine_begin(struct engine *engine, struct inspect_flow *flow,
                  enum inspect_direction direction, struct inspect_scratch *scratch,
                  const struct inspect_call *call, struct inspect_result *result)
{
    *engine = (struct engine){
        .flow = flow,
        .half = &flow->half[direction],
        .scratch = scratch,
        .result = result,
        .view =
            {
                .ruleset = flow->policy->ruleset,
                .call = call,
                .flowbits = &flow->flowbits,
                .direction = (uint8_t)direction,
                .protocol = flow->half[direction].protocol,
            },
        .direction = direction,
    };
    *result = (struct inspect_result){.reason = INSPECT_REASON_NONE};
}

/* Verdicts and events. */

static bool engine_stopped(const struct engine *engine)
{
    return engine->result->event != NULL || engine->flow->doomed != 0;
}

static enum inspect_verdict engine_doom(struct engine *engine, enum inspect_reason reason)
{
    engine->flow->doomed = 1;
    engine->result->reason = reason;
    return INSPECT_DROP;
}

/* The verdict that a reason leads to. */
static enum inspect_verdict engine_judge(struct engine *engine, enum inspect_reason reason,
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

/* Fills in what all events have, and gives it to the caller. */
static void engine_tell(struct engine *engine, struct inspect_event *event,
                        enum inspect_event_type type, enum inspect_reason reason,
                        enum inspect_verdict verdict)
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

static void engine_tell_message(struct engine *engine, enum inspect_reason reason,
                                enum inspect_verdict verdict)
{
    /* A drop is told in any case: somebody asks why. */
    if (engine_tells_messages(engine) || verdict == INSPECT_DROP) {
        engine_tell(engine, &engine->scratch->event, INSPECT_EVENT_MESSAGE, reason, verdict);
    }
}

/* The event that is no message, emptied; it keeps what the message is. */
static struct inspect_event *engine_small_event(struct engine *engine)
{
    struct inspect_event *event = (struct inspect_event *)(void *)engine->scratch->told;
    memset(engine->scratch->told, 0, sizeof(engine->scratch->told));
    event->message = engine->scratch->event.message;
    return event;
}

static void engine_tell_end(struct engine *engine, enum inspect_reason reason)
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

/* Rules. */

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
    told->held = end > begin + passed ? end - begin - passed : 0;
}

/* What a rule does, and its event. */
static void engine_take(struct engine *engine, const struct inspect_outcome *outcome)
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

/* True: an outcome was told, the call is over. */
static bool engine_took(struct engine *engine, const struct inspect_outcome *outcome)
{
    if (outcome->kind == INSPECT_OUTCOME_NONE) {
        return false;
    }
    engine_take(engine, outcome);
    return true;
}

/* Buffers. */

static void engine_open(struct engine *engine, unsigned buffer)
{
    if (engine_scans(engine) && inspect_scope_wants(&engine->view, (enum inspect_buffer)buffer)) {
        inspect_scope_open(&engine->scratch->scope, &engine->view, (enum inspect_buffer)buffer);
        work_of(engine)->open |= 1u << buffer;
    }
}

static bool engine_is_open(const struct engine *engine, unsigned buffer)
{
    return (work_of(engine)->open >> buffer & 1u) != 0;
}

/* Feeds an open buffer; gives the bytes taken, by which the place moves if they are bytes of the
 * direction. Something was told if the call is stopped. */
static size_t engine_feed(struct engine *engine, unsigned buffer, uint64_t stream,
                          const uint8_t *data, size_t length, bool moves)
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

/* Feeds a buffer of the head: nothing is decided before its end, but memory may run out. */
static void engine_feed_head(struct engine *engine, const struct inspect_step *step)
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

/* Closes a buffer; true when it is. */
static bool engine_close(struct engine *engine, unsigned buffer)
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

/* Closes all of them; true when they are. */
static bool engine_close_all(struct engine *engine, uint32_t but)
{
    for (unsigned buffer = 0; buffer < INSPECT_BUFFERS; buffer++) {
        if ((but >> buffer & 1u) == 0 && !engine_close(engine, buffer)) {
            return false;
        }
    }
    return true;
}

/* Messages begin and end. */

static uint32_t engine_wants(const struct engine *engine)
{
    uint32_t wants = 0;
    struct inspect_scope_view view = engine->view;
    view.protocol = INSPECT_PROTOCOL_HTTP;
    for (unsigned buffer = HTTP_BUFFER_FIRST; buffer <= HTTP_BUFFER_LAST && engine_scans(engine);
         buffer++) {
        wants |= inspect_scope_wants(&view, (enum inspect_buffer)buffer) ? 1u << buffer : 0;
    }
    return wants;
}

static void engine_start_parser(struct engine *engine, unsigned protocol, bool first)
{
    inspect_parser_init(&engine->scratch->parser, protocol, engine->direction, first,
                        policy_message_limit(engine->flow->policy), engine_wants(engine));
    work_of(engine)->parser = (uint8_t)protocol;
}

/* A scope begins at this place. */
static void engine_begin_scope(struct engine *engine, uint64_t begin)
{
    struct inspect_work *work = work_of(engine);
    inspect_scope_begin(&engine->scratch->scope, begin);
    work->begin = begin;
    work->open = 0;
    work->scan = SCAN_NOT;
    work->more = INSPECT_BUFFERS;
}

static void engine_begin_work(struct engine *engine)
{
    struct inspect_work *work = work_of(engine);
    memset(work, 0, sizeof(*work));
    work->forced = engine->half->released;
    engine_begin_scope(engine, engine->half->offset);
}

static void engine_begin_message(struct engine *engine)
{
    struct inspect_half *half = engine->half;
    struct inspect_work *work = work_of(engine);
    bool kept = (half->flags & HALF_KEPT) != 0;
    uint8_t parser = work->parser;
    engine_begin_work(engine);
    memset(&engine->scratch->event, 0, sizeof(engine->scratch->event));
    if (half->state == HALF_BETWEEN) {
        work->flags = WORK_PROVED;
        work->parser = parser;
        if (!kept) {
            engine_start_parser(engine, half->protocol, false);
        }
    }
    half->flags &= (uint8_t)~HALF_KEPT;
    half->state = HALF_MESSAGE;
}

/* The rest of the direction is unparsed. With `anew`, matching begins at this place; else the
 * message's scope goes on, or begins where the message did if nothing was scanned yet. */
static void engine_begin_stream(struct engine *engine, bool anew)
{
    struct inspect_half *half = engine->half;
    half->flags |= HALF_FIRST;
    half->flags &= (uint8_t)~HALF_KEPT;
    if (half->protocol == INSPECT_PROTOCOL_UNKNOWN) {
        half->protocol = INSPECT_PROTOCOL_OTHER;
    }
    engine->view.protocol = half->protocol;
    if (!engine_scans(engine)) {
        half->state = HALF_DECIDED;
        return;
    }
    struct inspect_work *work = work_of(engine);
    if (anew) {
        engine_begin_work(engine);
    } else if (work->scan == SCAN_NOT) {
        engine_begin_scope(engine, work->begin);
    } else {
        work->flags |= WORK_BARE; /* the protocol is another one now */
    }
    half->state = HALF_STREAM;
    half->begin = (uint32_t)work->begin;
}

static void engine_pop_request(struct inspect_flow *flow)
{
    if (flow->request_count > 0) {
        flow->request_count--;
        flow->requests >>= 2;
    }
}

static unsigned engine_request(const struct inspect_flow *flow)
{
    return flow->request_count > 0 ? flow->requests & 3u : INSPECT_HTTP_UNASKED;
}

/* Keeps requests and responses together. */
static void engine_pair(struct engine *engine)
{
    struct inspect_flow *flow = engine->flow;
    struct inspect_event *event = &engine->scratch->event;
    if (event->message == INSPECT_MESSAGE_HTTP_REQUEST) {
        if (flow->request_count == REQUESTS_MAX) {
            event->anomalies |= INSPECT_ANOMALY_OVERLONG; /* its response will be unmatched */
            return;
        }
        flow->requests |= (uint32_t)inspect_http_request_kind(event) << (2 * flow->request_count);
        flow->request_count++;
    }
}

/* 1xx but 101 (RFC 9110 15.2): the response proper is still to come. */
static bool engine_is_interim(const struct inspect_event *event)
{
    uint16_t status = event->body.http.status;
    return event->message == INSPECT_MESSAGE_HTTP_RESPONSE && status >= 100 && status < 200 &&
           status != 101;
}

/* Steps. Each gives true when it is carried out, false when it goes on in the next call. */

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

/* The first message is held as such: for a name in it may doom the flow. */
static bool engine_holds_first(const struct engine *engine)
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

static void engine_after_message(struct engine *engine, unsigned kind)
{
    struct inspect_half *half = engine->half;
    const struct inspect_work *work = work_of(engine);
    const struct inspect_event *event = &engine->scratch->event;
    bool http = work->parser == INSPECT_PROTOCOL_HTTP;
    bool interim = http && engine_is_interim(event);
    half->flags |= HALF_FIRST;
    if (http && event->message == INSPECT_MESSAGE_HTTP_RESPONSE && !interim) {
        engine_pop_request(engine->flow);
    }
    if (half->offset != work->begin && !interim) {
        half->transaction++;
    }
    switch (kind) {
    case INSPECT_STEP_OPAQUE:
        half->state = HALF_OPAQUE;
        break;
    case INSPECT_STEP_SWITCH:
        half->state = HALF_FRESH;
        half->protocol = INSPECT_PROTOCOL_UNKNOWN;
        half->flags &= (uint8_t)~(HALF_FIRST | HALF_WATCHED);
        break;
    default:
        half->state = HALF_BETWEEN;
        half->flags |= http ? 0 : HALF_KEPT;
        break;
    }
    engine->view.protocol = half->protocol;
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

/* A message, or what was going to be one, ends here for `reason`: its event and its verdict. */
static void engine_cut(struct engine *engine, enum inspect_reason reason)
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

static bool engine_step(struct engine *engine)
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

/* Reading. */

/* The stream buffer is opened when the protocol is known, or will not be known soon: rules for a
 * protocol must find it known. */
static void engine_begin_scan(struct engine *engine)
{
    struct inspect_work *work = work_of(engine);
    bool proved = engine->half->state == HALF_STREAM || (work->flags & WORK_PROVED) != 0 ||
                  work->prefix_length == INSPECT_PREFIX_SIZE;
    if (!engine_scans(engine)) {
        work->scan = SCAN_OFF;
        work->open = 0;
        work->more = INSPECT_BUFFERS;
        work->flags &= (uint16_t)~(WORK_BYTE | WORK_BARE);
    } else if (work->scan == SCAN_NOT && proved && (work->raw > 0 || work->prefix_length > 0)) {
        work->flags |= WORK_BARE;
        engine_open(engine, INSPECT_BUFFER_STREAM);
        work->scan = engine_is_open(engine, INSPECT_BUFFER_STREAM) ? SCAN_ON : SCAN_OFF;
    }
}

/* Tells what is due at this place; true when nothing is left of it. */
static bool engine_due(struct engine *engine)
{
    struct inspect_work *work = work_of(engine);
    struct inspect_outcome outcome;
    if ((work->flags & WORK_BARE) != 0) {
        inspect_scope_bare(&engine->scratch->scope, &engine->view, engine->half->offset, &outcome);
        if (engine_took(engine, &outcome)) {
            return false;
        }
        work->flags &= (uint16_t)~WORK_BARE;
    }
    if (work->more != INSPECT_BUFFERS) {
        unsigned buffer = work->more;
        work->more = INSPECT_BUFFERS;
        (void)engine_feed(engine, buffer, engine->half->offset, &work->byte, 0, false);
        if (engine_stopped(engine)) {
            return false;
        }
    }
    if ((work->flags & WORK_BYTE) != 0) {
        work->flags &= (uint16_t)~WORK_BYTE;
        (void)engine_feed(engine, INSPECT_BUFFER_BODY, engine->half->offset - 1, &work->byte, 1,
                          false);
        if (engine_stopped(engine)) {
            return false;
        }
    }
    if (work->scan == SCAN_ON && work->prefix_scanned < work->prefix_length) {
        size_t at = work->prefix_scanned;
        size_t used = engine_feed(engine, INSPECT_BUFFER_STREAM, work->begin + at,
                                  work->prefix + at, work->prefix_length - at, false);
        work->prefix_scanned = (uint8_t)(at + used);
        if (engine_stopped(engine)) {
            return false;
        }
    }
    return true;
}

/* Bytes that are the stream's and the body's; gives how many were scanned. */
static size_t engine_scan_both(struct engine *engine, const uint8_t *data, size_t length)
{
    struct inspect_work *work = work_of(engine);
    size_t used = inspect_scan_quietly(&engine->scratch->scope, &engine->view, engine->half->offset,
                                       data, length);
    engine->half->offset += used;
    if (used < length) {
        work->byte = data[used];
        work->flags |= WORK_BYTE;
        used +=
            engine_feed(engine, INSPECT_BUFFER_STREAM, engine->half->offset, data + used, 1, true);
    }
    return used;
}

/* Scans bytes that the parser has read; gives how many. */
static size_t engine_scan(struct engine *engine, const uint8_t *data, size_t length)
{
    struct inspect_work *work = work_of(engine);
    uint32_t lead = work->raw - work->verbatim;
    uint32_t piece = lead > 0 ? lead : work->verbatim;
    bool stream = engine_is_open(engine, INSPECT_BUFFER_STREAM);
    bool body = lead == 0 && engine_is_open(engine, INSPECT_BUFFER_BODY);
    size_t used = length < piece ? length : piece;
    if (stream && body) {
        used = engine_scan_both(engine, data, used);
    } else if (stream || body) {
        used = engine_feed(engine, stream ? INSPECT_BUFFER_STREAM : INSPECT_BUFFER_BODY,
                           engine->half->offset, data, used, true);
    } else {
        engine->half->offset += used;
    }
    work->raw -= (uint32_t)used;
    work->verbatim -= lead > 0 ? 0 : (uint32_t)used;
    return used;
}

/* A byte more of a stream whose protocol is not proved, kept until it is. */
static void engine_keep(struct engine *engine, uint8_t byte)
{
    struct inspect_work *work = work_of(engine);
    work->prefix[work->prefix_length++] = byte;
    engine->half->offset++;
}

static void engine_pend(struct engine *engine, unsigned kind)
{
    work_of(engine)->step = (struct inspect_step){.kind = (uint8_t)kind};
    work_of(engine)->stage = 0;
    work_of(engine)->flags |= WORK_PENDING;
}

/* Chooses the parser; gives the bytes used. */
static size_t engine_choose(struct engine *engine, const uint8_t *data)
{
    struct inspect_work *work = work_of(engine);
    engine_keep(engine, data[0]);
    enum inspect_protocol protocol =
        inspect_parser_choose(engine->direction, work->prefix, work->prefix_length);
    if (protocol != INSPECT_PROTOCOL_UNKNOWN) {
        engine_start_parser(engine, (unsigned)protocol, true);
    } else if (work->prefix_length >= engine_limit(engine)) {
        engine_pend(engine, STEP_LIMIT);
    }
    return 1;
}

/* What the parser said about `taken` bytes at `from`, which are the direction's next ones. */
static void engine_enter(struct engine *engine, const struct inspect_step *step,
                         const uint8_t *from, size_t taken)
{
    struct inspect_work *work = work_of(engine);
    bool body = step->kind == INSPECT_STEP_BUFFER && step->buffer == INSPECT_BUFFER_BODY;
    work->raw += (uint32_t)taken;
    work->body += body ? step->length : 0;
    if (body && taken > 0 && step->bytes >= from && step->bytes < from + taken) {
        work->verbatim = (uint32_t)step->length;
    } else if (step->kind == INSPECT_STEP_BUFFER && !body) {
        if (engine_is_open(engine, step->buffer)) {
            engine_feed_head(engine, step);
        }
    } else if (step->kind != INSPECT_STEP_MORE) {
        engine_pend(engine, step->kind);
        work->step = *step;
    }
}

/* One step of the parser; gives the bytes of `data` that it took. False in `*went`: it needs more
 * bytes. */
static size_t engine_parse(struct engine *engine, const uint8_t *data, size_t length, bool *went)
{
    struct inspect_work *work = work_of(engine);
    struct inspect_step step;
    const uint8_t *from = data;
    size_t size = length < PIECE_MAX ? length : PIECE_MAX;
    uint64_t place = engine->half->offset;
    bool keeps = engine_scans(engine) && (work->flags & WORK_PROVED) == 0 &&
                 work->prefix_length < INSPECT_PREFIX_SIZE;
    size_t kept = 0;
    *went = true;
    if (keeps && work->prefix_parsed == work->prefix_length && (work->flags & WORK_DRAINED) != 0 &&
        length > 0) {
        engine_keep(engine, data[0]);
        kept = 1;
    }
    bool prefix = work->prefix_parsed < work->prefix_length;
    if (prefix) {
        from = work->prefix + work->prefix_parsed;
        size = (size_t)(work->prefix_length - work->prefix_parsed);
        place = work->begin + work->prefix_parsed;
    } else if (keeps) {
        size = 0;
    }
    uint64_t read = place - work->begin;
    uint64_t limit = engine_limit(engine);
    bool limited = (work->flags & WORK_HEAD_TOLD) == 0;
    if (limited && size > limit - (read < limit ? read : limit)) {
        size = (size_t)(limit - (read < limit ? read : limit));
    }
    if (work->parser == INSPECT_PROTOCOL_HTTP) {
        engine->scratch->parser.http.request = (uint8_t)engine_request(engine->flow);
    }
    size_t taken = inspect_parser_feed(&engine->scratch->parser, work->parser,
                                       &engine->scratch->event, from, size, &step);
    bool drained = step.kind == INSPECT_STEP_MORE;
    if (prefix) {
        work->prefix_parsed = (uint8_t)(work->prefix_parsed + taken);
        engine_enter(engine, &step, from, 0);
    } else {
        engine_enter(engine, &step, from, taken);
    }
    work->flags &= (uint16_t)~WORK_DRAINED;
    work->flags |= drained ? WORK_DRAINED : 0;
    if (drained && limited && read + taken >= limit) {
        engine_pend(engine, STEP_LIMIT);
    } else if (drained && taken == 0) {
        *went = kept > 0 || (keeps && length > 0);
    }
    return kept; /* the bytes taken count when they are scanned */
}

static void engine_resume(struct engine *engine)
{
    struct inspect_half *half = engine->half;
    struct inspect_work *work = work_of(engine);
    uint64_t length = (uint32_t)((uint32_t)half->offset - half->begin);
    struct inspect_scope_rest rest = {0};
    rest.literals.exact = half->exact;
    rest.literals.folded = half->folded;
    engine_begin_work(engine);
    memset(&engine->scratch->event, 0, sizeof(engine->scratch->event));
    work->begin = half->offset - length;
    half->state = HALF_STREAM;
    if (engine_scans(engine) && inspect_scope_wants(&engine->view, INSPECT_BUFFER_STREAM)) {
        inspect_scope_resume(&engine->scratch->scope, &engine->view, work->begin, length, &rest);
        work->open = STREAM_BIT;
        work->scan = SCAN_ON;
    } else {
        work->scan = SCAN_OFF;
    }
}

/* Brings a scratch to the state of the direction; false if nothing wants one. */
static bool engine_enter_state(struct engine *engine)
{
    switch (engine->half->state) {
    case HALF_FRESH:
    case HALF_BETWEEN:
        engine_begin_message(engine);
        return true;
    case HALF_IDLE:
        engine_resume(engine);
        return true;
    case HALF_MESSAGE:
    case HALF_STREAM:
        return true;
    default:
        return false;
    }
}

static bool half_is_under_way(const struct inspect_half *half)
{
    return half->state == HALF_MESSAGE || half->state == HALF_STREAM;
}

size_t engine_read(struct engine *engine, const uint8_t *data, size_t length)
{
    size_t used = 0;
    bool went = true;
    while (went && !engine_stopped(engine)) {
        if (!half_is_under_way(engine->half)) {
            if (used == length) {
                break;
            }
            if (!engine_enter_state(engine)) {
                engine->half->offset += length - used;
                return length;
            }
        }
        struct inspect_work *work = work_of(engine);
        size_t left = length - used;
        engine_begin_scan(engine);
        if (!engine_due(engine)) {
            break;
        }
        if (work->raw > 0) {
            went = left > 0;
            used += engine_scan(engine, data + used, left);
        } else if ((work->flags & WORK_PENDING) != 0) {
            if (engine_step(engine)) {
                work->flags &= (uint16_t)~WORK_PENDING;
                work->stage = 0;
            }
        } else if (engine->half->state == HALF_STREAM) {
            went = left > 0;
            work->raw = left < PIECE_MAX ? (uint32_t)left : PIECE_MAX;
        } else if (work->parser == INSPECT_PROTOCOL_UNKNOWN) {
            went = left > 0;
            used += went ? engine_choose(engine, data + used) : 0;
        } else {
            used += engine_parse(engine, data + used, left, &went);
        }
    }
    return used;
}

/* Ends, deadlines, gaps. */

/* The direction is over. */
static void engine_finish(struct engine *engine)
{
    engine->half->state = HALF_DECIDED;
    engine->half->flags &= (uint8_t)~HALF_KEPT;
}

void engine_end(struct engine *engine)
{
    struct inspect_half *half = engine->half;
    if (half->state == HALF_IDLE) {
        engine_resume(engine);
    }
    (void)engine_read(engine, NULL, 0);
    while (!engine_stopped(engine) && half_is_under_way(half)) {
        union inspect_parser *parser = &engine->scratch->parser;
        if (half->state == HALF_STREAM) {
            if (engine_close_all(engine, 0)) {
                engine_finish(engine);
            }
        } else if (work_of(engine)->parser == INSPECT_PROTOCOL_HTTP &&
                   inspect_http_end(&parser->http, &engine->scratch->event)) {
            (void)engine_read(engine, NULL, 0);
        } else {
            engine_pend(engine, STEP_END);
            (void)engine_read(engine, NULL, 0);
        }
    }
    if (!engine_stopped(engine) && !half_is_under_way(half)) {
        engine_finish(engine);
    }
}

void engine_expire(struct engine *engine)
{
    struct inspect_half *half = engine->half;
    struct inspect_scratch *scratch = engine->scratch;
    enum inspect_reason reason = INSPECT_REASON_DEADLINE;
    bool head = half->state == HALF_MESSAGE && !work_has(engine, WORK_HEAD_TOLD);
    enum inspect_verdict verdict =
        engine_judge(engine, reason, head ? scratch->event.anomalies : 0);
    if (head || verdict == INSPECT_DROP) {
        engine_tell_message(engine, reason, verdict);
    }
    if (verdict == INSPECT_DROP) {
        return;
    }
    half->flags |= HALF_WATCHED;
    half->released = half->offset;
    work_of(engine)->forced = half->offset;
}

void engine_skip(struct engine *engine, uint64_t length)
{
    struct inspect_half *half = engine->half;
    bool parsed = half->state != HALF_STREAM && half->state != HALF_IDLE;
    if (engine->scratch == NULL) {
        if (parsed) {
            (void)engine_judge(engine, INSPECT_REASON_GAP, 0);
        }
        half->protocol = half_is_known(half) ? half->protocol : INSPECT_PROTOCOL_OTHER;
        half->offset += length;
        half->begin = (uint32_t)half->offset;
        half->exact = 0;
        half->folded = 0;
        half->state = engine->view.ruleset != NULL ? HALF_IDLE : HALF_DECIDED;
        return;
    }
    if (parsed && half->state != HALF_MESSAGE) {
        engine_begin_message(engine);
    }
    if (parsed) {
        engine->scratch->event.anomalies |= INSPECT_ANOMALY_GAP;
        engine_cut(engine, INSPECT_REASON_GAP);
    }
    half->offset += length;
    if (engine->flow->doomed == 0) {
        engine_begin_stream(engine, true);
    }
}

/* The answer. */

/* Some head that this may become is held by a rule, or the stream is not scanned yet. */
static bool engine_holds_unproved(const struct engine *engine)
{
    const struct inspect_work *work = work_of(engine);
    uint32_t buffers = engine->view.ruleset->header->blocking[engine->direction].buffers;
    for (unsigned protocol = INSPECT_PROTOCOL_TLS; protocol <= INSPECT_PROTOCOL_SSH; protocol++) {
        struct inspect_scope_view view = engine->view;
        view.protocol = (uint8_t)protocol;
        if ((work->parser == protocol || work->parser == INSPECT_PROTOCOL_UNKNOWN) &&
            inspect_scope_holds_head(&view, protocol)) {
            return true;
        }
    }
    return work->scan == SCAN_NOT && (buffers & STREAM_BIT) != 0;
}

/* The first byte that must stay. */
static uint64_t engine_hold(const struct engine *engine)
{
    const struct inspect_half *half = engine->half;
    uint64_t hold = UINT64_MAX;
    if (!half_is_under_way(half)) {
        return hold;
    }
    const struct inspect_work *work = work_of(engine);
    if (engine_scans(engine) && work->open != 0) {
        hold = inspect_scope_hold(&engine->scratch->scope, &engine->view);
    }
    if (half->state == HALF_STREAM) {
        return hold;
    }
    bool head = engine_holds_first(engine) && !work_has(engine, WORK_HEAD_TOLD);
    if (engine_scans(engine) && !head) {
        head = work_has(engine, WORK_PROVED)
                   ? !work_has(engine, WORK_HEAD_DONE) &&
                         inspect_scope_holds_head(&engine->view, half->protocol)
                   : engine_holds_unproved(engine);
    }
    return head && work->begin < hold ? work->begin : hold;
}

/* An unparsed stream in which nothing is under way needs no scratch. */
static void engine_rest(struct engine *engine)
{
    struct inspect_half *half = engine->half;
    struct inspect_work *work = work_of(engine);
    struct inspect_scope_rest rest = {0};
    if (half->state != HALF_STREAM || work->raw > 0 || work->scan == SCAN_NOT) {
        return;
    }
    if (!engine_scans(engine) || work->scan == SCAN_OFF) {
        half->state = HALF_DECIDED;
    } else if (inspect_scope_rest(&engine->scratch->scope, &rest)) {
        half->exact = rest.literals.exact;
        half->folded = rest.literals.folded;
        half->begin = (uint32_t)work->begin;
        half->state = HALF_IDLE;
    }
}

void engine_answer(struct engine *engine)
{
    struct inspect_half *half = engine->half;
    struct inspect_result *result = engine->result;
    bool doomed = engine->flow->doomed != 0;
    result->again = result->event != NULL && !doomed;
    if (!doomed && !result->again && engine->scratch != NULL) {
        uint64_t hold = engine_hold(engine);
        uint64_t free = hold < half->offset ? hold : half->offset;
        half->released = free > half->released ? free : half->released;
        engine_rest(engine);
    } else if (!doomed && !result->again && !half_is_under_way(half)) {
        half->released = half->offset;
    }
    bool nothing = half->state == HALF_FRESH && half->offset == 0;
    result->verdict = doomed ? INSPECT_DROP
                      : half->released == half->offset && !nothing && !result->again
                          ? INSPECT_RELEASE
                          : INSPECT_HOLD;
    result->protocol = (enum inspect_protocol)half->protocol;
    result->release_to = half->released;
    result->finished = doomed || (!half_is_under_way(half) && !result->again && !nothing &&
                                  (half->flags & HALF_KEPT) == 0);
}
